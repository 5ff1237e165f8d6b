# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whoever watches a drain sees what is left, whenever that changes and every now and then."""

from __future__ import annotations

import types

import pytest

from ansible_collections.lvs.direct_routing.plugins.action import drain_wait


def entry(left, weight=0, service='web', name='real1'):
    return {'name': name, 'service': service, 'weight': weight, 'left': left, 'done': not weight and not left}


@pytest.fixture(name='wait')
def waiting_by_a_clock_of_its_own(monkeypatch):
    """Return `wait(*looks, timeout=, check=) -> (result, lines)`; the last look stays."""
    now, lines = [0.0], []
    monkeypatch.setattr(drain_wait.time, 'monotonic', lambda: now[0])
    monkeypatch.setattr(drain_wait.time, 'sleep', lambda seconds: now.__setitem__(0, now[0] + seconds))
    monkeypatch.setattr(drain_wait, 'Display', lambda: types.SimpleNamespace(display=lines.append))
    monkeypatch.setattr(drain_wait.ActionBase, 'run', lambda *_arguments: {})

    def wait(*looks, timeout=300, check=False):
        looks = list(looks)
        action = drain_wait.ActionModule.__new__(drain_wait.ActionModule)
        action._task = types.SimpleNamespace(delegate_to='lb1', args={}, check_mode=check)

        def look(**_arguments):
            found = looks.pop(0) if len(looks) > 1 else looks[0]
            return dict(found) if isinstance(found, dict) else {'realservers': found, 'timeout': timeout, 'interval': 2}

        monkeypatch.setattr(action, '_execute_module', look)
        return action.run(task_vars={'inventory_hostname': 'real1'}), lines

    return wait


def test_nothing_is_said_where_nothing_is_left(wait):
    result, lines = wait([entry(0)])
    assert (result['done'], result['waited'], result['left'], lines) == (True, 0, '', [])


def test_a_line_for_each_change_and_every_ten_seconds(wait):
    two, one = [entry(2), entry(1, service='mail')], [entry(0), entry(1, service='mail')]
    result, lines = wait(two, *[one] * 6, [entry(0)])
    assert (result['done'], result['waited']) == (True, 14)
    assert lines == [
        'lb1: real1 has 3 connections left (2 in web, 1 in mail); 0 s of at most 300 s',
        'lb1: real1 has 1 connection left (1 in mail); 2 s of at most 300 s',
        'lb1: real1 has 1 connection left (1 in mail); 12 s of at most 300 s',
    ]


def test_it_ends_when_time_is_up_and_says_what_is_left(wait):
    result, _lines = wait([entry(3), entry(1, name='real2')], timeout=5)
    assert (result['done'], result['waited']) == (False, 5)
    assert result['left'] == 'real1 has 3 connections left (3 in web); real2 has 1 connection left (1 in web)'


def test_who_has_its_weight_still_or_not_yet_is_said(wait):
    assert wait([entry(0, weight=1)], timeout=1)[0]['left'] == 'real1 has weight 1 in web'
    assert wait([dict(entry(0), weight=None, done=False)], timeout=1)[0]['left'] == 'real1 has no entry in web'


def test_check_mode_and_no_time_look_once(wait):
    assert wait([entry(3)], check=True)[0]['waited'] == 0
    assert wait([entry(3)], timeout=0)[0]['waited'] == 0


def test_a_look_that_fails_ends_it(wait):
    result, _lines = wait([entry(3)], {'failed': True, 'msg': 'no ipvsadm'})
    assert (result['failed'], result['msg']) == (True, 'no ipvsadm')
