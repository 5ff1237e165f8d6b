# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module arp_filter hands its options on and ends in one sentence, whatever goes wrong."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.arptables.options import DEFAULT_FILE, FilterError
from ansible_collections.lvs.direct_routing.plugins.module_utils.command import NotInstalled
from ansible_collections.lvs.direct_routing.plugins.module_utils.record_file import RecordError
from ansible_collections.lvs.direct_routing.plugins.modules import arp_filter


def test_the_options_reach_the_plan_with_check_mode(run_module):
    def declare(_run, wanted, check):
        return {'changed': check, 'wanted': wanted, 'warnings': ['both']}

    ended = run_module(arp_filter, {'address': ['192.0.2.100'], 'source': '192.0.2.21'}, declare=declare)
    wanted = ended['wanted']
    assert ended['changed'] and ended['warned'] == ['both'] and 'warnings' not in ended
    assert (wanted.addresses, wanted.source) == (('192.0.2.100',), '192.0.2.21')
    assert (wanted.persist, wanted.file, wanted.purge, wanted.present) == (True, DEFAULT_FILE, 'none', True)


@pytest.mark.parametrize('failure', [FilterError('no'), RecordError('no'), NotInstalled(['arptables', '-n', '-L'])])
def test_a_failure_is_one_sentence(run_module, failure):
    def declare(*_arguments):
        raise failure

    assert run_module(arp_filter, {'state': 'absent'}, declare=declare) == {
        'failed': True, 'msg': str(failure), 'warned': []}


def test_bad_input_is_one_sentence(run_module):
    assert run_module(arp_filter, {'state': 'present'})['msg'].startswith('address: is missing')
