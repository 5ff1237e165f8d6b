# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proof itself is proven: each thing that breaks LVS-DR makes verify.yml fail with a sentence about it."""

from __future__ import annotations

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).parents[3]
SPEAK_UP = 'for file in /proc/sys/net/ipv4/conf/*/arp_ignore; do echo 0 > $file; done'
BE_SILENT = 'echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore'


def on(node, command):
    subprocess.run(['docker', 'exec', node, 'sh', '-c', command], check=True, timeout=60)


def verify():
    """Return the exit status and the output of verify.yml, without the breaks that the output callback makes."""
    run = subprocess.run(
        ['ansible-playbook', '-i', 'inventories/lab', 'playbooks/verify.yml'],
        cwd=ROOT,
        env=dict(os.environ, ANSIBLE_CONFIG=str(ROOT / 'ansible.cfg')),
        stdout=subprocess.PIPE,
        text=True,
        timeout=300,
        check=False,
    )
    return run.returncode, ' '.join(run.stdout.split())


def test_verify_finds_nothing_wrong_with_a_healthy_topology():
    status, output = verify()
    assert status == 0, output
    assert 'Every request was answered by a real server, directly' in output


@pytest.mark.parametrize(
    ('node', 'break_it', 'mend_it', 'sentence'),
    [
        (
            'real1',
            SPEAK_UP,
            BE_SILENT,
            'real1: arp_ignore is effectively 0',
        ),
        (
            'real1',
            'ip address delete 192.0.2.100/32 dev lo',
            'ip address add 192.0.2.100/32 dev lo',
            'real1: does not have 192.0.2.100',
        ),
        ('real2', 'systemctl stop nginx', 'systemctl start nginx', 'real2: nothing listens on tcp 192.0.2.100:80'),
        (
            'director',
            'ipvsadm -e -t 192.0.2.100:80 -r 192.0.2.22:80 -g -w 3',
            'ipvsadm -e -t 192.0.2.100:80 -r 192.0.2.22:80 -g -w 1',
            'director: weight 3 for real2 (192.0.2.22) in tcp 192.0.2.100:80; the inventory says 1',
        ),
    ],
    ids=['a real server that answers ARP', 'a missing VIP', 'a stopped web server', 'a foreign weight'],
)
def test_verify_names_the_culprit(node, break_it, mend_it, sentence):
    on(node, break_it)
    try:
        status, output = verify()
    finally:
        on(node, mend_it)
    assert status != 0
    assert sentence in output
