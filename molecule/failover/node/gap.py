# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""On the client: for how long nobody answers at a VIP, and how many of many held streams break.

`python3 gap.py STREAMS VIP...`. A line on stdin is answered with the figures since the line before, once every stream has been
answered again or is broken; broken ones are opened anew. At the end of stdin it is so without waiting, and the program ends.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time

# Seconds that a new request waits: one that is lost is made anew, long before TCP would. One that is only slow counts as failed here;
# load.py is who waits for it.
IMPATIENCE = 0.3
# So many at once ask a VIP, each with a pause, so that one begins every few hundredths of a second also while they wait.
ASKERS = 6
PAUSE = 0.3
# Seconds that a held stream waits: TCP sends again what is lost.
PATIENCE = 60
# Seconds from one round over all streams to the next.
ROUND = 2
REQUEST = b'GET / HTTP/1.1\r\nHost: vip\r\n\r\n'


class Asked:
    """New connections to one VIP, and the longest time in which none was begun that was answered."""

    def __init__(self, vip):
        self.vip = vip
        self.lock = threading.Lock()
        self.last = time.monotonic()
        self.reset()

    def reset(self):
        self.answered = self.failed = 0
        self.gap = 0.0

    def ask(self, stop, number):
        stop.wait(PAUSE * number / ASKERS)
        while not stop.is_set():
            begin = time.monotonic()
            try:
                with socket.create_connection((self.vip, 80), timeout=IMPATIENCE) as connection:
                    connection.sendall(b'GET / HTTP/1.0\r\n\r\n')
                    good = connection.recv(4096).startswith(b'HTTP/1.1 200')
            except OSError:
                good = False
            with self.lock:
                if not good:
                    self.failed += 1
                else:
                    self.answered += 1
                    self.gap = max(self.gap, begin - self.last)
                    self.last = max(self.last, begin)
            stop.wait(PAUSE)

    def figures(self):
        with self.lock:
            found = {'answered': self.answered, 'failed': self.failed, 'gap': round(self.gap, 2)}
            self.reset()
            return found


class Streams:
    """Connections that are held, and asked on one after the other."""

    def __init__(self, vips, number):
        self.targets = [vips[position % len(vips)] for position in range(number)]
        self.connections = [None] * number
        self.rounds = 0
        self.broken = 0
        self.why = []

    def talk(self, stop):
        while not stop.is_set():
            begin = time.monotonic()
            for position in range(len(self.targets)):
                if stop.is_set():
                    return
                self.ask(position)
            self.rounds += 1
            stop.wait(max(0, begin + ROUND - time.monotonic()))

    def ask(self, position):
        held = self.connections[position]
        try:
            if held is None:
                held = socket.create_connection((self.targets[position], 80), timeout=PATIENCE)
                self.connections[position] = held
            held.sendall(REQUEST)
            answer = held.recv(4096)
            if not answer.startswith(b'HTTP/1.1 200'):
                raise ConnectionError('ended: {0!r}'.format(answer[:40]))
            # The page is a line, and may come in a piece of its own.
            while not answer.partition(b'\r\n\r\n')[2].endswith(b'\n'):
                more = held.recv(4096)
                if not more:
                    raise ConnectionError('ended in the middle')
                answer += more
        except OSError as error:
            self.broken += 1
            self.why.append('{0}: {1!r}'.format(self.targets[position], error))
            self.connections[position] = None
            if held is not None:
                held.close()

    def figures(self, rounds):
        end = self.rounds + rounds
        while self.rounds < end:
            time.sleep(0.05)
        ports = [one.getsockname()[1] for one in self.connections if one is not None]
        found = {'broken': self.broken, 'why': self.why[:5], 'ports': ports}
        self.broken, self.why = 0, []
        return found


def main():
    number, vips = int(sys.argv[1]), sys.argv[2:]
    stop = threading.Event()
    streams = Streams(vips, number)
    asked = [Asked(vip) for vip in vips]
    threads = [threading.Thread(target=streams.talk, args=(stop,), daemon=True)]
    threads += [threading.Thread(target=one.ask, args=(stop, number), daemon=True) for one in asked for number in range(ASKERS)]
    for thread in threads:
        thread.start()

    def say(rounds):
        held = streams.figures(rounds)
        print(json.dumps(dict(held, vips={one.vip: one.figures() for one in asked})), flush=True)

    # In the second round each has been asked after what there was.
    say(2)
    for _line in sys.stdin:
        say(2)
    # Nobody may be there any more.
    say(0)
    stop.set()


if __name__ == '__main__':
    main()
