# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every change of an option is one edit, foretold exactly; whoever is connected notices nothing."""

from __future__ import annotations

import cases
import pytest

EDITED = [
    '{0}: {1}'.format(service, option)
    for service, (_identity, _words, options, server_options) in cases.SERVICES.items()
    for option in options + server_options
]
VALUES = dict(cases.transitions(cases.SCHEDULERS), **cases.REALSERVER_TRANSITIONS)


@pytest.fixture(name='edits', scope='module')
def all_edits(nodes, missing, held_service, traffic, figure, expire_orphans, counted):
    """Edit the service and the real server of a held stream in every way, then services that carry nothing."""
    absent = ','.join(missing)
    # So that a real server that is deleted, however shortly, costs the stream its connection.
    expire_orphans(True)
    with traffic(held_port=cases.HELD_PORT) as stream:
        begun = stream.later()
        counters = [counted()]
        outcome = nodes('director', 'transitions', absent, 'tcp')
        outcome['stream'] = [begun, stream.now(), stream.later()]
        outcome['counters'] = counters + [counted()]
    others = [name for name in cases.SERVICES if name != 'tcp']
    outcome.update(nodes('director', 'transitions', absent, *others))
    figure('transitions: {0}'.format(sum(outcome[name]['transitions'] for name in EDITED)))
    figure('held stream under the edits of tcp: {sent} lines, {echoed} echoes, {longest} s the longest'.format(
        **outcome['stream'][-1]))
    return outcome


@pytest.mark.parametrize('name', EDITED)
def test_each_edit_is_one_line_foretold_and_read_back(edits, missing, name):
    values = set(VALUES[name.partition(': ')[2]]) - set(missing)
    assert edits[name] == {'transitions': len(values) * (len(values) - 1), 'wrong': []}


def test_a_held_stream_goes_on_through_all_edits_of_its_service(edits):
    before, _meanwhile, after = edits['stream']
    assert after['broken'] == ''
    assert after['echoed'] > before['echoed']


def test_no_line_of_the_held_stream_was_lost(edits):
    after = edits['stream'][-1]
    # The last line may be on its way.
    assert after['sent'] - after['echoed'] <= 1


def test_the_kernel_never_stopped_counting_for_the_edited_service(edits):
    before, after = edits['counters']
    assert before[0] > 0
    assert after[0] >= before[0]
    # Each echo is a packet at least.
    assert after[1] - before[1] >= edits['stream'][1]['echoed'] - edits['stream'][0]['echoed']
