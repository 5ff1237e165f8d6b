# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task that is killed at any point does no harm, and the next one mends what it left."""

from __future__ import annotations

import os
import random

import cases
import pytest

KILLS = int(os.environ.get('LVS_KILLS', '5'))
SEED = int(os.environ.get('LVS_SEED') or random.randrange(10**9))
SERVICES = 250


@pytest.fixture(name='killed', scope='module')
def killed_tasks(nodes, missing, held_service, ipvsadm, traffic, figure):
    ipvsadm('-e -t 192.0.2.100:7000 -r 192.0.2.22:7000 -g -w 1')
    ipvsadm('-E -t 192.0.2.100:7000 -s wrr')
    figure('kills: LVS_KILLS={0} LVS_SEED={1}'.format(KILLS, SEED))
    with traffic(held_port=cases.HELD_PORT, port=80) as client:
        begun = client.later()
        outcome = nodes('director', 'kills', KILLS, SEED, SERVICES)
        outcome['stream'] = [begun, client.later()]
        outcome['requests'] = client.end()
    figure('kills: {kills}; of process groups {groups}; a whole run takes {usual} s'.format(**outcome))
    figure('looks at the table: {looks}, of which wrong: {0}'.format(len(outcome['watch']['wrong']), **outcome['watch']))
    figure('under the kills: {made} requests, {failures} failed; {sent} lines sent, {echoed} echoes'.format(
        **outcome['requests']))
    return outcome


def test_all_kills_were_made(killed):
    assert killed['kills'] == KILLS


def test_after_each_kill_of_a_task_and_its_ipvsadm_the_next_run_converges(killed):
    assert killed['wrong']['group'] == []


def test_after_each_kill_of_a_task_alone_the_next_run_converges(killed):
    assert killed['wrong']['process'] == []


def test_the_table_was_never_empty_and_the_live_services_were_always_whole(killed):
    assert killed['watch']['looks'] > 100 * KILLS
    assert killed['watch']['wrong'] == []


def test_no_request_failed(killed):
    assert killed['requests']['made'] > 10 * KILLS
    assert killed['requests']['failed'] == []


def test_the_held_stream_went_on(killed):
    before, after = killed['stream']
    assert after['broken'] == ''
    assert after['echoed'] > before['echoed']


def test_no_line_of_the_held_stream_was_lost(killed):
    assert killed['requests']['sent'] == killed['requests']['echoed']
