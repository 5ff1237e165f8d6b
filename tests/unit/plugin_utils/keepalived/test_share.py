# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order of directors in the inventory is that in which they take the VIPs."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.plugin_utils.inventory import InventoryError
from ansible_collections.lvs.direct_routing.plugins.plugin_utils.keepalived import share

GROUPS = {'directors': ['lb1', 'lb2']}
HOSTVARS = {
    'lb1': {'lvs_address': '192.0.2.10', 'lvs_address_ipv6': '2001:db8::10', 'ansible_host': '10.0.0.10'},
    'lb2': {'lvs_address': '192.0.2.11'},
}
WEB = {'name': 'web', 'vip': '192.0.2.100', 'realservers': []}
MAIL = {'name': 'mail', 'vip': '192.0.2.101', 'realservers': []}


def of(host, *services, **variables):
    hostvars = {name: dict(own, **variables) for name, own in HOSTVARS.items()}
    return share.of(services or [WEB], host, GROUPS, hostvars)


def test_a_director_that_is_alone_has_no_peers():
    assert share.of([WEB], 'lb1', {'directors': ['lb1']}, HOSTVARS) == {}


def test_each_hears_from_the_others_and_the_first_comes_first():
    assert of('lb1') == {'address': '192.0.2.10', 'address_ipv6': '2001:db8::10', 'peers': ['192.0.2.11'], 'priority': 254}
    assert of('lb2') == {'address': '192.0.2.11', 'address_ipv6': '', 'peers': ['192.0.2.10', '2001:db8::10'], 'priority': 244}


def test_groups_have_orders_of_their_own():
    groups = {'a': {'virtual_router_id': 51}, 'b': {'virtual_router_id': 52, 'directors': ['lb2', 'lb1']}}
    services = [dict(WEB, ha_group='a'), dict(MAIL, ha_group='b'), dict(MAIL, ha_group='b')]
    assert of('lb1', *services, lvs_ha_groups=groups)['groups'] == [
        {'name': 'a', 'virtual_router_id': 51, 'vips': ['192.0.2.100'], 'priority': 254},
        {'name': 'b', 'virtual_router_id': 52, 'vips': ['192.0.2.101'], 'priority': 244},
    ]
    assert [one['priority'] for one in of('lb2', *services, lvs_ha_groups=groups)['groups']] == [244, 254]
    # Who is up first has all of them, so the next one takes its own from it as soon as it knows all connections.
    assert of('lb1', *services, lvs_ha_groups=groups)['preempt'] is True and 'preempt' not in of('lb1')


@pytest.mark.parametrize('services, groups, sentence', [
    ([WEB], {'a': {'virtual_router_id': 51}}, 'ha_group of web: None is none of a'),
    ([dict(WEB, ha_group='b')], {'a': {'virtual_router_id': 51}}, "ha_group of web: 'b' is none of a"),
    ([dict(WEB, ha_group='a')], None, 'lvs_ha_groups is not set, and services name an ha_group'),
    ([dict(WEB, ha_group='a')], ['a'], "lvs_ha_groups: ['a'] is not a dictionary of groups"),
    ([dict(WEB, ha_group='a')], {'a': 51}, 'lvs_ha_groups.a: 51 is not a group'),
    ([dict(WEB, ha_group='a')], {'a': {'vrid': 51}}, "lvs_ha_groups.a: unknown key 'vrid'; known are virtual_router_id, directors"),
    ([dict(WEB, ha_group='a')], {'a': {'directors': ['lb1']}},
     "lvs_ha_groups.a.directors: ['lb1'] has to name each of lb1, lb2 once, the one that is to have the VIPs first"),
])
def test_a_mistake_is_said(services, groups, sentence):
    with pytest.raises(InventoryError) as caught:
        of('lb1', *services, lvs_ha_groups=groups)
    assert str(caught.value) == sentence


SERVED = dict(WEB, realservers=[{'address': '192.0.2.10'}])


@pytest.mark.parametrize('variables, sentence', [
    ({}, 'lb1 is a director and a real server: set director_ha_sync_interface, by which IPVS knows that it is not its turn to send; '
         'without it a packet would go to and fro between directors'),
    ({'lvs_ha_groups': {'a': {'virtual_router_id': 51}}}, 'lb1 is a director and a real server: with lvs_ha_groups directors send at the '
                                                          'same time, and a packet would go to and fro between them'),
    ({'director_ha_sync_interface': 'eth1', 'realserver_arp_method': 'arptables'},
     'lb1 is a director and a real server: set realserver_arp_method: sysctl; arptables would silence it when it has the VIPs'),
])
def test_a_director_that_serves_as_well_must_not_send_a_packet_to_and_fro(variables, sentence):
    with pytest.raises(InventoryError) as caught:
        of('lb1', dict(SERVED, ha_group='a'), **variables)
    assert str(caught.value) == sentence


def test_directors_need_addresses_by_which_they_know_each_other():
    named = dict(HOSTVARS, lb2={'ansible_host': 'lb2.example.com'})
    for host in named:
        with pytest.raises(InventoryError) as caught:
            share.of([WEB], host, GROUPS, named)
        assert str(caught.value) == 'lb2: set lvs_address, lvs_address_ipv6 or both; directors send each other adverts by address'
    # There is nothing to share.
    assert share.of([], 'lb1', GROUPS, named)['peers'] == []


def test_a_director_that_serves_as_well_may_share():
    assert of('lb1', SERVED, director_ha_sync_interface='eth1')['peers']
    assert of('lb2', SERVED)['peers']
