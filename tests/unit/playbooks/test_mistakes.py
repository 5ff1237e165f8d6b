# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks say all mistakes of an inventory in one task, and connect to no host before there are none."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
PLAYBOOKS = ('site', 'teardown', 'verify')
SECONDS = 60

WEB = {'name': 'web', 'vip': '192.0.2.100', 'port': 80, 'realservers': 'realservers'}


def inventory(services, **groups):
    """Return an inventory as YAML has it; a group is its hosts, each with the last number of its address."""
    variables = {} if services is None else {'lvs_virtual_services': services}
    hosts = {
        group: {'hosts': {host: {'ansible_host': '192.0.2.{0}'.format(number)} for host, number in members.items()}}
        for group, members in groups.items()
    }
    return dict(hosts, all={'vars': variables})


class Playbook:
    """Runs of a playbook with an ssh that reaches nobody, and whether it was asked to."""

    def __init__(self, folder):
        self.folder = folder
        self.touched = folder / 'touched'
        self.ssh = folder / 'ssh'
        self.ssh.write_text('#!/bin/sh\necho "$*" >> {0}\nexit 255\n'.format(self.touched))
        self.ssh.chmod(0o755)

    def run(self, name, content):
        """Return the exit status and the output in one line."""
        hosts = self.folder / 'hosts.yml'
        content['all']['vars'].update(ansible_connection='ssh', ansible_ssh_executable=str(self.ssh))
        hosts.write_text(yaml.safe_dump(content))
        run = subprocess.run(
            [sys.executable, '-m', 'ansible', 'playbook', '-i', str(hosts), 'playbooks/{0}.yml'.format(name)],
            cwd=ROOT,
            env=dict(os.environ, ANSIBLE_CONFIG=str(ROOT / 'ansible.cfg'), ANSIBLE_LOCAL_TEMP=str(self.folder / 'tmp')),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        # What the output callback puts between quotes it doubles.
        return run.returncode, ' '.join(run.stdout.split()).replace("''", "'")


@pytest.fixture(name='playbook')
def playbook_without_hosts(tmp_path):
    return Playbook(tmp_path)


HOSTS = {'realservers': {'real1': 21, 'real2': 22}, 'directors': {'director': 10}}


@pytest.mark.parametrize('name', PLAYBOOKS)
def test_all_mistakes_are_said_before_a_host_is_touched(playbook, name):
    services = [dict(WEB, vip='192.0.2.22'), dict(WEB, name='mail', port=25, realservers='mailers')]
    status, output = playbook.run(name, inventory(services, **HOSTS))
    assert status == 2
    assert 'lvs_virtual_services[0] (web).vip: 192.0.2.22 is the address of the host real2 itself' in output
    assert "lvs_virtual_services[1] (mail).realservers: there is no group 'mailers' in the inventory" in output
    assert not playbook.touched.exists()


@pytest.mark.parametrize(('name', 'status'), [('site', 2), ('teardown', 4)])
def test_several_directors_are_not_made_but_unmade(playbook, name, status):
    found, output = playbook.run(name, inventory([WEB], realservers=HOSTS['realservers'], directors={'lb1': 10, 'lb2': 11}))
    assert found == status, output
    assert ("The group 'directors' has lb1, lb2, and each of them would take the VIPs" in output) == (name == 'site')
    assert playbook.touched.exists() == (name == 'teardown')


@pytest.mark.parametrize('name', PLAYBOOKS)
def test_a_sound_inventory_makes_it_connect(playbook, name):
    # Or else the absence of connections would prove nothing.
    status, output = playbook.run(name, inventory([WEB], **HOSTS))
    # verify.yml goes on, and comes to know that there is no client.
    assert status == (2 if name == 'verify' else 4), output
    assert name != 'verify' or 'Nothing can be proven without a client' in output
    assert playbook.touched.exists()


@pytest.mark.parametrize(
    ('content', 'sentence'),
    [
        (inventory(None, **HOSTS), 'lvs_virtual_services is not set'),
        (inventory('web', **HOSTS), "lvs_virtual_services is not a list of services: 'web'"),
        (inventory([WEB], realservers={'real1': 21}, director={'director': 10}), "the group 'directors' is not in the inventory"),
        (inventory([dict(WEB, realservers='web')], web={'web1': 21}), "the group 'directors' is not in the inventory"),
        (inventory([WEB], realservers={}, directors={'director': 10}), "the group 'realservers' has no hosts"),
        (inventory([dict(WEB, scheduler='dr')], **HOSTS), 'dr is a forwarding method: say forward: dr for the real servers'),
    ],
    ids=['no variable', 'no list', 'no directors', 'no group of ours', 'no real servers', 'a deployment has -s dr'],
)
def test_an_inventory_that_lacks_or_mistakes_something_is_said(playbook, content, sentence):
    status, output = playbook.run('site', content)
    assert status == 2
    assert sentence in output
    assert not playbook.touched.exists()
