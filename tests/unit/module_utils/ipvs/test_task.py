# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task does beside planning: wait for a drain, without the lock and no longer than it may."""

from __future__ import annotations

import contextlib

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import dump, lock, model, task

from .scripted import SAVE, THRESHOLDS, WRITE, ScriptedIpvsadm

SERVICE = model.ServiceKey('tcp', 'ipv4', '192.0.2.100', 80)
KEY = model.RealServerKey(SERVICE, '192.0.2.21', 80)
WEB = '-A -t 192.0.2.100:80 -s rr\n'
ONE = '-a -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 1\n'
LOOK = THRESHOLDS + ('-t', '192.0.2.100:80')
LISTED = 'TCP  192.0.2.100:80 rr\n  -> 192.0.2.21:80  0 0 {0} {1}\n'


class Module:
    check_mode = False

    def __init__(self):
        self.warnings = []

    def warn(self, warning):
        self.warnings.append(warning)


class Clock:
    """A clock that only goes on while somebody sleeps, and says whether the lock was held then."""

    def __init__(self, path):
        self.path = path
        self.now = 1000.0
        self.slept = []
        self.locked = False

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        assert not self.locked
        self.slept.append(seconds)
        self.now += seconds

    @contextlib.contextmanager
    def exclusive(self):
        with lock.exclusive(self.path) as held:
            self.locked = True
            yield held
            self.locked = False


@pytest.fixture(name='drain')
def drained_with_a_clock(monkeypatch, tmp_path):
    """Return `drain(timeout, interval, *replies to looks) -> (result, warnings, sleeps)`."""

    def drain(timeout, interval, *looks):
        module, clock = Module(), Clock(str(tmp_path / 'lock'))
        ipvsadm = ScriptedIpvsadm((SAVE, WEB + ONE), (THRESHOLDS, LISTED.format(5, 5)), (WRITE,), *looks)
        monkeypatch.setattr(task, 'module_runner', lambda _module: ipvsadm)
        monkeypatch.setattr(task, 'exclusive', clock.exclusive)
        result = task.drain(module, KEY, timeout, interval, clock, clock.sleep)
        assert not ipvsadm.replies
        return result, module.warnings, clock.slept

    return drain


def look(active, inactive):
    return LOOK, LISTED.format(active, inactive)


def test_a_drain_ends_as_soon_as_nothing_is_left(drain):
    result, warnings, slept = drain(60, 2, look(2, 1), look(0, 3), look(0, 0))
    assert slept == [2, 2]
    assert result['drained'] is True
    assert result['connections'] == {'active': 0, 'inactive': 0}
    assert not warnings


def test_a_drain_ends_with_the_time_and_a_last_look(drain):
    result, warnings, slept = drain(5, 2, look(2, 1), look(2, 1), look(1, 2), look(1, 1))
    assert slept == [2, 2, 1]
    assert result['drained'] is False
    assert result['connections'] == {'active': 1, 'inactive': 1}
    assert warnings == [
        '192.0.2.21:80 of tcp 192.0.2.100:80 still has 1 active and 1 inactive connections after 5 s; it keeps weight 0'
    ]


@pytest.mark.parametrize(
    'reply', [(LOOK, 1, '', 'No such service\n'), (LOOK, 'TCP  192.0.2.100:80 rr\n')], ids=['service', 'real server']
)
def test_a_real_server_that_somebody_deletes_meanwhile_has_nothing_left(drain, reply):
    result, _warnings, _slept = drain(60, 1, look(2, 1), reply)
    assert result['drained'] is True


def test_a_look_that_fails_is_a_failure(drain):
    with pytest.raises(task.CommandError, match='Permission denied'):
        drain(60, 1, (LOOK, 2, '', "Can't initialize ipvs: Permission denied (you must be root)"))


def test_connections_are_read_of_every_real_server():
    activity = dump.parse_activity(LISTED.format(7, 8) + 'FWM  7 rr\n  -> 192.0.2.21:0  0 0 1 2\n')
    assert activity[KEY] == (7, 8)
    assert activity[model.RealServerKey(model.ServiceKey('fwmark', 'ipv4', '', 7), '192.0.2.21', 0)] == (1, 2)
