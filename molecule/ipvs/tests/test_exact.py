# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What substring comparison and truth of numbers get wrong, and whose entries a purge takes."""

from __future__ import annotations

import pytest


@pytest.fixture(name='exact', scope='module')
def exact_cases(nodes, missing):
    return nodes('director', 'exact')


@pytest.mark.parametrize('way', ['10 -> 1', '1 -> 0', '0 -> 1', '1 -> 10'])
def test_a_weight_is_edited_to_exactly_what_is_declared(exact, way):
    weight = way.rpartition(' ')[2]
    line = '-e -t 192.0.2.100:8080 -r 192.0.2.21:8080 -g -w ' + weight
    assert exact['weights'][way] == {
        'foretold': [line],
        'commands': [line],
        'written': [[line]],
        'again': False,
        'kernel': [line.replace('-e', '-a', 1)],
    }


@pytest.mark.parametrize('way', ['lblc -> lblcr', 'lblcr -> lblc', 'rr -> wrr', 'lc -> wlc'])
def test_a_scheduler_whose_name_is_part_of_another_is_another(exact, way):
    line = '-E -t 192.0.2.100:8080 -s ' + way.rpartition(' ')[2]
    assert exact['schedulers'][way] == {
        'foretold': [line],
        'commands': [line],
        'written': [[line]],
        'again': False,
        'kernel': [line.replace('-E', '-A', 1)],
    }


def test_port_8080_is_added_beside_port_80_and_goes_alone(exact):
    assert exact['ports'] == {
        'added': ['-A -t 192.0.2.100:8080 -s rr'],
        'kernel_added': ['-A -t 192.0.2.100:8080 -s rr'],
        'removed': ['-D -t 192.0.2.100:8080'],
        'as_before': True,
    }


def test_a_mark_in_ipv6_is_another_service_than_in_ipv4(exact):
    ipv4 = ['-A -f 7 -s rr', '-a -f 7 -r 192.0.2.21:0 -g -w 1']
    ipv6 = ['-A -f 7 -6 -s rr', '-a -f 7 -6 -r [2001:db8:2::21]:0 -g -w 1']
    assert exact['marks'] == {
        'service ipv4': ipv4[:1],
        'server ipv4': ipv4[1:],
        'service ipv6': ipv6[:1],
        'server ipv6': ipv6[1:],
        'both': sorted(ipv4 + ipv6),
        'removed': ['-D -f 7 -6'],
        'other': sorted(ipv4),
    }


@pytest.mark.parametrize(
    ('step', 'line'),
    list(enumerate(
        [
            '-A -t 192.0.2.100:8080 -s rr',
            '-a -t 192.0.2.100:8080 -r 192.0.2.21:8080 -g -w 1',
            '-d -t 192.0.2.100:8080 -r 192.0.2.21:8080',
            '-a -t 192.0.2.100:8080 -r 192.0.2.21:8080 -g -w 0',
            '-D -t 192.0.2.100:8080',
        ]
    )),
)
def test_what_is_added_and_deleted_is_foretold(exact, step, line):
    assert exact['presence'][step] == {'commands': [line], 'foretold': True, 'written': [[line]], 'again': False}


class TestPurge:
    FOREIGN_SERVER = '-d -t 192.0.2.100:8080 -r 192.0.2.22:8080'

    def test_owned_edits_what_is_ours_and_leaves_what_somebody_else_made(self, exact):
        assert exact['purges']['owned'] == ['-e -t 192.0.2.100:8080 -r 192.0.2.21:8080 -g -w 2']
        assert exact['purges']['owned_left'] == [
            '-A -t 192.0.2.100:8080 -s rr',
            '-A -u 192.0.2.100:53 -s rr',
            '-a -t 192.0.2.100:8080 -r 192.0.2.21:8080 -g -w 2',
            '-a -t 192.0.2.100:8080 -r 192.0.2.22:8080 -g -w 9',
            '-a -u 192.0.2.100:53 -r 192.0.2.21:53 -g -w 3',
        ]

    def test_all_spares_an_ignored_service_and_takes_a_foreign_real_server(self, exact):
        assert exact['purges']['all_but_a_service'] == [self.FOREIGN_SERVER]

    def test_all_leaves_everything_that_is_ignored(self, exact):
        assert exact['purges']['all_but_both'] == []
        assert exact['purges']['kept']

    def test_realservers_takes_a_foreign_real_server_of_our_service_only(self, exact):
        assert exact['purges']['realservers'] == [self.FOREIGN_SERVER]

    def test_all_takes_the_foreign_service(self, exact):
        assert exact['purges']['all'] == ['-D -u 192.0.2.100:53']

    def test_in_the_end_nothing_is_left(self, exact):
        assert exact['purges']['as_before']
