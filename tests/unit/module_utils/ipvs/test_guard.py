# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""While a scheduler changes there is one rule for each family, and none before or after, whatever fails."""

from __future__ import annotations

import errno
import os
import types

import hypothesis
import pytest
from hypothesis import strategies

from ansible_collections.lvs.direct_routing.plugins.module_utils.command import NotInstalled, Result
from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import guard, lock

from .scripted import LOWER, RAISE


class Host:
    """Policy rules, and what is wrong with the programs that make them: {verb: families}."""

    def __init__(self, path, rules=(), **broken):
        self.path = path
        self.rules = set(rules)
        self.broken = broken
        self.calls = []
        self.warnings = []

    def run(self, argv):
        self.calls.append(argv)
        verb = argv[3]
        family = {'-4': 'ipv4', '-6': 'ipv6'}[argv[1]]
        assert argv == {'add': RAISE, 'delete': LOWER}[verb][family]
        if family in self.broken.get(verb, ()):
            return Result(argv, 2, '', 'RTNETLINK answers: Operation not supported\n')
        if (family in self.rules) == (verb == 'add'):
            return Result(argv, 2, '', 'RTNETLINK answers: {0}\n'.format(
                'File exists' if verb == 'add' else 'No such file or directory'))
        self.rules ^= {family}
        return Result(argv, 0, '', '')

    def noted(self):
        with lock.exclusive(self.path) as held:
            return set(held.note)

    def during(self, *families):
        """Return the rules, and what is noted, while the scheduler of services of these families changes."""
        with lock.exclusive(self.path) as held:
            with guard.raised(self.run, held, families, self.warnings.append):
                return set(self.rules), set(held.note)


@pytest.fixture(name='path')
def path_of_the_lock(tmp_path):
    return str(tmp_path / 'lock')


def test_the_rule_is_there_meanwhile_and_gone_after(path):
    host = Host(path)
    assert host.during('ipv6') == ({'ipv6'}, {'ipv6'})
    assert host.calls == [RAISE['ipv6'], LOWER['ipv6']]
    assert (host.rules, host.noted(), host.warnings) == (set(), set(), [])


def test_where_no_scheduler_changes_nothing_runs(path):
    host = Host(path)
    assert host.during() == (set(), set())
    assert not host.calls


def test_a_rule_that_nobody_noted_serves_and_goes(path):
    host = Host(path, rules=['ipv4'])
    assert host.during('ipv4') == ({'ipv4'}, {'ipv4'})
    assert (host.rules, host.noted(), host.warnings) == (set(), set(), [])


def test_it_goes_when_the_change_fails(path):
    host = Host(path)
    with lock.exclusive(path) as held, pytest.raises(KeyboardInterrupt):
        with guard.raised(host.run, held, ['ipv4'], host.warnings.append):
            raise KeyboardInterrupt
    assert (host.rules, host.noted()) == (set(), set())


def test_the_note_comes_before_the_rule(path):
    with lock.exclusive(path) as held:
        def killed(argv):
            assert held.note == ('ipv4',)
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            with guard.raised(killed, held, ['ipv4'], None):
                pass
        held.note = ()


def test_a_note_of_something_else_is_dropped(path):
    with open(path, 'w', encoding='ascii') as stream:
        stream.write('1234 ipv4')
    host = Host(path, rules=['ipv4'])
    with lock.exclusive(path) as held:
        guard.lower(host.run, held, host.warnings.append)
    assert (host.rules, host.noted(), host.warnings) == (set(), set(), [])


def test_a_host_without_ip_is_warned_of_and_goes_on(path):
    def run(argv):
        raise NotInstalled(argv)

    host = Host(path)
    host.run = run
    assert host.during('ipv4') == (set(), set())
    (warning,) = host.warnings
    assert 'Install the package that provides ip' in warning


def test_a_rule_that_cannot_be_noted_is_not_made(path, monkeypatch):
    def full(_handle, text, _offset):
        if text:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(lock.os, 'pwrite', full)
    host = Host(path)
    assert host.during('ipv4') == (set(), set())
    assert not host.calls
    (warning,) = host.warnings
    assert 'No space left on device' in warning


@pytest.mark.parametrize('release', ['3.10.0-1160.el7.x86_64', '4.16.18', '4.4.0'])
def test_an_older_kernel_never_gets_a_rule_for_it_would_drop_everything(path, monkeypatch, release):
    host = Host(path)
    monkeypatch.setattr(guard.os, 'uname', lambda: types.SimpleNamespace(release=release))
    assert host.during('ipv4') == (set(), set())
    assert not host.calls
    (warning,) = host.warnings
    assert warning.endswith('to prevent it takes Linux 4.17 or newer, and this is ' + release)


@pytest.mark.parametrize('release', ['4.17', '4.18.0-553.el8_10.x86_64', '6.1.0-18-amd64', '10.0-rc1'])
def test_newer_kernels_get_one(path, monkeypatch, release):
    host = Host(path)
    monkeypatch.setattr(guard.os, 'uname', lambda: types.SimpleNamespace(release=release))
    assert host.during('ipv4') == ({'ipv4'}, {'ipv4'})


FAMILIES = strategies.sets(strategies.sampled_from(['ipv4', 'ipv6']))


@hypothesis.given(changing=FAMILIES, before=FAMILIES, no_add=FAMILIES, no_delete=FAMILIES)
def test_a_rule_of_ours_is_there_after_only_if_it_is_noted(tmp_path_factory, changing, before, no_add, no_delete):
    path = str(tmp_path_factory.mktemp('lock') / 'lock')
    host = Host(path, rules=before, add=no_add, delete=no_delete)
    with lock.exclusive(path) as held:
        held.note = tuple(before)
    meanwhile, noted = host.during(*changing)
    assert changing - no_add <= meanwhile
    assert meanwhile <= noted | (before & no_add)
    assert host.rules <= host.noted() | (before & no_add)
    assert len(host.warnings) >= len(changing & no_add)
