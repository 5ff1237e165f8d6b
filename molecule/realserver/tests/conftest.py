# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the playbooks with other variables, and meanwhile listen on the segment and make requests."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import time

import pytest

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[2]
THERE = '/root/lvs-realserver'
BROUGHT = (
    HERE.parent / 'node' / 'listen.py',
    ROOT / 'molecule' / 'shared' / 'node' / 'traffic.py',
    ROOT / 'plugins' / 'module_utils' / 'neighbour.py',
)
VIPS = ('192.0.2.100', '2001:db8:2::100')
REALSERVERS = ('real1', 'real2')
# Everything is bounded, and generously: an emulated CPU is slow.
PATIENCE = 900

sys.path.insert(0, str(HERE))


def on(node, command, check=True):
    """Run a shell command on a node; return what it printed."""
    return subprocess.run(
        ['docker', 'exec', node, 'sh', '-c', command],
        check=check, timeout=PATIENCE, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ).stdout  # fmt: skip


def mac(node):
    return on(node, 'cat /sys/class/net/eth0/address').strip()


class Play:
    """A run of a playbook: its exit status, its output in one line, and what it changed."""

    def __init__(self, playbook, *arguments, environment=None, **variables):
        self.argv = ['ansible-playbook', '-i', 'inventories/lab', str(playbook), *arguments]
        self.argv += ['--extra-vars', json.dumps(variables)]
        self.environment = dict(os.environ, ANSIBLE_CONFIG=str(ROOT / 'ansible.cfg'), **environment or {})

    def start(self):
        return subprocess.Popen(
            self.argv, cwd=ROOT, env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip

    def run(self):
        with self.start() as process:
            output = process.communicate(timeout=PATIENCE)[0]
        self.status = process.returncode
        self.output = ' '.join(output.split())
        self.lines = output.splitlines()
        return self

    @property
    def changed(self):
        """The hosts' changes as the recap counts them."""
        recap = [line.split() for line in self.lines if ' changed=' in line]
        return {words[0]: int(word[len('changed='):]) for words in recap for word in words if word.startswith('changed=')}


@pytest.fixture(name='site', scope='session')
def run_site_yml():
    """Return a function that converges with these variables, or fails with the play's output."""

    def converge(*arguments, **variables):
        play = Play('playbooks/site.yml', *arguments, **variables).run()
        assert play.status == 0, play.output
        return play

    return converge


@pytest.fixture(name='torn_down', scope='module')
def hosts_that_are_no_real_servers():
    play = Play('playbooks/teardown.yml').run()
    assert play.status == 0, play.output


class Program:
    """What runs on the client until the end of its stdin and answers each line with figures."""

    def __init__(self, script, *arguments):
        argv = ['docker', 'exec', '-i', '-e', 'PYTHONPATH=' + THERE, 'client', 'python3', '{0}/{1}'.format(THERE, script)]
        self.process = subprocess.Popen(
            argv + [str(argument) for argument in arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.figures()

    def figures(self):
        line = self.process.stdout.readline()
        assert line, 'the client could not begin'
        return json.loads(line)

    def now(self):
        self.process.stdin.write('\n')
        self.process.stdin.flush()
        return self.figures()

    def end(self):
        self.process.stdin.close()
        figures = self.figures()
        self.process.wait(PATIENCE)
        return figures


@pytest.fixture(scope='session', autouse=True)
def programs_on_the_client():
    on('client', 'mkdir -p ' + THERE)
    for path in BROUGHT:
        subprocess.run(['docker', 'cp', '--quiet', str(path), 'client:' + THERE], check=True, timeout=PATIENCE)
    yield
    on('client', 'rm -rf ' + THERE)


@pytest.fixture(name='listening', scope='session')
def listening_on_the_segment():
    """Return a context manager; afterwards `claimed` says who but the director claimed which VIP."""

    @contextlib.contextmanager
    def listen():
        director = mac('director')
        program = Program('listen.py', '192.0.2.200', '2001:db8:2::200', *VIPS)
        heard = {}
        try:
            yield heard
        finally:
            heard.update(program.end())
            heard['claimed'] = {
                vip: sorted(set(macs) - {director}) for vip, macs in heard['heard'].items() if set(macs) - {director}
            }

    return listen


@pytest.fixture(name='requesting', scope='session')
def requesting_from_the_vips():
    """Return a context manager that makes requests to both VIPs; afterwards its value has their figures by VIP."""

    @contextlib.contextmanager
    def request():
        figures = {}
        programs = {vip: Program('traffic.py', vip, 0, 80) for vip in VIPS}
        try:
            yield figures
        finally:
            figures.update((vip, program.end()) for vip, program in programs.items())

    return request


def reboot(node, grace='30'):
    """Restart a node, with no grace as if its power failed, and wait until its services are there."""
    argv = ['docker', 'restart', '--time', grace, node]
    subprocess.run(argv, check=True, timeout=PATIENCE, stdout=subprocess.DEVNULL)
    end = time.monotonic() + PATIENCE
    while on(node, 'systemctl is-system-running', check=False).strip() not in ('running', 'degraded'):
        assert time.monotonic() < end, node + ' does not boot'
        time.sleep(0.5)
