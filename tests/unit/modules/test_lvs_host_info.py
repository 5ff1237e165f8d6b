# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module lvs_host_info hands its options on, never claims a change and ends in one sentence."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.command import CommandError
from ansible_collections.lvs.direct_routing.plugins.module_utils.host_info import InfoError, Wanted
from ansible_collections.lvs.direct_routing.plugins.modules import lvs_host_info


def test_left_out_options_ask_nobody(run_module):
    ended = run_module(lvs_host_info, {}, inform=lambda _run, wanted: {'wanted': wanted})
    assert ended == {'changed': False, 'wanted': Wanted(), 'warned': []}


@pytest.mark.parametrize('error', [InfoError('no'), CommandError(['ip'], 1, 'no')])
def test_a_failure_is_one_sentence(run_module, error):
    def inform(*_arguments):
        raise error

    assert run_module(lvs_host_info, {}, inform=inform) == {'failed': True, 'msg': str(error), 'warned': []}
