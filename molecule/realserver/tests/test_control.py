# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The test that listens can hear: with the two steps in the wrong order it does."""

from __future__ import annotations

from nodes import VIPS, Play, mac


def test_the_wrong_order_is_heard(torn_down, listening):
    with listening() as heard:
        play = Play('molecule/realserver/reversed.yml').run()
    assert play.status == 0, play.output
    assert heard['claimed'] == {VIPS[0]: [mac('real1')]}
