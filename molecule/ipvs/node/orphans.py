# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kill a task whose ipvsadm lives on: what the orphan has been given, and what the next task makes of it.

An ipvsadm that waits before it reads makes certain what otherwise happens once in a hundred times.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
import time

import modules

FOLDER = '/root/ipvs-orphans'
RECORD = FOLDER + '/record'
STARTED = FOLDER + '/started'
FINISHED = FOLDER + '/finished'
# Stands in the place of the real ipvsadm. The first one that writes begins to read three seconds after its task has
# given it all that it could.
SLOW = """#!/usr/bin/python3
import array, fcntl, os, subprocess, sys, termios, time

def given():
    count = array.array('i', [0])
    fcntl.ioctl(0, termios.FIONREAD, count)
    return count[0]

if sys.argv[1:] != ['-R'] or os.path.exists('{started}'):
    os.execv('{ipvsadm}', ['ipvsadm'] + sys.argv[1:])
before = 0
while not before or given() != before:
    before = given()
    time.sleep(0.2)
open('{started}', 'w').close()
time.sleep(3)
subprocess.call(['{ipvsadm}', '-R'])
open('{finished}', 'w').close()
"""


@contextlib.contextmanager
def slow():
    """Let the first writing ipvsadm wait before it reads."""
    place = shutil.which('ipvsadm')
    aside = place + '.real'
    for path in (STARTED, FINISHED):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
    os.rename(place, aside)
    try:
        with open(place, 'w', encoding='ascii') as stream:
            os.fchmod(stream.fileno(), 0o755)
            stream.write(SLOW.format(ipvsadm=aside, started=STARTED, finished=FINISHED))
        yield
    finally:
        until(FINISHED)
        os.rename(aside, place)


def until(path):
    end = time.monotonic() + 120
    while not os.path.exists(path):
        if time.monotonic() > end:
            raise TimeoutError(path)
        time.sleep(0.05)


def declare(services):
    return modules.run_as_ansible_does('ipvs_table', services=services, purge='owned', record=RECORD)


def kill_while_it_writes(services):
    """Start a task and kill it, but not its ipvsadm, which has not read a word yet."""
    task = os.fork()
    if not task:
        try:
            declare(services)
        finally:
            os._exit(0)
    until(STARTED)
    os.kill(task, signal.SIGKILL)
    os.waitpid(task, 0)


def service(port, *servers, **settings):
    realservers = [{'address': address} for address in servers]
    return dict(settings, address='192.0.2.100', port=port, scheduler='rr', realservers=realservers)


def cut():
    """Given through a pipe, the last line would be cut off: `-D -t 192.0.2.100:80` of a service on port 8000."""
    topology = modules.saved()
    # A pipe takes 65536 bytes: 35 of a line that adds, 2847 times 23 of lines that delete, and 20 of the next.
    old = [service(port) for port in list(range(1000, 3847)) + list(range(8000, 8010))]
    declare(old)
    with slow():
        kill_while_it_writes([service(7100, persistence_timeout=10)])
        until(FINISHED)
    lost = sorted(set(topology) - set(modules.saved()))
    modules.ipvsadm('-R', stdin=''.join(line + '\n' for line in lost))
    result = declare([])
    return {'lost': lost, 'next_run_failed': bool(result.get('failed')), 'as_before': modules.saved() == topology}


def late():
    """The orphan writes after the next task has, or in the middle of it."""
    topology = modules.saved()
    declare([service(7101, '192.0.2.21')])
    with slow():
        kill_while_it_writes([service(7102, '192.0.2.22')])
        result = declare([service(7103, '192.0.2.23')])
    table = sorted(set(modules.saved()) - set(topology))
    declare([])
    left = sorted(set(modules.saved()) - set(topology))
    services = [line.replace('-A', '-D', 1).split(' -s ')[0] for line in left if line.startswith('-A')]
    modules.ipvsadm('-R', stdin=''.join(line + '\n' for line in services))
    return {'next_run': result.get('msg', 'succeeded'), 'table': table, 'left': left}


def main():
    os.makedirs(FOLDER, exist_ok=True)
    json.dump({'cut': cut(), 'late': late()}, sys.stdout)
    shutil.rmtree(FOLDER)


if __name__ == '__main__':
    main()
