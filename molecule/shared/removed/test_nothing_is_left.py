# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""After teardown every host is as it was before."""

from __future__ import annotations

import pathlib

testinfra_hosts = ['ansible://all']

STATE = pathlib.Path(__file__).parent.parent / 'state.sh'


def test_nothing_of_ours_is_left(host):
    before = host.check_output('cat /root/state-before')
    assert '# files' in before
    after = host.check_output('sh -c %s state /root/state-after && cat /root/state-after', STATE.read_text())
    assert after == before
