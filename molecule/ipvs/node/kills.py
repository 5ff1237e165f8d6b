# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kill a task that changes a large table, again and again, while somebody watches that the live services stay."""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import threading
import time

import cases
import modules
import watch

RECORD = '/root/ipvs-kills/record'
LIVE_PORTS = (80, cases.HELD_PORT)
SERVERS = ('192.0.2.21', '192.0.2.22')
LIVE = {(cases.VIP, port): set(SERVERS) for port in LIVE_PORTS}


def declaration(name, size):
    """Return one of two declarations that share the live services, with other weights, and nothing else.

    The live services keep their scheduler: while it changes, a new connection takes a second longer.
    """
    first = name == 'A'
    live = [
        {
            'address': cases.VIP,
            'port': port,
            'scheduler': 'wrr',
            'realservers': [{'address': server, 'weight': 1 if first else 10} for server in SERVERS],
        }
        for port in LIVE_PORTS
    ]
    # 800, 801 ... and 8000, 8001 ...: cut off in the middle, some of their names would be that of the live service.
    ports = range(800, 800 + size) if first else range(8000, 8000 + size)
    return live + [
        {
            'address': cases.VIP,
            'port': port,
            'scheduler': 'rr',
            'realservers': [{'address': '192.0.2.{0}'.format(last)} for last in range(30, 35)],
        }
        for port in ports
    ]


def lines_of(services):
    """Return a declaration as ipvsadm prints it."""
    lines = []
    for service in services:
        words = '-t {0}:{1}'.format(service['address'], service['port'])
        lines.append('-A {0} -s {1}'.format(words, service['scheduler']))
        lines += [
            '-a {0} -r {1}:{2} -g -w {3}'.format(words, server['address'], service['port'], server.get('weight', 1))
            for server in service['realservers']
        ]
    return sorted(lines)


def recorded():
    with open(RECORD, encoding='ascii') as stream:
        return sorted(line for line in stream.read().splitlines() if not line.startswith('#'))


def converge(services):
    return modules.run_as_ansible_does('ipvs_table', services=services, purge='owned', record=RECORD)


def kill(services, wait, group):
    """Start a task in a process group of its own and kill it, or its whole group, after a while."""
    task = os.fork()
    if not task:
        try:
            os.setpgid(0, 0)
            converge(services)
        finally:
            os._exit(0)
    # Whoever comes first: it must have its group before it is killed.
    os.setpgid(task, task)
    wait(task)
    (os.killpg if group else os.kill)(task, signal.SIGKILL)
    os.waitpid(task, 0)


def until_it_writes(table, dice):
    """Wait until the kernel's table begins to change, then for as long as the dice say."""

    def wait(task):
        before = table.number_of_services()
        while table.number_of_services() == before and not os.waitid(
            os.P_PID, task, os.WEXITED | os.WNOHANG | os.WNOWAIT
        ):
            time.sleep(0.001)
        time.sleep(dice.random() * 0.2)

    return wait


def rounds(count, dice, size):
    """Kill and converge; return what came of it."""
    others = sorted(set(modules.saved()) - set(lines_of(OWN)))
    expected = {name: sorted(lines_of(declaration(name, size)) + others) for name in 'AB'}
    table = watch.Table()
    converge(declaration('A', size))
    begin = time.monotonic()
    converge(declaration('B', size))
    usual = time.monotonic() - begin
    state = 'B'
    figures = {'before the write': 0, 'half-way': 0, 'after the write': 0}
    wrong = {'group': [], 'process': []}
    for turn in range(count):
        target = 'A' if state == 'B' else 'B'
        group = dice.random() < 0.5
        at_random = dice.random() < 0.5
        waiting = dice.random() * usual
        wait = (lambda task, waiting=waiting: time.sleep(waiting)) if at_random else until_it_writes(table, dice)
        kill(declaration(target, size), wait, group)
        # Only a look: the table may still be changing, if ipvsadm lives on.
        left = modules.saved() if group else None
        if left:
            figures[{tuple(expected[state]): 'before the write', tuple(expected[target]): 'after the write'}.get(
                tuple(left), 'half-way')] += 1
        state = dice.choice('AB')
        result = converge(declaration(state, size))
        victim = 'group' if group else 'process'
        how = 'kill {0}, then {1}: '.format(turn, state)
        if result.get('failed'):
            wrong[victim].append(how + 'the next run failed: ' + result['msg'][:300] + ' ... ' + result['msg'][-300:])
            converge(declaration(state, size))
        if modules.saved() != expected[state]:
            wrong[victim].append(how + 'the kernel has not what is declared')
        if recorded() != lines_of(declaration(state, size)):
            wrong[victim].append(how + 'the record is not what is declared')
    return {'kills': count, 'groups': figures, 'wrong': wrong, 'usual': round(usual, 1)}


# What the live services are outside of this.
OWN = [
    {
        'address': cases.VIP,
        'port': port,
        'scheduler': 'wrr',
        'realservers': [{'address': server, 'weight': 1} for server in SERVERS],
    }
    for port in LIVE_PORTS
]


def main():
    count, seed, size = (int(argument) for argument in sys.argv[1:])
    os.makedirs(os.path.dirname(RECORD), exist_ok=True)
    # A process of its own, for a thread would only look when the other one lets it.
    reading, writing = os.pipe()
    parent = os.getpid()
    watcher = os.fork()
    if not watcher:
        told = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_arguments: told.set())
        seen = watch.watch(LIVE, lambda: told.is_set() or os.getppid() != parent)
        os.write(writing, json.dumps(seen).encode())
        os._exit(0)
    os.close(writing)
    try:
        outcome = rounds(count, random.Random(seed), size)
        converge(OWN)
    finally:
        os.kill(watcher, signal.SIGTERM)
    with os.fdopen(reading) as stream:
        outcome['watch'] = json.load(stream)
    os.waitpid(watcher, 0)
    os.unlink(RECORD)
    json.dump(outcome, sys.stdout)


if __name__ == '__main__':
    main()
