# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""drain.yml and rolling_update.yml from end to end, against a stand-in for ipvsadm: what it changes, remembers, refuses and says."""

from __future__ import annotations

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
SECONDS = 120
RULES = """\
-A -t 192.0.2.100:80 -s wrr
-a -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 1
-a -t 192.0.2.100:80 -r 192.0.2.22:80 -g -w 3
"""
SERVICES = [{'name': 'web', 'vip': '192.0.2.100', 'port': 80, 'scheduler': 'wrr', 'realservers': 'realservers'}]
HOSTS = {
    'all': {'vars': {'lvs_virtual_services': SERVICES, 'ansible_connection': 'local', 'ansible_python_interpreter': sys.executable}},
    'directors': {'hosts': {'lb1': {'lvs_address': '192.0.2.10'}}},
    'realservers': {'hosts': {'real1': {'lvs_address': '192.0.2.21'}, 'real2': {'lvs_address': '192.0.2.22', 'lvs_weight': 3}}},
}


class Director:
    """A director that is this host, with all that the collection would write on it in a folder."""

    def __init__(self, folder):
        self.folder = folder
        self.state = folder / 'state'
        self.table = folder / 'table'
        self.table.mkdir()
        self.collection = folder / 'ansible_collections/lvs/direct_routing'
        for part in ('plugins', 'playbooks', 'roles', 'meta'):
            shutil.copytree(ROOT / part, self.collection / part, ignore=shutil.ignore_patterns('__pycache__'))
        for path in self.collection.rglob('*'):
            text = path.read_text() if path.suffix in ('.py', '.yml') else ''
            elsewhere = text.replace('/var/lib/lvs', str(self.state)).replace('/run/lvs-', str(folder) + '/lvs-')
            if elsewhere != text:
                path.write_text(elsewhere)
        ipvsadm = (ROOT / 'tests/unit/playbooks/ipvsadm.py').read_text()
        (folder / 'ipvsadm').write_text('#!{0}\n{1}'.format(sys.executable, ipvsadm))
        # Whoever runs this may have no systemd at all.
        (folder / 'systemctl').write_text('#!/bin/sh\necho inactive\nexit 4\n')
        for name in ('ipvsadm', 'systemctl'):
            (folder / name).chmod(0o755)
        (folder / 'hosts.yml').write_text(yaml.safe_dump(HOSTS))
        self.reset()

    def reset(self):
        shutil.rmtree(self.state, ignore_errors=True)
        (self.table / 'rules').write_text(RULES)
        for name in ('written', 'connections'):
            (self.table / name).unlink(missing_ok=True)

    def run(self, playbook, *words, connections=None, inventory='hosts.yml'):
        """Return the exit status and the output in one line."""
        if connections:
            (self.table / 'connections').write_text(json.dumps(connections))
        words = [str(self.collection / 'playbooks' / playbook), '-i', inventory, *words]
        done = subprocess.run(
            [sys.executable, '-m', 'ansible', 'playbook', *words], cwd=self.folder,
            env=dict(os.environ, ANSIBLE_CONFIG=str(ROOT / 'ansible.cfg'), ANSIBLE_COLLECTIONS_PATH=str(self.folder), NO_COLOR='1',
                     ANSIBLE_LOCAL_TEMP=str(self.folder / 'tmp'), LVS_TABLE=str(self.table),
                     PATH='{0}:{1}'.format(self.folder, os.environ['PATH'])),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
        return done.returncode, ' '.join(done.stdout.split())

    def weights(self):
        return [line.split()[-1] for line in (self.table / 'rules').read_text().splitlines() if line.startswith('-a')]

    @property
    def written(self):
        path = self.table / 'written'
        return path.read_text().splitlines() if path.exists() else []

    @property
    def drained(self):
        path = self.state / 'drained.json'
        return [drain['host'] for drain in json.loads(path.read_text())['drains']] if path.exists() else []


@pytest.fixture(name='made', scope='module')
def a_director(tmp_path_factory):
    return Director(tmp_path_factory.mktemp('director'))


@pytest.fixture(name='director')
def a_fresh_director(made):
    made.reset()
    return made


def test_a_real_server_is_out_until_it_is_put_back(director):
    director.state.mkdir()
    record = director.state / 'director.rules'
    record.write_text('# lvs.direct_routing ruleset, version 1\n' + RULES)
    # The table is read three times before it is waited.
    looks = [[2, 0]] * 4 + [[1, 1], [0, 2]]
    status, output = director.run('drain.yml', '-e', 'drain_hosts=real2', '-e', "drain_reason='new disks'",
                                  connections={'192.0.2.22': looks})
    assert status == 0, output
    assert (director.weights(), director.drained) == (['1', '0'], ['real2'])
    assert director.written == ['-e -t 192.0.2.100:80 -r 192.0.2.22:80 -g -w 0']
    assert '-r 192.0.2.22:80 -g -w 0' in record.read_text()
    assert re.search(r'lb1: real2 has 2 connections left \(2 in web \(tcp 192.0.2.100:80\)\); \d+ s of at most 300 s', output)
    assert 'lb1: real2 has 1 connection left (1 in web (tcp 192.0.2.100:80));' in output
    assert 'real2 drained, no connection left after' in output and 'drain_state=undrained -e drain_hosts=real2' in output
    status, output = director.run('drain.yml', '-e', 'drain_hosts=real2')
    assert status == 0 and 'changed=0' in output and 'real2 is drained since' in output and '(new disks)' in output
    status, output = director.run('drain.yml', '-e', 'drain_hosts=real2', '-e', 'drain_state=undrained')
    assert status == 0, output
    assert (director.weights(), director.drained) == (['1', '3'], [])
    assert 'real2 back in with weight.' in output
    status, output = director.run('drain.yml', '-e', 'drain_hosts=real2', '-e', 'drain_state=undrained')
    assert status == 0 and 'changed=0' in output


def test_check_mode_foretells_and_changes_nothing(director):
    foretold = director.run('drain.yml', '-e', 'drain_hosts=real1', '--check')
    assert foretold[0] == 0 and 'real1 would be drained' in foretold[1], foretold[1]
    assert (director.weights(), director.written, director.drained, director.state.exists()) == (['1', '3'], [], [], False)
    done = director.run('drain.yml', '-e', 'drain_hosts=real1')
    assert 'changed=2' in foretold[1] and 'changed=2' in done[1], foretold[1] + done[1]
    # A table that nobody recorded is nobody's after it either.
    assert [path.name for path in director.state.iterdir()] == ['drained.json']


def test_when_time_is_up_it_says_what_is_left_and_fails_unless_told(director):
    left = {'192.0.2.21': [[3, 9]]}
    status, output = director.run('drain.yml', '-e', 'drain_hosts=real1', '-e', 'drain_timeout=1', connections=left)
    assert status == 2 and director.weights() == ['0', '3'], output
    assert 'real1 has 3 connections left (3 in web (tcp 192.0.2.100:80)). real1 gets no new connections and stays drained' in output
    assert director.run('drain.yml', '-e', 'drain_hosts=real1', '-e', 'drain_timeout=0')[0] == 0
    more = ('-e', 'drain_timeout=1', '-e', 'drain_ignore_timeout=true', '-e', 'drain_finished=true')
    status, output = director.run('drain.yml', '-e', 'drain_hosts=real1', *more)
    assert status == 0 and 'real1 has 12 connections left' in output, output


def test_a_service_is_not_emptied_unless_forced(director):
    before = director.weights()
    status, output = director.run('drain.yml', '-e', 'drain_hosts=real*')
    assert status == 2 and 'without real1 and real2, web (tcp 192.0.2.100:80) has no real server left' in output, output
    assert (director.weights(), director.drained) == (before, [])
    status, output = director.run('drain.yml', '-e', 'drain_hosts=realservers', '-e', 'drain_force=true')
    assert status == 0, output
    assert (director.weights(), director.drained) == (['0', '0'], ['real1', 'real2'])


@pytest.mark.parametrize(('words', 'sentence'), [
    ((), 'Say which real servers with -e drain_hosts=PATTERN, for example -e drain_hosts=real1'),
    (('-e', 'drain_hosts=real1,raal2'), 'drain_hosts: raal2 is not in the group realservers, which has real1, real2'),
    (('-e', 'drain_hosts=real1,lb1'), 'drain_hosts: lb1 is not in the group realservers'),
    (('-e', 'drain_hosts=real1', '-e', 'drain_timeout=long'), 'drain_timeout: long is not a number of seconds, 0..86400'),
    (('-e', 'drain_hosts=real1', '-e', "drain_reason='rolling update'"), 'drain_reason: rolling update is what rolling_update.yml has on record'),
    (('-e', 'drain_hosts=real1', '-e', 'drain_until=tomorrow'), "drain_until: 'tomorrow' is neither a time with its time zone"),
], ids=['no host', 'a misspelt host', 'a director', 'timeout', 'reason', 'until'])
def test_what_cannot_be_understood_is_said_before_a_director_is_called(director, words, sentence):
    status, output = director.run('drain.yml', *words)
    assert status == 2 and sentence in output.replace("''", "'"), output
    assert 'Ask the directors' not in output


def test_a_host_that_serves_nothing_is_said(director):
    services = [dict(SERVICES[0], realservers=[{'address': '192.0.2.22'}, {'address': '192.0.2.23'}])]
    status, output = director.run('drain.yml', '-e', 'drain_hosts=real1', '-e', json.dumps({'lvs_virtual_services': services}))
    assert status == 2 and 'real1: no virtual service has this host as a real server' in output, output
    assert director.drained == []


def test_who_has_left_the_inventory_or_all_services_can_be_put_back(director):
    assert director.run('drain.yml', '-e', 'drain_hosts=real1')[0] == 0
    without = dict(HOSTS, realservers={'hosts': {'real2': {'lvs_address': '192.0.2.22', 'lvs_weight': 3}}})
    (director.folder / 'without.yml').write_text(yaml.safe_dump(without))
    words = ('-e', 'drain_hosts=real1', '-e', 'drain_state=undrained')
    # Not by a misspelt name beside it, and nobody is drained who is not there.
    status, output = director.run('drain.yml', *words[:1], 'drain_hosts=real1,raal1', *words[2:], inventory='without.yml')
    assert status == 2 and 'drain_hosts: raal1 is not in the group realservers' in output and director.drained == ['real1'], output
    assert director.run('drain.yml', *words[:2], inventory='without.yml')[0] == 2
    status, output = director.run('drain.yml', *words, inventory='without.yml')
    assert status == 0 and director.drained == [], output
    assert director.run('drain.yml', '-e', 'drain_hosts=real1')[0] == 0
    services = [dict(SERVICES[0], realservers=[{'address': '192.0.2.22'}])]
    status, output = director.run('drain.yml', *words, '-e', json.dumps({'lvs_virtual_services': services}))
    assert status == 0 and director.drained == [], output


def test_a_director_that_does_not_answer_stops_it_before_anything_changes_unless_left_out(director):
    ssh = director.folder / 'ssh'
    ssh.write_text('#!/bin/sh\nexit 255\n')
    ssh.chmod(0o755)
    hosts = dict(HOSTS, directors={'hosts': {'lb1': {'lvs_address': '192.0.2.10'}, 'lb2': {
        'lvs_address': '192.0.2.11', 'ansible_connection': 'ssh', 'ansible_ssh_executable': str(ssh)}}})
    (director.folder / 'two.yml').write_text(yaml.safe_dump(hosts))
    status, output = director.run('drain.yml', '-i', 'two.yml', '-e', 'drain_hosts=real1')
    assert status != 0 and (director.weights(), director.drained) == (['1', '3'], []), output
    status, output = director.run('drain.yml', '-i', 'two.yml', '-e', 'drain_hosts=real1', '--limit', 'lb1,realservers')
    assert status == 0 and (director.weights(), director.drained) == (['0', '3'], ['real1']), output


def test_a_director_that_is_at_work_must_not_be_left_out(director):
    (director.folder / 'both.yml').write_text(yaml.safe_dump(dict(HOSTS, directors={'hosts': {
        'lb1': {'lvs_address': '192.0.2.10'}, 'lb2': {'lvs_address': '192.0.2.11'}}})))
    for limit, sentence in (('lb1,realservers', 'lb2: not in this run, and able to go on sending to real1'),
                            ('realservers', 'No host of the group directors is in this run')):
        status, output = director.run('drain.yml', '-i', 'both.yml', '-e', 'drain_hosts=real1', '--limit', limit)
        assert status != 0 and sentence in output and (director.weights(), director.drained) == (['1', '3'], []), output


# Real servers by address translation have no VIP, so that this host can pass for one.
TRANSLATED = ('-e', json.dumps({'lvs_virtual_services': [dict(SERVICES[0], forward='nat')]}))


def work(director, text="- ansible.builtin.shell: cat {table}/rules >> {table}/during\n"):
    (director.folder / 'tasks.yml').write_text(text.format(table=director.table))
    (director.table / 'during').unlink(missing_ok=True)
    return ('-e', 'rolling_tasks=tasks.yml')


def test_the_first_failure_ends_it_and_the_next_run_begins_with_it(director):
    (director.table / 'rules').write_text(RULES.replace(' -g ', ' -m '))
    broken = '- name: Try\n  ansible.builtin.assert: {{that: inventory_hostname == "real1", fail_msg: broken}}\n'
    status, output = director.run('rolling_update.yml', *TRANSLATED, *work(director, broken))
    assert status == 2 and 'real1: done and back in, 1 of 2 real servers' in output, output
    assert 'real2: Try: broken. real2 stays drained, the rest serves, and everybody else is done.' in output, output
    assert 'drain.yml -e drain_state=undrained -e drain_hosts=real2' in output
    assert (director.weights(), director.drained) == (['1', '0'], ['real2'])
    status, output = director.run('rolling_update.yml', *TRANSLATED, *work(director))
    assert status == 0 and 'real1: done and back in, 2 of 2 real servers' in output, output
    during = [line.split()[-1] for line in (director.table / 'during').read_text().splitlines() if line.startswith('-a')]
    assert during == ['1', '0', '0', '3']
    assert (director.weights(), director.drained) == (['1', '3'], [])


def test_who_could_not_serve_is_not_put_back(director):
    # Nobody has the VIP here.
    status, output = director.run('rolling_update.yml', *work(director), '-e', 'rolling_retries=1', '--limit', 'real1,lb1')
    assert status == 2 and 'real1: does not have 192.0.2.100, so it would drop what a director sends it' in output, output
    assert (director.weights(), director.drained) == (['0', '3'], ['real1'])


def test_whoever_was_drained_before_stays_so(director):
    (director.table / 'rules').write_text(RULES.replace(' -g ', ' -m ') + '-a -t 192.0.2.100:80 -r 192.0.2.23:80 -m -w 1\n')
    services = [dict(SERVICES[0], forward='nat', realservers=[
        {'address': '192.0.2.21'}, {'address': '192.0.2.22', 'weight': 3}, {'address': '192.0.2.23'}])]
    three = ('-e', json.dumps({'lvs_virtual_services': services}))
    assert director.run('drain.yml', *three, '-e', 'drain_hosts=real2')[0] == 0
    status, output = director.run('rolling_update.yml', *three, *work(director))
    assert status == 0 and (director.weights(), director.drained) == (['1', '0', '1'], ['real2']), output


@pytest.mark.parametrize(('words', 'sentence'), [
    ((), 'Say with -e rolling_tasks=/path/tasks.yml'),
    (('-e', 'rolling_tasks=tasks.yml', '-e', 'rolling_batch=half'), 'rolling_batch: half is not a number of hosts'),
    (('-e', 'rolling_tasks=tasks.yml', '-e', 'rolling_back_timeout=long'), 'rolling_back_timeout and drain_back_timeout have to be'),
    (('-e', 'rolling_tasks=tasks.yml', '--limit', 'lb1'), 'so there is nobody to work on'),
    (('-e', 'rolling_tasks=tasks.yml', '-e', 'rolling_batch=2'), 'without real1 and real2, web (tcp 192.0.2.100:80) has no real server'),
], ids=['no tasks', 'batch', 'another time', 'nobody', 'all at once'])
def test_what_cannot_be_done_is_refused_before_anything_changes(director, words, sentence):
    work(director)
    status, output = director.run('rolling_update.yml', *words)
    assert status == 2 and sentence in output, output
    assert (director.written, director.drained) == ([], [])


@pytest.mark.parametrize('text', [
    '- hosts: all\n  tasks: []\n', '- ansible.builtin.comand: "true"\n', '- name: [\n', 'name: no list\n',
], ids=['a playbook', 'a misspelt module', 'no YAML', 'no list'])  # fmt: skip
def test_tasks_that_cannot_be_run_are_refused_before_anything_changes(director, text):
    work(director, text.replace('{', '{{').replace('}', '}}'))
    status, output = director.run('rolling_update.yml', *TRANSLATED, '-e', 'rolling_tasks=tasks.yml')
    assert status != 0 and (director.written, director.drained) == ([], []), output


def test_the_tasks_do_nothing_before_their_time(director):
    (director.table / 'rules').write_text(RULES.replace(' -g ', ' -m '))
    words = work(director, '- block:\n    - ansible.builtin.shell: echo x >> {table}/during\n      loop: "{{{{ undefined_here | default([1]) }}}}"\n')
    assert director.run('rolling_update.yml', *TRANSLATED, *words, '--limit', 'real1,lb1')[0] == 0
    assert (director.table / 'during').read_text() == 'x\n'


def test_a_rolling_update_needs_every_director(director):
    ssh = director.folder / 'ssh'
    ssh.write_text('#!/bin/sh\nexit 255\n')
    ssh.chmod(0o755)
    (director.folder / 'two.yml').write_text(yaml.safe_dump(dict(HOSTS, directors={'hosts': {
        'lb1': {'lvs_address': '192.0.2.10'}, 'lb2': {
            'lvs_address': '192.0.2.11', 'ansible_connection': 'ssh', 'ansible_ssh_executable': str(ssh)}}})))
    status, output = director.run('rolling_update.yml', *TRANSLATED, *work(director), '--limit', 'lb1,realservers', inventory='two.yml')
    assert status == 2 and 'lb2 cannot be reached, and may go on sending to whoever is worked on' in output, output
    assert (director.written, director.drained) == ([], [])


def test_a_rolling_update_that_is_only_foretold_says_so(director):
    (director.table / 'rules').write_text(RULES.replace(' -g ', ' -m '))
    status, output = director.run('rolling_update.yml', *TRANSLATED, *work(director), '--check')
    assert status == 0 and 'real2: would be done and back in, 2 of 2 real servers' in output, output
    assert (director.written, director.drained) == ([], [])


def test_a_keepalived_that_cannot_keep_a_drained_real_server_is_refused_before_it_is_remembered(director):
    program = director.folder / 'keepalived'
    program.write_text('#!/bin/sh\necho "Keepalived v2.1.5 (07/13,2020)" >&2\n')
    program.chmod(0o755)
    words = ['drain.yml', '-e', 'drain_hosts=real1', '-e', 'director_engine=keepalived']
    status, said = director.run(*words)
    program.unlink()
    assert status != 0
    assert 'keepalived 2.1.5 takes weight 0 for 1, so real1 cannot be drained; that is possible from 2.2.0 on' in said
    assert 'Nothing was changed' in said
    assert director.drained == [] and director.written == []
