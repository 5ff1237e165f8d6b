# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which processes are ours."""
from __future__ import annotations

import os
import subprocess
import sys

import pytest
from lab import procs


@pytest.fixture
def proc(tmp_path):
    def process(pid, **variables):
        (tmp_path / str(pid)).mkdir()
        content = b''.join(f'{key}={value}'.encode() + b'\0' for key, value in variables.items())
        (tmp_path / str(pid) / 'environ').write_bytes(content)
    process(10, LVS_LAB_CLONE='/a/.lab', LVS_LAB_ROLE='vm')
    process(11, LVS_LAB_CLONE='/a/.lab', LVS_LAB_ROLE='tunnel')
    process(12, LVS_LAB_CLONE='/b/.lab', LVS_LAB_ROLE='vm')
    process(13, PATH='/a/.lab')
    process(14, LVS_LAB_CLONE='/a/.lab2', LVS_LAB_ROLE='vm')
    (tmp_path / '15').mkdir()
    (tmp_path / 'meminfo').touch()
    return tmp_path


@pytest.mark.parametrize('marks, pids', [
    ({'LVS_LAB_CLONE': '/a/.lab'}, [10, 11]),
    ({'LVS_LAB_CLONE': '/a/.lab', 'LVS_LAB_ROLE': 'vm'}, [10]),
    ({'LVS_LAB_CLONE': '/b/.lab'}, [12]),
    ({'LVS_LAB_CLONE': '/c/.lab'}, []),
])
def test_a_process_is_ours_when_it_carries_our_marks(proc, marks, pids):
    assert procs.marked(marks, proc) == pids


def test_no_marks_at_all_is_refused(proc):
    with pytest.raises(ValueError, match='every process'):
        procs.marked({}, proc)


def sleeper(code, **variables):
    process = subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.PIPE, env={**os.environ, **variables})
    assert process.stdout.readline() == b'ready\n'
    return process


POLITE = 'import time; print("ready", flush=True); time.sleep(60)'
DEAF = 'import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);' + POLITE


@pytest.mark.parametrize('code, grace, status', [(POLITE, 30, -15), (DEAF, 0.1, -9), (POLITE, 0, -9)])
def test_ours_are_ended_and_strangers_are_not(tmp_path, code, grace, status):
    ours, stranger = sleeper(code, LVS_LAB_CLONE=str(tmp_path)), sleeper(POLITE, LVS_LAB_CLONE=f'{tmp_path}x')
    try:
        assert procs.end({'LVS_LAB_CLONE': str(tmp_path)}, grace) == 1
        assert ours.wait(10) == status
        assert stranger.poll() is None
    finally:
        for process in (ours, stranger):
            process.kill()
            process.wait()
            process.stdout.close()


def test_children_of_ours_are_ours(tmp_path):
    code = f'import subprocess, sys; subprocess.run([sys.executable, "-c", {POLITE!r}])'
    parent = sleeper(code, LVS_LAB_CLONE=str(tmp_path))
    try:
        assert len(procs.marked({'LVS_LAB_CLONE': str(tmp_path)})) == 2
        procs.end({'LVS_LAB_CLONE': str(tmp_path)}, 0)
        assert procs.marked({'LVS_LAB_CLONE': str(tmp_path)}) == []
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()
