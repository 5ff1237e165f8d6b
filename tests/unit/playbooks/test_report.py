# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook report writes one page of what it can read, and says on the page what it cannot."""

from __future__ import annotations

import os
import pathlib
import stat
import subprocess
import sys

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[3]
SECONDS = 120
# Each reading of the counters finds one connection more.
IPVSADM = """#!/bin/sh
case "$*" in
*--stats*) echo x >> {folder}/read; echo "TCP  192.0.2.100:80 $(wc -l < {folder}/read) 0 0 0 0"
    echo "  -> 192.0.2.21:80 $(wc -l < {folder}/read) 0 0 0 0";;
*--thresholds*) printf '%s\\n' 'TCP  192.0.2.100:80 wlc' '  -> 192.0.2.21:80 0 0 7 3';;
*) printf '%s\\n' '-A -t 192.0.2.100:80 -s wlc' '-a -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 1';;
esac
"""
LOCAL = {'ansible_connection': 'local', 'ansible_python_interpreter': sys.executable}


class Playbook:
    """Runs of the playbook with this host for the director lb1, and with nobody for the director lb2."""

    def __init__(self, folder):
        self.folder = folder
        self.page = folder / 'lvs-report.html'
        self.directors = {'lb1': dict(LOCAL, lvs_address='192.0.2.10')}
        for name, text in (('ipvsadm', IPVSADM.format(folder=folder)), ('ssh', '#!/bin/sh\nexit 255\n')):
            (folder / name).write_text(text)
            (folder / name).chmod(0o755)

    def run(self, *words, **variables):
        hosts = {
            'directors': {'hosts': self.directors},
            'realservers': {'hosts': {'real1': {'lvs_address': '192.0.2.21'}, 'real2': {'lvs_address': '192.0.2.22'}}},
            'all': {'vars': {
                'lvs_virtual_services': [{'name': 'web', 'vip': '192.0.2.100', 'port': 80, 'realservers': 'realservers'}],
                'ansible_ssh_executable': str(self.folder / 'ssh'),
            }},
        }  # fmt: skip
        (self.folder / 'hosts.yml').write_text(yaml.safe_dump(hosts))
        extra = [word for name, value in variables.items() for word in ('-e', '{0}={1}'.format(name, value))]
        done = subprocess.run(
            [sys.executable, '-m', 'ansible', 'playbook', ROOT / 'playbooks/report.yml', '-i', 'hosts.yml', *extra, *words],
            cwd=self.folder,
            env=dict(
                os.environ, ANSIBLE_CONFIG=str(ROOT / 'ansible.cfg'), NO_COLOR='1',
                PATH='{0}:{1}'.format(self.folder, os.environ['PATH']),
            ),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
        return done.returncode, ' '.join(done.stdout.split())


@pytest.fixture(name='playbook')
def playbook_on_this_host(tmp_path):
    return Playbook(tmp_path)


def test_it_writes_what_two_readings_say(playbook):
    status, output = playbook.run(report_interval=1)
    assert status == 0, output
    assert '{0} is written.'.format(playbook.page) in output
    page = playbook.page.read_text()
    assert '1 of 2 serving' in page.replace('<span>', '').replace('</span>', '')
    assert 'real2 (1 of 1 service) is out of the table' in page
    assert '>7<' in page.replace('<span>active </span>', '') and 'new/s' in page
    assert 'http-equiv="refresh"' not in page
    assert stat.S_IMODE(playbook.page.stat().st_mode) == 0o644


def test_check_mode_says_so_and_writes_nothing(playbook):
    status, output = playbook.run('--check', report_interval=1)
    assert status == 0, output
    assert 'would be written' in output and 'changed=1' in output
    assert not playbook.page.exists()


def test_a_watch_writes_again_and_ends_with_a_page_that_is_not_loaded_again(playbook):
    status, output = playbook.run(report_interval=1, report_watch=1, report_watch_count=3, report_dest='other.html')
    assert status == 0, output
    assert output.count('TASK [Write the page]') == 3
    assert '; findings of 2' in (playbook.folder / 'other.html').read_text()
    assert len((playbook.folder / 'read').read_text().split()) == 4
    assert 'http-equiv="refresh"' not in (playbook.folder / 'other.html').read_text()


def test_a_limit_without_a_director_is_said(playbook):
    status, output = playbook.run('--limit', 'real1', report_interval=1)
    assert status == 2 and 'No director is in this run, so there is nothing to show' in output, output


def test_a_director_that_is_not_reached_is_on_the_page(playbook):
    playbook.directors['lb2'] = {'lvs_address': '192.0.2.11'}
    status, output = playbook.run(report_interval=1)
    assert status == 0, output
    assert 'lb2 could not be read: ' in playbook.page.read_text()


def test_it_fails_if_there_is_nothing_but_that(playbook):
    playbook.directors = {'lb2': {'lvs_address': '192.0.2.11'}}
    status, output = playbook.run(report_interval=1)
    assert status == 2
    assert 'None of lb2 could be read; {0} says why'.format(playbook.page) in output
    assert 'lb2 could not be read: ' in playbook.page.read_text()


@pytest.mark.parametrize(('name', 'value'), [('report_interval', '0'), ('report_interval', 'soon'), ('report_watch', '-5')])
def test_a_bad_number_is_refused_before_a_host_is_touched(playbook, name, value):
    status, output = playbook.run(**{name: value})
    assert status == 2
    assert '{0}: {1} is not a whole number'.format(name, value) in output
    assert not (playbook.folder / 'read').exists() and not playbook.page.exists()
