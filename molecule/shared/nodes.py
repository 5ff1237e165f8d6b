# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tests of several scenarios do with the lab's nodes: run commands, playbooks and clients, and restart a node."""

from __future__ import annotations

import json
import os
import pathlib
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
INVENTORY = 'inventories/lab'
VIPS = ('192.0.2.100', '2001:db8:2::100')
REALSERVERS = ('real1', 'real2')
# Everything is bounded, and generously: an emulated CPU is slow.
PATIENCE = 1800


def on(node, command, check=True):
    """Run a shell command on a node; return what it printed."""
    return subprocess.run(
        ['docker', 'exec', node, 'sh', '-c', command],
        check=check, timeout=PATIENCE, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ).stdout  # fmt: skip


def mac(node):
    return on(node, 'cat /sys/class/net/eth0/address').strip()


def bring(node, folder, *paths):
    """Copy files into a folder of a node."""
    on(node, 'mkdir -p ' + folder)
    for path in paths:
        subprocess.run(['docker', 'cp', '--quiet', str(path), '{0}:{1}'.format(node, folder)], check=True, timeout=PATIENCE)


def reboot(*nodes, grace='30'):
    """Restart nodes at once, with no grace as if their power failed, and wait until their services are there."""
    restarts = [subprocess.Popen(['docker', 'restart', '--time', grace, node], stdout=subprocess.DEVNULL) for node in nodes]
    assert [restart.wait(PATIENCE) for restart in restarts] == [0] * len(nodes)
    end = time.monotonic() + PATIENCE
    for node in nodes:
        while on(node, 'systemctl is-system-running', check=False).strip() not in ('running', 'degraded'):
            assert time.monotonic() < end, node + ' does not boot'
            time.sleep(0.5)


class Play:
    """A run of a playbook: its exit status, its output in one line, and what it changed."""

    def __init__(self, playbook, *arguments, environment=None, inventory=INVENTORY, **variables):
        self.argv = ['ansible-playbook', '-i', inventory, str(playbook), *arguments]
        self.argv += ['--extra-vars', json.dumps(variables)]
        # Molecule has Ansible print in colour, and what it prints is read here.
        plain = {'ANSIBLE_CONFIG': str(ROOT / 'ansible.cfg'), 'ANSIBLE_FORCE_COLOR': 'false', 'ANSIBLE_NOCOLOR': 'true'}
        self.environment = dict(os.environ, **plain, **environment or {})

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

    def kill_within(self, seconds):
        """Start it and kill all of it so much later; say whether it was still at work."""
        with self.start() as process:
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
            killed = process.wait() != 0
            process.stdout.close()
        return killed

    @property
    def changed(self):
        """The hosts' changes as the recap counts them."""
        recap = [line.split() for line in self.lines if ' changed=' in line]
        return {words[0]: int(word[len('changed='):]) for words in recap for word in words if word.startswith('changed=')}


def converge(*arguments, **variables):
    """Run site.yml, or fail with its output."""
    play = Play('playbooks/site.yml', *arguments, **variables).run()
    assert play.status == 0, play.output
    return play


def examine(folder, inventory=INVENTORY, **variables):
    """Return the exit status of doctor.yml, and its findings, which it writes into a folder."""
    play = Play('playbooks/doctor.yml', inventory=inventory, doctor_dest=str(folder / 'findings.json'), **variables).run()
    assert (folder / 'findings.json').exists(), play.output
    return play.status, json.loads((folder / 'findings.json').read_text())


class Program:
    """What runs on a node until the end of its stdin and answers each line with figures."""

    def __init__(self, node, folder, script, *arguments):
        argv = ['docker', 'exec', '-i', '-e', 'PYTHONPATH=' + folder, node, 'python3', '{0}/{1}'.format(folder, script)]
        self.process = subprocess.Popen(
            argv + [str(argument) for argument in arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.first = self.figures()

    def figures(self):
        line = self.process.stdout.readline()
        assert line, self.process.args[-1] + ' could not begin'
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
