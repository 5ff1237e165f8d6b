# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A play is killed at any instant and the real servers lose their power: still silent, and the next run converges."""

from __future__ import annotations

import os
import random
import time

from nodes import REALSERVERS, Play, on, reboot
from ways import FIRST, WAYS, declaration

KILLS = int(os.environ.get('LVS_KILLED_PLAYS', '1'))
SEED = int(os.environ.get('LVS_SEED') or random.SystemRandom().randrange(2**32))


def test_killed_plays_are_silent_and_the_next_run_converges(site, listening, figure):
    chance = random.Random(SEED)
    figure('killed plays: LVS_KILLED_PLAYS={0} LVS_SEED={1}'.format(KILLS, SEED))
    # Without what is installed once.
    site(**declaration(FIRST))
    begin = time.monotonic()
    site(**declaration(FIRST))
    whole = time.monotonic() - begin
    killed = asked = 0
    for number in range(KILLS):
        way = chance.choice(WAYS)
        # Mostly the part of it that makes them, which is half of the time; what they give up comes after the directors.
        part, share = ((), 1) if number % 5 == 0 else (('--limit', 'realservers'), 0.5)
        play = Play('playbooks/site.yml', *part, **declaration(way))
        with listening() as heard:
            killed += play.kill_within(chance.uniform(0, whole * share))
            reboot(*REALSERVERS, grace='0')
        assert heard['claimed'] == {}, way.name
        asked += heard['asked']
    with listening() as heard:
        site(**declaration(FIRST))
    assert heard['claimed'] == {}
    answers = {on('client', 'curl --silent --max-time 20 http://192.0.2.100/').strip() for _request in range(4)}
    assert answers == set(REALSERVERS)
    figure('{0} of {1} plays were killed at work; {2} rounds of questions, no wrong answer'.format(killed, KILLS, asked))
