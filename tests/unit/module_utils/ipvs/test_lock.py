# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One task at a time; what a killed one has noted is there for the next."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.command import CommandError
from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import lock

COUNT_UP = """
import sys, time
sys.path.insert(0, sys.argv[1])
from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import lock
for _turn in range(25):
    with lock.exclusive(sys.argv[2]):
        with open(sys.argv[3]) as stream:
            count = int(stream.read())
        time.sleep(0.001)
        with open(sys.argv[3], 'w') as stream:
            stream.write(str(count + 1))
"""


def test_the_lock_is_exclusive_between_processes_and_leaves_no_file(tmp_path):
    counter = tmp_path / 'counter'
    counter.write_text('0')
    argv = [sys.executable, '-c', COUNT_UP, '.collections', str(tmp_path / 'lock'), str(counter)]
    processes = [subprocess.Popen(argv) for _process in range(4)]
    assert [process.wait() for process in processes] == [0, 0, 0, 0]
    assert counter.read_text() == '100'
    assert os.listdir(tmp_path) == ['counter']


def test_a_lock_file_that_a_killed_task_left_is_no_obstacle(tmp_path):
    (tmp_path / 'lock').touch()
    with lock.exclusive(str(tmp_path / 'lock')):
        assert (tmp_path / 'lock').exists()
    assert not (tmp_path / 'lock').exists()


def test_a_lock_that_is_a_symbolic_link_is_refused(tmp_path):
    os.symlink(tmp_path / 'elsewhere', tmp_path / 'lock')
    with pytest.raises(CommandError):
        with lock.exclusive(str(tmp_path / 'lock')):
            pass
    assert not (tmp_path / 'elsewhere').exists()


def test_a_note_is_there_until_it_is_empty(tmp_path):
    path = tmp_path / 'lock'
    with lock.exclusive(str(path)) as held:
        assert held.note == ()
        held.note += ('ipv4',)
        held.note += ('ipv6',)
    assert path.read_text() == 'ipv4 ipv6'
    with lock.exclusive(str(path)) as held:
        assert held.note == ('ipv4', 'ipv6')
        held.note = ('ipv6',)
        assert held.note == ('ipv6',)
    with lock.exclusive(str(path)) as held:
        held.note = ()
    assert not path.exists()
