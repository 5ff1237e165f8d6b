# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module lvs_sysctl hands its options on and ends in one sentence, whatever goes wrong."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.record_file import RecordError
from ansible_collections.lvs.direct_routing.plugins.module_utils.sysctl.declaration import SysctlError
from ansible_collections.lvs.direct_routing.plugins.module_utils.sysctl.parameters import DEFAULT_FILE
from ansible_collections.lvs.direct_routing.plugins.modules import lvs_sysctl


def test_the_options_reach_the_plan_with_check_mode(run_module):
    def declare(host, wanted, check):
        return {'changed': check, 'wanted': wanted, 'warnings': ['overruled']}

    ended = run_module(lvs_sysctl, {'parameters': {'net.ipv4.vs.sloppy_tcp': 1}, 'optional': ['net.ipv4.vs.sloppy_tcp']},
                       declare=declare)
    wanted = ended['wanted']
    assert ended['changed'] and ended['warned'] == ['overruled'] and 'warnings' not in ended
    assert wanted.values == {'net/ipv4/vs/sloppy_tcp': '1'} and wanted.optional == {'net/ipv4/vs/sloppy_tcp'}
    assert (wanted.persist, wanted.file, wanted.present) == (True, DEFAULT_FILE, True)


@pytest.mark.parametrize('failure', [SysctlError('no'), RecordError('no')])
def test_a_failure_is_one_sentence(run_module, failure):
    def declare(*_arguments):
        raise failure

    assert run_module(lvs_sysctl, {'parameters': {}}, declare=declare) == {'failed': True, 'msg': 'no', 'warned': []}
    assert run_module(lvs_sysctl, {'parameters': {'vm.swappiness': 1}})['msg'].startswith("parameters: 'vm.swappiness' is")
