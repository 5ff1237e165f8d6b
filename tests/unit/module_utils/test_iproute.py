# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What `ip -json` prints is read in full. `ip_json/` holds what iproute2 6.1 printed."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils import iproute
from ansible_collections.lvs.direct_routing.plugins.module_utils.command import CommandError, Result
from ansible_collections.lvs.direct_routing.plugins.module_utils.iproute import (
    Address, Gateway, Link, Route, parse_host_routes, parse_links, parse_neighbours, parse_routing, route_to,
)

GOLDEN = pathlib.Path(__file__).parent / 'ip_json'


def test_links_are_read_as_ip_prints_them():
    links = parse_links((GOLDEN / 'addresses.json').read_text())
    assert {name: (link.kind, link.loopback, link.up, link.arp, link.ours) for name, link in links.items()} == {
        'lo': (None, True, True, True, False),
        'eth0': ('veth', False, True, True, False),
        'ipvs0': ('dummy', False, True, False, True),
    }


def test_addresses_are_read_with_all_that_it_takes_to_make_them_again():
    entries = {entry.local: entry for entry in parse_links((GOLDEN / 'addresses.json').read_text())['eth0'].addresses}
    assert entries['192.0.2.11'] == Address('192.0.2.11', 24, label='eth0', broadcast='192.0.2.255')
    assert entries['192.0.2.13'].secondary and entries['192.0.2.13'].valid < iproute.FOREVER
    assert entries['198.51.100.1'].peer == '198.51.100.2'
    assert entries['2001:db8::bad'].dadfailed


def test_filtered_entries_that_ip_prints_empty_are_skipped():
    assert parse_links('[{},{"ifname":"lo","link_type":"loopback","addr_info":[{}]}]')['lo'].addresses == ()
    assert parse_links('') == {}


def test_only_direct_host_routes_count_as_host_routes():
    assert parse_host_routes((GOLDEN / 'routes_eth0.json').read_text()) == {'203.0.113.8'}
    assert parse_host_routes((GOLDEN / 'routes_lo.json').read_text()) == {'192.0.2.100'}
    assert parse_host_routes('') == frozenset()


@pytest.mark.parametrize('text, route', [
    ('[{"dst":"192.0.2.55","dev":"eth0","prefsrc":"192.0.2.11","flags":[],"uid":0,"cache":[]}]',
     Route('eth0', '192.0.2.11')),
    # A host that is its own gateway.
    ('[{"dst":"192.0.2.21","gateway":"192.0.2.21","dev":"eth0","prefsrc":"192.0.2.11","flags":["onlink"],"uid":0,"cache":[]}]',
     Route('eth0', '192.0.2.11')),
    ('[{"dst":"203.0.113.7","gateway":"192.0.2.1","dev":"eth0","prefsrc":"192.0.2.11","flags":[],"uid":0,"cache":[]}]',
     Route('eth0', '192.0.2.11', gateway='192.0.2.1')),
    ('[{"dst":"203.0.113.7","via":{"family":"inet6","host":"fe80::1"},"dev":"eth0","prefsrc":"192.0.2.11"}]',
     Route('eth0', '192.0.2.11', gateway='fe80::1')),
    ('[{"type":"local","dst":"192.0.2.100","dev":"lo","prefsrc":"192.0.2.100","flags":[],"uid":0,"cache":["local"]}]',
     Route('lo', '192.0.2.100', local=True)),
    ('[{"dst":"2001:db8::55","from":"::","dev":"eth0","protocol":"kernel","prefsrc":"2001:db8::11","metric":256}]',
     Route('eth0', '2001:db8::11')),
])
def test_the_way_to_an_address(text, route):
    assert route_to(lambda argv: Result(tuple(argv), 0, text, ''), '192.0.2.55') == route


def test_no_route_is_an_answer_and_any_other_failure_an_error():
    def run(stderr):
        return lambda argv: Result(tuple(argv), 2, '', stderr)

    assert route_to(run('RTNETLINK answers: Network is unreachable\n'), '192.0.2.55') is None
    with pytest.raises(CommandError, match='Cannot find device "eth9"'):
        route_to(run('Cannot find device "eth9"\n'), '192.0.2.55', 'eth9')


