# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""On the client: several at once ask the VIPs again and again, each request on a connection of its own, and
beside them connections to each VIP are held and asked on all the time.

`python3 load.py AT_LEAST STREAMS PAUSE VIP...`: how many requests at least, how many connections to hold to each VIP, and how many
seconds each of those that ask waits between its requests; an emulated CPU has other work too. A line on stdin is answered with the
figures so far. At the end of stdin it goes on without a pause until at least so many requests have been made, and ends. Every request
that was begun is waited for and counted.
"""

from __future__ import annotations

import http.client
import json
import socket
import sys
import threading
import time

CLIENTS = 4
# Seconds between two requests on held connections, all of which together ask as often as one alone would.
HELD_PAUSE = 0.1
# Seconds. A request takes milliseconds; one that needs a second for a lost packet is slow and not failed.
PATIENCE = 60
# Whatever happens, it ends, and says that it did not see all.
LONGEST = 3000


class Load:
    """All clients together."""

    def __init__(self, at_least, streams, pause, vips):
        self.at_least, self.streams, self.pause, self.vips = at_least, streams, pause, vips
        self.stop = threading.Event()
        self.lock = threading.Lock()
        # Of those that were made, those that were before the end of stdin.
        self.made = self.answered = self.meanwhile = 0
        self.failed = []
        self.held = 0
        self.broken = []
        self.slowest = 0.0
        self.end = time.monotonic() + LONGEST

    def ask(self, number):
        vip = self.vips[number % len(self.vips)]
        while time.monotonic() < self.end and not (self.stop.is_set() and self.made >= self.at_least):
            with self.lock:
                self.made += 1
            begin = time.monotonic()
            try:
                with socket.create_connection((vip, 80), timeout=PATIENCE) as connection:
                    connection.sendall(b'GET / HTTP/1.0\r\n\r\n')
                    answer = connection.makefile('rb').read()
                if not answer.startswith(b'HTTP/1.1 200'):
                    raise ConnectionError(repr(answer[:80]))
                with self.lock:
                    self.answered += 1
                    self.slowest = max(self.slowest, time.monotonic() - begin)
            except OSError as error:
                with self.lock:
                    self.failed.append('{0}: {1!r}'.format(vip, error))
                # Nobody is flooded who answers nothing.
                time.sleep(0.05)
            self.stop.wait(self.pause)

    def hold(self, vip):
        connection = http.client.HTTPConnection(vip, 80, timeout=PATIENCE)
        while time.monotonic() < self.end and not (self.stop.is_set() and self.made >= self.at_least):
            try:
                connection.request('GET', '/')
                answer = connection.getresponse()
                answer.read()
                self.held += 1
                # After many requests the web server itself has enough of a connection, and says so.
                if answer.will_close:
                    connection.close()
            except (OSError, http.client.HTTPException) as error:
                self.broken.append('{0}: {1!r}'.format(vip, error))
                connection.close()
            time.sleep(HELD_PAUSE * self.streams)
        connection.close()

    def say(self):
        with self.lock:
            print(json.dumps({
                'made': self.made, 'meanwhile': self.meanwhile, 'answered': self.answered, 'failures': len(self.failed),
                'failed': self.failed[:10], 'slowest': round(self.slowest, 2), 'in_time': time.monotonic() < self.end,
                'held': self.held, 'broken': self.broken,
            }), flush=True)


def main():
    load = Load(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:])
    threads = [threading.Thread(target=load.ask, args=(number,)) for number in range(CLIENTS)]
    threads += [threading.Thread(target=load.hold, args=(vip,)) for vip in load.vips * load.streams]
    for thread in threads:
        thread.start()
    load.say()
    for _line in sys.stdin:
        load.say()
    load.meanwhile = load.made
    load.stop.set()
    for thread in threads:
        thread.join()
    load.say()


if __name__ == '__main__':
    main()
