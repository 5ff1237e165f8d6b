# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs get what they are asked whole, and what they say comes back."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils import command
from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import lock


class Module:
    """As much of AnsibleModule as a runner needs."""

    @staticmethod
    def get_bin_path(name, opt_dirs):
        return {'sh': '/bin/sh'}.get(name)


run = command.module_runner(Module)


def test_a_program_says_what_it_has_to_say():
    result = run(['sh', '-c', 'echo out; echo err >&2; exit 3'])
    assert result == command.Result(('sh', '-c', 'echo out; echo err >&2; exit 3'), 3, 'out\n', 'err\n')


def test_a_program_speaks_no_language_but_c(monkeypatch):
    monkeypatch.setenv('LC_ALL', 'de_DE.UTF-8')
    assert run(['sh', '-c', 'echo $LC_ALL']).stdout == 'C\n'


def test_a_program_that_is_not_asked_anything_reads_nothing():
    assert run(['sh', '-c', 'cat']).stdout == ''


def test_bytes_that_are_no_text_do_no_harm():
    assert run(['sh', '-c', r"printf '\377'"]).stdout == '\ufffd'


def test_a_program_that_is_not_there_is_said():
    with pytest.raises(command.NotInstalled, match='Install the package that provides ipvsadm'):
        run(['ipvsadm', '-Sn'])


def test_what_a_program_reads_is_whole_before_it_starts():
    """A pipe would hold 64 KiB of it and give out the rest only as long as the module lives."""
    asked = 'x' * 1000000
    assert run(['sh', '-c', 'test -f /proc/self/fd/0 && wc -c'], stdin=asked).stdout.strip() == '1000000'


KILLED = """
import sys
sys.path.insert(0, sys.argv[1])
from ansible_collections.lvs.direct_routing.plugins.module_utils import command
from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import lock

class Module:
    def get_bin_path(name, opt_dirs):
        return '/bin/sh'

with lock.exclusive(sys.argv[2]):
    command.module_runner(Module)(['sh', '-c', 'touch %s; read line; sleep 1; echo $line > %s' % tuple(sys.argv[3:])],
                                  stdin='written by the orphan')
"""


def test_whoever_comes_next_waits_for_the_program_of_a_task_that_was_killed(tmp_path):
    path, started, written = (str(tmp_path / name) for name in ('lock', 'started', 'written'))
    task = subprocess.Popen([sys.executable, '-c', KILLED, '.collections', path, started, written])
    deadline = time.monotonic() + 60
    while not os.path.exists(started) and time.monotonic() < deadline:
        time.sleep(0.01)
    task.send_signal(signal.SIGKILL)
    task.wait()
    with lock.exclusive(path) as held:
        assert held.waited is not None
        with open(written, encoding='utf-8') as stream:
            assert stream.read() == 'written by the orphan\n'
