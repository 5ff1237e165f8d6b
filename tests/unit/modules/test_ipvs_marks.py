# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module ipvs_marks hands its options on and ends in one sentence, whatever goes wrong."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.lvs.direct_routing.plugins.module_utils.command import NotInstalled, Result
from ansible_collections.lvs.direct_routing.plugins.module_utils.marks.rules import MarksError
from ansible_collections.lvs.direct_routing.plugins.module_utils.record_file import RecordError
from ansible_collections.lvs.direct_routing.plugins.modules import ipvs_marks


def test_the_options_reach_the_plan_with_check_mode(run_module):
    def declare(_run, wanted, check):
        return {'changed': check, 'wanted': wanted, 'warnings': ['none']}

    ended = run_module(ipvs_marks, {'marks': [{'vip': '192.0.2.100', 'mark': 1}]}, declare=declare)
    assert ended['changed'] and ended['warned'] == ['none'] and 'warnings' not in ended
    assert [mark.statement for mark in ended['wanted'].table.marks] == [
        'ip daddr 192.0.2.100 meta l4proto tcp meta mark set 1']
    assert ended['wanted'].record == '/var/lib/lvs/director.nft'


@pytest.mark.parametrize('failure', [MarksError('no'), RecordError('no'), NotInstalled(['nft', '--json'])])
def test_a_failure_is_one_sentence(run_module, failure):
    def declare(*_arguments):
        raise failure

    assert run_module(ipvs_marks, {'state': 'absent'}, declare=declare) == {
        'failed': True, 'msg': str(failure), 'warned': []}


def test_bad_input_is_one_sentence(run_module):
    assert run_module(ipvs_marks, {})['msg'].startswith('marks: None is missing')


def test_ports_may_be_numbers_as_well_as_text(capsys, monkeypatch, tmp_path):
    missing = Result(('nft',), 1, '', 'Error: No such file or directory')
    monkeypatch.setattr(ipvs_marks, 'module_runner', lambda _module: lambda argv, stdin=None: missing)
    marks = [{'vip': '192.0.2.100', 'ports': [80, '1024-2047'], 'mark': 1}]
    options = {'marks': marks, 'record': str(tmp_path / 'record'), '_ansible_check_mode': True}
    with patch_module_args(options), pytest.raises(SystemExit):
        ipvs_marks.main()
    commands = json.loads(capsys.readouterr().out)['commands']
    assert [command.split('dport ')[1] for command in commands[-2:]] == ['80 meta mark set 1', '1024-2047 meta mark set 1']
