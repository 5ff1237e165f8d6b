# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module vip_address hands its options on and ends in one sentence, whatever goes wrong."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.command import CommandError
from ansible_collections.lvs.direct_routing.plugins.module_utils.record_file import RecordError
from ansible_collections.lvs.direct_routing.plugins.module_utils.vip.options import AddressError
from ansible_collections.lvs.direct_routing.plugins.modules import vip_address

OPTIONS = {'address': ['192.0.2.100'], 'interface': 'eth0', 'announce': 2}


def test_the_options_reach_the_plan_with_check_mode(run_module):
    def declare(runner, wanted, check):
        return {'changed': check, 'wanted': wanted, 'warnings': ['eth0 is down']}

    ended = run_module(vip_address, OPTIONS, declare=declare)
    assert ended['changed'] and ended['wanted'].announce == 2 and ended['wanted'].present
    assert ended['warned'] == ['eth0 is down'] and 'warnings' not in ended


def test_a_bad_option_ends_before_anything_is_read(run_module):
    ended = run_module(vip_address, dict(OPTIONS, address=['www']), declare=None)
    assert ended['failed'] and ended['msg'].startswith("address[0]: 'www' is not a literal")


@pytest.mark.parametrize('error, expected', [
    (AddressError('no', done=['a'], undone=['b'], left=[]), {'msg': 'no', 'done': ['a'], 'undone': ['b'], 'left': []}),
    (CommandError(['ip'], 127, 'not installed'), {'msg': '`ip` failed: not installed'}),
    (RecordError('/r is damaged'), {'msg': '/r is damaged'}),
])
def test_a_failure_is_one_sentence_and_what_was_done(run_module, error, expected):
    def declare(*_arguments):
        raise error

    assert run_module(vip_address, OPTIONS, declare=declare) == dict(expected, failed=True, warned=[])
