# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan leads from any table to any other, in the safe order, and never further."""

from __future__ import annotations

import hypothesis
import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import dump, model
from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs.plan import (
    applied,
    nothing,
    plan,
    removal_scope,
    rescheduled,
    whole_service,
)

from .strategies import tables

EMPTY = model.Table()


def everything(key):
    return True


def table(*lines):
    """Return the table of rules without -x and -y, as ipvsadm saves them."""
    return dump.parse_table('\n'.join(lines))


def rules(*arguments, **options):
    return [change.rule for change in plan(*arguments, **options)]


WEB = '-A -t 192.0.2.100:80 -s wrr'
ONE = '-a -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 1'
TWO = '-a -t 192.0.2.100:80 -r 192.0.2.22:80 -g -w 1'
DNS = '-A -u 192.0.2.100:53 -s rr'
DNS_ONE = '-a -u 192.0.2.100:53 -r 192.0.2.21:53 -g -w 1'


@hypothesis.given(tables, tables)
def test_a_plan_without_limits_leads_from_any_table_to_any_other(have, want):
    assert applied(have, plan(have, want, everything)) == want


@hypothesis.given(tables)
def test_no_plan_is_needed_for_what_is_there(table_):
    assert plan(table_, table_, everything) == []


@hypothesis.given(tables, tables)
def test_no_service_loses_its_last_real_server_on_the_way(have, want):
    """After each single change, a service with servers before and after still has one."""
    changes = plan(have, want, everything)

    def populated(table_):
        return {key.service for key in table_.realservers}

    staying = populated(have) & populated(want)
    for end in range(len(changes) + 1):
        assert staying <= populated(applied(have, changes[:end]))


@hypothesis.given(tables, tables)
def test_rescheduled_are_the_services_that_stay_with_another_scheduler(have, want):
    before, after = (
        {(key, service.scheduler) for key, service in table_.services.items()} for table_ in (have, want)
    )
    staying = have.services.keys() & want.services.keys()
    assert set(rescheduled(plan(have, want, everything))) == {key for key, _name in after - before} & staying


@pytest.mark.parametrize(
    ('before', 'after'),
    [
        ('-w 10', '-w 1'),
        ('-w 1', '-w 0'),
        ('-w 0', '-w 1'),
        ('-w 1', '-w 10'),
        ('-w 1 -x 10 -y 5', '-w 1'),
        ('-w 1', '-w 1 -x 10 -y 0'),
    ],
)
def test_a_changed_real_server_is_edited_and_nothing_else_happens(before, after):
    server = '-a -t 192.0.2.100:80 -r 192.0.2.21:80 -g '
    have, want = table(WEB, server + before, TWO), table(WEB, server + after, TWO)
    assert rules(have, want) == [(server + after).replace('-a', '-e', 1)]


@pytest.mark.parametrize(
    ('before', 'after'),
    [
        ('-s lblc', '-s lblcr'),
        ('-s rr', '-s rr -p 300'),
        ('-s rr -p 300 -M 255.255.255.0', '-s rr -p 300'),
        ('-s sh -b sh-port', '-s sh -b sh-fallback,sh-port'),
        ('-s sh -b sh-port', '-s rr'),
    ],
)
def test_a_changed_service_is_edited_and_its_real_servers_stay(before, after):
    service = '-A -t 192.0.2.100:80 '
    have, want = table(service + before, ONE), table(service + after, ONE)
    assert rules(have, want, everything) == [(service + after).replace('-A', '-E', 1)]


def test_port_80_and_port_8080_are_two_services():
    assert rules(table(WEB), table(WEB, WEB.replace(':80', ':8080'))) == [WEB.replace(':80', ':8080')]


def test_the_same_mark_in_ipv6_is_another_service():
    assert rules(table('-A -f 7 -s rr'), table('-A -f 7 -6 -s rr')) == ['-A -f 7 -6 -s rr']


def test_a_deleted_service_takes_its_real_servers_along():
    assert rules(table(WEB, ONE, TWO), EMPTY, everything) == ['-D -t 192.0.2.100:80']


def test_additions_come_first_and_deletions_last():
    have = table(WEB, ONE, DNS)
    want = table(WEB, TWO, '-A -t 192.0.2.100:443 -s wrr')
    assert rules(have, want, everything) == [
        '-A -t 192.0.2.100:443 -s wrr',
        TWO,
        '-d -t 192.0.2.100:80 -r 192.0.2.21:80',
        '-D -u 192.0.2.100:53',
    ]


def test_one_service_is_removed_with_its_servers_and_no_other():
    have = table(WEB, ONE, DNS, DNS_ONE)
    key = next(key for key in have.services if key.protocol == 'udp')
    assert rules(have, EMPTY, whole_service(key)) == ['-D -u 192.0.2.100:53']


class TestScopes:
    have = table(WEB, ONE, TWO, DNS, DNS_ONE)
    want = table(WEB, ONE)

    def purged(self, purge, owned=EMPTY, ignored=nothing):
        return rules(self.have, self.want, removal_scope(purge, self.want, owned, ignored))

    def test_none_removes_nothing(self):
        assert self.purged('none', owned=self.have) == []

    def test_realservers_removes_those_of_declared_services_only(self):
        assert self.purged('realservers') == ['-d -t 192.0.2.100:80 -r 192.0.2.22:80']

    def test_all_removes_whatever_is_not_declared(self):
        assert self.purged('all') == ['-d -t 192.0.2.100:80 -r 192.0.2.22:80', '-D -u 192.0.2.100:53']

    def test_owned_removes_what_was_recorded(self):
        assert self.purged('owned', table(WEB, TWO)) == ['-d -t 192.0.2.100:80 -r 192.0.2.22:80']

    def test_owned_leaves_a_foreign_table_alone(self):
        assert self.purged('owned') == []

    def test_owned_keeps_a_service_on_which_somebody_else_has_a_real_server(self):
        assert self.purged('owned', table(DNS)) == []

    def test_an_ignored_entry_stays_and_so_does_its_service(self):
        assert self.purged('all', ignored=lambda key: getattr(key, 'port', None) == 53) == [
            '-d -t 192.0.2.100:80 -r 192.0.2.22:80'
        ]
