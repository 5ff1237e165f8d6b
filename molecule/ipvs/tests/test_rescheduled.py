# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nobody is refused while a task changes the scheduler of a live service."""

from __future__ import annotations

import contextlib

import cases
import pytest

# Of two services each.
TASKS = 26


@pytest.fixture(name='rescheduled', scope='module')
def changes_under_traffic(nodes, traffic, figure):
    """Return a function that changes the schedulers while the client asks both services, with the guard or without."""

    def change(how):
        with contextlib.ExitStack() as stack:
            clients = [stack.enter_context(traffic(port=80, address=vip)) for vip in (cases.VIP, cases.VIP_IPV6)]
            outcome = nodes('director', 'rescheduled', how, TASKS)
            outcome['requests'] = [client.end() for client in clients]
        figure('{0} changes of schedulers, {1}: {2} requests in IPv4, {3} failed; {4} in IPv6, {5} failed'.format(
            2 * TASKS, how, *(client[name] for client in outcome['requests'] for name in ('made', 'failures'))))
        return outcome

    return change


@pytest.fixture(name='guarded', scope='module')
def changes_as_they_are_made(rescheduled):
    return rescheduled('guarded')


def test_every_change_was_made_without_a_warning(guarded):
    assert guarded['findings'] == []


@pytest.mark.parametrize('family', [0, 1], ids=['IPv4', 'IPv6'])
def test_no_request_failed(guarded, family):
    assert guarded['requests'][family]['made'] > 20
    assert guarded['requests'][family]['failed'] == []


def test_the_policy_rules_are_as_before(guarded):
    assert guarded['rules_as_before']


def test_what_a_killed_task_leaves_is_one_rule_which_the_next_one_removes(guarded):
    (rule,) = guarded['killed']['left']
    assert rule.endswith('dport 771 blackhole')
    assert guarded['killed']['next_removed']


def test_without_the_guard_requests_are_refused(rescheduled):
    outcome = rescheduled('unguarded')
    failed = [error for client in outcome['requests'] for error in client['failed']]
    assert any('Connection refused' in error for error in failed)
