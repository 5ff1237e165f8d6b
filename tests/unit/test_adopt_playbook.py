# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook adopt loses no file, and finds that out on the controller before it calls a director."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
# No module can run on the director, and what is said of all hosts does not hold for the controller.
PYTHON = '/none/such/python'
DIRECTORS = {
    'directors': {'hosts': {'lb1': {'ansible_connection': 'local'}}},
    'all': {'vars': {'ansible_connection': 'ssh', 'ansible_python_interpreter': PYTHON}},
}


@pytest.fixture(name='adopt')
def playbook_run(tmp_path):
    """Return `adopt(*words) -> (exit status, output)`, run in a folder of its own."""
    (tmp_path / 'hosts.yml').write_text(yaml.safe_dump(DIRECTORS))

    def run(*words):
        done = subprocess.run(
            [sys.executable, '-m', 'ansible', 'playbook', str(ROOT / 'playbooks/adopt.yml'), '-i', 'hosts.yml', *words],
            cwd=tmp_path, env=dict(os.environ, ANSIBLE_CONFIG=str(ROOT / 'ansible.cfg'), ANSIBLE_FORKS='1', NO_COLOR='1'),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout

    return run


@pytest.mark.parametrize(('name', 'words'), [('adopted.yml', ()), ('other.yml', ('-e', 'adopt_dest=other.yml', '--check'))])
def test_a_file_that_is_there_is_refused(adopt, tmp_path, name, words):
    (tmp_path / name).write_text('mine')
    status, output = adopt(*words)
    assert status != 0
    assert '{0} is there already. Name another file'.format(tmp_path / name) in output
    assert 'Read the table' not in output


@pytest.mark.parametrize(('there', 'words'), [(False, ()), (True, ('-e', 'adopt_overwrite=true'))])
def test_otherwise_the_directors_are_called(adopt, tmp_path, there, words):
    if there:
        (tmp_path / 'adopted.yml').write_text('mine')
    status, output = adopt(*words)
    assert status != 0
    assert 'is there already' not in output
    assert PYTHON in output.partition('Read the table')[2]
