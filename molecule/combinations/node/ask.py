# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""On the client: `python3 ask.py AT_LEAST ENDPOINTS` asks each of many services in turn, several at once.

ENDPOINTS is a file with a JSON list of [protocol, address, port]. Each request has a socket of its own, and the client closes
it first. At the end of stdin it goes on until each has been asked at least so often, and says how often each failed and how.
"""

from __future__ import annotations

import itertools
import json
import socket
import sys
import threading
import time

CLIENTS = 4
# Seconds between two requests of one of them.
PAUSE = 0.03
# Seconds that an answer may take: that of a datagram, which nobody sends again, and that of a connection.
PATIENCE = {'udp': 5, 'tcp': 20}
LONGEST = 600


def ask(protocol, address, port):
    """Return who answered."""
    if protocol == 'tcp':
        with socket.create_connection((address, port), timeout=PATIENCE['tcp']) as connection:
            connection.sendall(b'?')
            answer = connection.recv(1024)
    else:
        with socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            datagrams.settimeout(PATIENCE['udp'])
            datagrams.connect((address, port))
            datagrams.send(b'?')
            answer = datagrams.recv(1024)
    if not answer:
        raise ConnectionError('closed without an answer')
    return answer.decode()


def main():
    at_least = int(sys.argv[1])
    with open(sys.argv[2], encoding='utf-8') as stream:
        endpoints = json.load(stream)
    figures = [{'made': 0, 'answers': {}, 'failed': []} for _endpoint in endpoints]
    turns, lock, stop = itertools.cycle(range(len(endpoints))), threading.Lock(), threading.Event()
    end = time.monotonic() + LONGEST

    def go_on():
        while time.monotonic() < end:
            with lock:
                if stop.is_set() and min(one['made'] for one in figures) >= at_least:
                    return
                number = next(turns)
                figures[number]['made'] += 1
            try:
                answer = ask(*endpoints[number])
                with lock:
                    answers = figures[number]['answers']
                    answers[answer] = answers.get(answer, 0) + 1
            except OSError as error:
                with lock:
                    figures[number]['failed'].append(repr(error))
            time.sleep(PAUSE)

    threads = [threading.Thread(target=go_on) for _client in range(CLIENTS)]
    for thread in threads:
        thread.start()
    print(json.dumps({}), flush=True)
    sys.stdin.read()
    stop.set()
    for thread in threads:
        thread.join()
    print(json.dumps({'services': figures, 'in_time': time.monotonic() < end}), flush=True)


if __name__ == '__main__':
    main()