def test_a_batch_of_questions_is_read_in_one():
    # As iproute2 6.1 printed it; the ways to 203.0.113.4 and 203.0.114.4 were errors and are missing.
    routing = parse_routing("""
[{"dst":"default","metric":50,"flags":[],"nexthops":[{"gateway":"192.0.2.2","dev":"d0","weight":1,"flags":[]},\
{"via":{"family":"inet6","host":"fe80::3"},"dev":"d1","weight":1,"flags":[]}]},\
{"dst":"default","gateway":"192.0.2.1","dev":"d0","metric":3,"flags":[]},\
{"type":"unreachable","dst":"default","flags":[]},{"dst":"default","dev":"ppp0","scope":"link","flags":[]}]
[{"priority":0,"src":"all","table":"local"},{"priority":32766,"src":"all","table":"main"}]
[]
[{"dst":"192.0.2.10","dev":"d0","prefsrc":"192.0.2.21","flags":[],"uid":0,"cache":[]}]
[{"type":"local","dst":"2001:db8:0::21","from":"::","dev":"lo","table":"local","prefsrc":"2001:db8::21","metric":0}]
[{"type":"unreachable","dst":"2001:db9::1","from":"::","dev":"lo","metric":4294967295}]
""".replace('\\\n', ''))
    assert routing.gateways == (Gateway(None, 'ppp0'), Gateway('192.0.2.1', 'd0', 3), Gateway('192.0.2.2', 'd0', 50),
                                Gateway('fe80::3', 'd1', 50))
    assert not routing.policy
    assert routing.to == {'192.0.2.10': Route('d0', '192.0.2.21'), '2001:db8::21': Route('lo', '2001:db8::21', local=True)}
    assert parse_routing('') == iproute.Routing()


@pytest.mark.parametrize('rule, policy', [
    ('{"priority":32765,"src":"192.0.2.100","table":"7"}', True),
    ('{"priority":9,"src":"192.0.2.100","action":"unreachable"}', True),
    ('{"priority":9,"src":"192.0.2.100","table":"main"}', False),
])
def test_a_rule_that_looks_elsewhere_is_policy_routing(rule, policy):
    assert parse_routing('[{"priority":0,"src":"all","table":"local"},' + rule + ']').policy is policy


def test_a_neighbour_that_did_not_answer_has_no_mac():
    assert parse_neighbours('[{"dst":"192.0.2.77","dev":"d0","state":["INCOMPLETE"]},'
                            '{"dst":"192.0.2.10","dev":"d0","lladdr":"02:00:00:00:00:10","state":["STALE"]}]') == {
        ('192.0.2.10', 'd0'): '02:00:00:00:00:10'}


@pytest.mark.parametrize('link, card', [
    (Link('eth0'), True), (Link('br0', kind='bridge'), True), (Link('tun1', kind='ipip', link_type='ipip'), True),
    (Link('lo', link_type='loopback'), False), (Link('ipvs0', kind='dummy'), False),
    (Link('tunl0', kind='ipip', link_type='ipip'), False), (Link('ip6tnl0', kind='ip6tnl', link_type='tunnel6'), False),
])
def test_the_loopback_dummies_and_fallback_tunnels_are_no_network_cards(link, card):
    assert link.network_card == card


def test_an_entry_is_replaced_as_it_was_added_and_lasts():
    deprecated = Address('2001:db8::1', 128, preferred=0)
    assert ' '.join(deprecated.add('eth0')) == 'ip address add 2001:db8::1/128 dev eth0 nodad preferred_lft 0'
    assert ' '.join(deprecated.replace('eth0')) == 'ip address replace 2001:db8::1/128 dev eth0 nodad preferred_lft 0'
    assert ' '.join(Address('192.0.2.1', 32, label='lo:0', broadcast='192.0.2.1').replace('lo')) == (
        'ip address replace 192.0.2.1/32 dev lo broadcast 192.0.2.1 label lo:0')
