# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""On the client: one held stream with a line every tenth of a second, and requests one after the other, all counted.

`python3 traffic.py ADDRESS HELD_PORT PORT SOURCE_PORT`: a port that is 0 does without the stream, the requests, a port of
their own to make all of them from. A line on stdin is answered with the figures so far; at the end of stdin the program ends.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time

# Generous: nothing here is about speed.
PATIENCE = 60


class Held:
    """One connection; a line that does not come back, or a reset, ends it."""

    def __init__(self, address, port):
        self.sent = self.echoed = 0
        self.longest = 0.0
        self.broken = ''
        self.connection = socket.create_connection((address, port), timeout=PATIENCE)

    def talk(self, stop):
        try:
            with self.connection, self.connection.makefile('rwb') as stream:
                while not stop.wait(0.1):
                    line = b'%d\n' % self.sent
                    begin = time.monotonic()
                    self.sent += 1
                    stream.write(line)
                    stream.flush()
                    if stream.readline() != line:
                        raise ConnectionError('the stream ended')
                    self.echoed += 1
                    self.longest = max(self.longest, time.monotonic() - begin)
        except OSError as error:
            self.broken = repr(error)


class Requests:
    """Requests on connections of their own, always from the same port if there is one."""

    def __init__(self, address, port, source_port):
        self.target = (address, port)
        self.source = ('', source_port) if source_port else None
        # Until the last connection from that port is over on either side.
        self.pause = 1 if source_port else 0.05
        self.made = 0
        self.failed = []

    def ask(self, stop):
        while not stop.wait(self.pause):
            self.made += 1
            try:
                with socket.create_connection(self.target, timeout=PATIENCE, source_address=self.source) as connection:
                    connection.sendall(b'GET / HTTP/1.0\r\n\r\n')
                    answer = connection.makefile('rb').read()
                if not answer.startswith(b'HTTP/1.1 200'):
                    raise ConnectionError(repr(answer[:80]))
            except OSError as error:
                self.failed.append(repr(error))


def main():
    address, held_port, port, source_port = sys.argv[1], *map(int, sys.argv[2:])
    stop = threading.Event()
    held = Held(address, held_port) if held_port else None
    requests = Requests(address, port, source_port) if port else None
    threads = [threading.Thread(target=held.talk, args=(stop,))] if held else []
    threads += [threading.Thread(target=requests.ask, args=(stop,))] if requests else []
    for thread in threads:
        thread.start()

    def say():
        figures = {}
        if held:
            figures.update(sent=held.sent, echoed=held.echoed, broken=held.broken, longest=round(held.longest, 2))
        if requests:
            figures.update(made=requests.made, failed=requests.failed[:10], failures=len(requests.failed))
        print(json.dumps(figures), flush=True)

    say()
    for _line in sys.stdin:
        say()
    stop.set()
    for thread in threads:
        thread.join()
    say()


if __name__ == '__main__':
    main()
