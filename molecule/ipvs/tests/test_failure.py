# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A change that fails half-way leaves kernel and record as they were and says what happened."""

from __future__ import annotations

import pytest

UNDONE = {
    'a new service is refused': (
        ['-A -t 192.0.2.100:7013 -s twos'],
        [
            '-A -t 192.0.2.100:7011 -s rr',
            '-A -t 192.0.2.100:7012 -s wrr',
            '-A -t 192.0.2.100:7014 -s sed',
            '-a -t 192.0.2.100:7014 -r 192.0.2.21:7014 -g -w 1',
        ],
    ),
    'an edit is refused, edits and additions are taken': (
        ['-E -t 192.0.2.100:7003 -s twos'],
        [
            '-E -t 192.0.2.100:7001 -s wlc',
            '-a -t 192.0.2.100:7001 -r 192.0.2.23:7001 -g -w 1',
            '-e -t 192.0.2.100:7001 -r 192.0.2.21:7001 -g -w 7',
            '-e -t 192.0.2.100:7001 -r 192.0.2.22:7001 -g -w 0',
            '-e -t 192.0.2.100:7003 -r 192.0.2.21:7003 -g -w 9',
        ],
    ),
    'an edit is refused, deletions are taken': (
        ['-E -t 192.0.2.100:7003 -s twos'],
        ['-d -t 192.0.2.100:7001 -r 192.0.2.21:7001', '-D -t 192.0.2.100:7002'],
    ),
    'ipvsadm stops at the third line': (
        ['-A -t 192.0.2.100:7013 -s rr', '-a -t 192.0.2.100:7011 -r 192.0.2.21:7011 -g -w 1'],
        ['-A -t 192.0.2.100:7011 -s rr', '-A -t 192.0.2.100:7012 -s rr'],
    ),
    'ipvsadm stops at the first line': (['-A -t 192.0.2.100:7011 -s rr'], []),
}


@pytest.fixture(name='halfway', scope='module')
def failures(nodes, missing):
    assert 'twos' in missing, 'these cases need a scheduler that the kernel refuses'
    return nodes('director', 'halfway', 'twos')


def told(message):
    """Return what a message says was not applied, and what was."""
    missed, _dot, took = message.partition('Not applied: ')[2].partition('. Applied: ')
    took = took.partition('. ')[0]
    return [[] if part == 'nothing' else part.split('; ') for part in (missed, took)]


@pytest.mark.parametrize('case', UNDONE)
class TestUndone:
    def test_it_fails(self, halfway, case):
        assert halfway[case]['failed']

    def test_the_kernel_is_as_before(self, halfway, case):
        assert halfway[case]['kernel_as_before'], halfway[case]['message']

    def test_the_record_is_as_before(self, halfway, case):
        assert halfway[case]['record_as_before']

    def test_the_message_says_what_took_and_what_did_not(self, halfway, case):
        missed, took = UNDONE[case]
        said_missed, said_took = told(halfway[case]['message'])
        assert set(missed) <= set(said_missed)
        assert set(took) <= set(said_took)
        assert sorted(said_missed + said_took) == sorted(halfway[case]['foretold'])

    def test_the_next_run_finds_nothing_in_its_way(self, halfway, case):
        assert not halfway[case]['next_run_failed']
        assert halfway[case]['left'] == []


def test_the_kernels_own_words_are_explained(halfway):
    message = halfway['a new service is refused']['message']
    assert 'Scheduler or persistence engine not found' in message
    assert 'could not load the module of the scheduler' in message


class TestNotUndone:
    CASE = 'undoing fails too'

    def test_it_fails_and_says_exactly_what_is_left(self, halfway):
        assert halfway[self.CASE]['failed']
        left = halfway[self.CASE]['message'].partition('not as before: ')[2]
        assert left == 'tcp 192.0.2.100:7011; tcp 192.0.2.100:7012.'

    def test_the_next_run_removes_what_was_left(self, halfway):
        assert not halfway[self.CASE]['next_run_failed']
        assert halfway[self.CASE]['left'] == []


def test_in_the_end_nothing_is_left(halfway):
    assert halfway['topology_as_before']
