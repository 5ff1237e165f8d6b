# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module vip_probe hands its options on, never claims a change and ends in one sentence."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.command import CommandError
from ansible_collections.lvs.direct_routing.plugins.module_utils.probe import ProbeError, Target
from ansible_collections.lvs.direct_routing.plugins.modules import vip_probe

OPTIONS = {'address': '192.0.2.100', 'port': 80}


def test_left_out_options_are_those_of_the_probe(run_module):
    def probe(runner, target):
        return {'target': target, 'warnings': ['lost']}

    ended = run_module(vip_probe, OPTIONS, probe=probe)
    assert ended == {'changed': False, 'target': Target('192.0.2.100', 80), 'warned': ['lost']}


@pytest.mark.parametrize('error', [ProbeError('no'), CommandError(['ip'], 1, 'no')])
def test_a_failure_is_one_sentence(run_module, error):
    def probe(*_arguments):
        raise error

    assert run_module(vip_probe, OPTIONS, probe=probe) == {'failed': True, 'msg': str(error), 'warned': []}
