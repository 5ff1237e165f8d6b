# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""doctor.yml says what is wrong to people and to machines, and fails if there is an error."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
SECONDS = 120
WEB = {'name': 'web', 'vip': '192.0.2.100', 'port': 80, 'realservers': 'realservers'}


@pytest.fixture(name='doctor')
def a_run_of_the_playbook(tmp_path):
    """Return a function that runs it with an ssh that reaches nobody; it returns exit status and output in one line."""
    ssh = tmp_path / 'ssh'
    ssh.write_text('#!/bin/sh\ntouch {0}/touched\nexit 255\n'.format(tmp_path))
    ssh.chmod(0o755)

    def run(services, *arguments, **variables):
        hosts = tmp_path / 'hosts.yml'
        hosts.write_text(yaml.safe_dump({
            'all': {'vars': {'lvs_virtual_services': services, 'ansible_connection': 'ssh', 'ansible_ssh_executable': str(ssh),
                             **variables}},
            'directors': {'hosts': {'lb1': {'ansible_host': '192.0.2.10'}}},
            'realservers': {'hosts': {'real1': {'ansible_host': '192.0.2.21'}}},
            'clients': {'hosts': {'client': {'ansible_host': '192.0.2.200'}}},
        }))
        done = subprocess.run(
            [sys.executable, '-m', 'ansible', 'playbook', '-i', str(hosts), 'playbooks/doctor.yml', *arguments],
            cwd=ROOT, env=dict(os.environ, ANSIBLE_CONFIG=str(ROOT / 'ansible.cfg'), ANSIBLE_LOCAL_TEMP=str(tmp_path / 'tmp')),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
        return done.returncode, ' '.join(done.stdout.split()).replace("''", "'")

    return run


def test_mistakes_are_said_before_a_host_is_touched(doctor, tmp_path):
    status, output = doctor([dict(WEB, vip='192.0.2.21')])
    assert status == 2 and 'is the address of the host real1 itself' in output
    assert doctor([WEB], '-e', 'doctor_format=xml')[1].count('doctor_format: xml is neither text nor json')
    assert not (tmp_path / 'touched').exists()


def test_who_cannot_be_reached_is_a_finding_for_people_and_for_machines(doctor, tmp_path):
    findings = tmp_path / 'findings.json'
    status, output = doctor([WEB], '-e', 'doctor_dest={0}'.format(findings))
    assert status == 2, output
    assert '3 errors and 0 warnings, as shown above' in output and 'error: lb1: cannot be reached: ' in output
    found = json.loads(findings.read_text())
    assert [(one['severity'], one['kind'], one['host']) for one in found] == [
        ('error', 'unreachable', host) for host in ('lb1', 'real1', 'client')]


def test_a_limit_may_leave_out_the_first_director(doctor, tmp_path):
    findings = tmp_path / 'findings.json'
    assert doctor([WEB], '--limit', 'real1', '-e', 'doctor_dest={0}'.format(findings))[0] == 2
    assert [(one['kind'], one['host']) for one in json.loads(findings.read_text())] == [('unreachable', 'real1')]


def test_a_limit_that_leaves_out_everybody_who_counts_is_said(doctor):
    status, output = doctor([WEB], '--limit', 'client')
    assert status == 2 and 'No director and no real server is in this run, so there is nothing to judge' in output, output


def test_the_file_is_written_by_who_runs_it_whatever_hosts_need(doctor, tmp_path):
    findings = tmp_path / 'findings.json'
    output = doctor([WEB], '-e', 'doctor_dest={0}'.format(findings), ansible_become=True, ansible_become_user='nobody',
                    ansible_become_exe='/bin/false')[1]
    assert findings.exists(), output


def test_the_findings_are_shown_as_data_on_request(doctor):
    assert 'kind: unreachable' in doctor([WEB], '-e', 'doctor_format=json')[1]
