# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An inventory becomes explicit services, or a sentence that names its key."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import virtual_services

GROUPS = {'all': ['real1', 'real2', 'director'], 'realservers': ['real1', 'real2'], 'directors': ['director'], 'none': []}
HOSTVARS = {
    'real1': {'lvs_address': '192.0.2.21', 'lvs_address_ipv6': '2001:db8::21', 'ansible_host': 'real1.example.org'},
    'real2': {'ansible_host': '192.0.2.22', 'lvs_address_ipv6': '2001:DB8:0::22', 'lvs_weight': 3},
    'director': {'ansible_host': 'director.example.org'},
}
WEB = {'name': 'web', 'vip': '192.0.2.100', 'port': 80, 'realservers': 'realservers'}


def resolve(*services, groups=None, hostvars=None):
    return virtual_services.resolve(services, groups or GROUPS, hostvars or HOSTVARS, 'lvs_virtual_services')


def table(*services, **inventory):
    return virtual_services.ipvs_services(resolve(*services, **inventory))


def without(service, key):
    return {name: value for name, value in service.items() if name != key}


def test_a_group_becomes_its_hosts_with_address_and_weight():
    assert resolve(WEB)[0]['realservers'] == [
        {'name': 'real1', 'address': '192.0.2.21'},
        {'name': 'real2', 'address': '192.0.2.22', 'weight': 3},
    ]


def test_an_ipv6_service_takes_the_ipv6_addresses():
    addresses = [server['address'] for server in resolve(dict(WEB, vip='2001:db8::100'))[0]['realservers']]
    assert addresses == ['2001:db8::21', '2001:db8::22']


def test_a_tunnel_may_lead_to_the_other_family():
    hostvars = {'real1': {'lvs_address': '192.0.2.21'}}
    services = table(
        dict(WEB, vip='2001:db8::100', forward='tun'), groups={'realservers': ['real1']}, hostvars=hostvars
    )
    assert services[0]['realservers'] == [{'address': '192.0.2.21', 'forward': 'tun'}]


def test_a_drained_host_has_weight_0():
    hostvars = dict(HOSTVARS, real2=dict(HOSTVARS['real2'], lvs_drained=True))
    assert table(WEB, hostvars=hostvars)[0]['realservers'][1]['weight'] == 0


def test_each_port_is_a_service():
    services = table(dict(without(WEB, 'port'), ports=[80, '443'], scheduler='wrr'))
    assert [(one['address'], one['port'], one['protocol'], one['scheduler']) for one in services] == [
        ('192.0.2.100', 80, 'tcp', 'wrr'),
        ('192.0.2.100', 443, 'tcp', 'wrr'),
    ]


def test_a_mark_has_the_family_of_its_vip():
    service = dict(without(WEB, 'port'), vip='2001:db8::100', fwmark=7)
    assert {name: table(service)[0].get(name) for name in ('fwmark', 'family', 'address', 'port')} == {
        'fwmark': 7, 'family': 'ipv6', 'address': None, 'port': None,
    }  # fmt: skip


def test_settings_of_a_service_are_those_of_its_real_servers_unless_they_have_their_own():
    servers = [{'address': '192.0.2.21'}, {'address': '192.0.2.22', 'weight': 0}]
    assert table(dict(WEB, realservers=servers, weight=5, forward='tun'))[0]['realservers'] == [
        {'address': '192.0.2.21', 'weight': 5, 'forward': 'tun'},
        {'address': '192.0.2.22', 'weight': 0, 'forward': 'tun'},
    ]


def test_what_is_not_about_ipvs_does_not_reach_the_table():
    service = dict(WEB, check={'type': 'http'}, sorry_server={'address': '192.0.2.9', 'port': 80})
    assert set(table(service)[0]) == {'address', 'port', 'protocol', 'realservers'}


class TestVips:
    services = resolve(
        WEB,
        dict(WEB, port=443),
        dict(WEB, name='mail', vip='192.0.2.101', port=25, realservers=[{'address': '192.0.2.22'}]),
    )

    def test_each_vip_is_listed_once(self):
        assert virtual_services.vips(self.services) == ['192.0.2.100', '192.0.2.101']


class TestRealserver:
    services = resolve(
        dict(without(WEB, 'port'), ports=[80, 443]),
        dict(WEB, name='mail', vip='192.0.2.101', port=25, realservers=[{'address': '192.0.2.22', 'forward': 'tun'}]),
        dict(WEB, name='marked', fwmark=7, port=None, vip='2001:db8::100'),
        dict(WEB, name='nat', vip='192.0.2.102', forward='nat'),
    )

    def of(self, host, hostvars=None):
        return virtual_services.realserver(self.services, host, GROUPS, hostvars or HOSTVARS)

    def test_a_host_has_the_vips_of_its_own_services_but_of_nat(self):
        assert self.of('real1')['vips'] == ['192.0.2.100', '2001:db8::100']
        assert self.of('director')['vips'] == []

    def test_a_host_that_is_listed_by_address_is_recognised(self):
        assert self.of('real2')['vips'] == ['192.0.2.100', '192.0.2.101', '2001:db8::100']

    def test_one_service_with_a_tunnel_makes_it_the_end_of_a_tunnel(self):
        assert (self.of('real1')['forward'], self.of('real2')['forward']) == ('dr', 'tun')

    def test_each_port_is_to_be_listened_on(self):
        assert self.of('real1')['services'] == [
            {'vip': '192.0.2.100', 'port': 80, 'protocol': 'tcp'},
            {'vip': '192.0.2.100', 'port': 443, 'protocol': 'tcp'},
        ]

    def test_addresses_are_literal_ones(self):
        hostvars = dict(HOSTVARS, director={'ansible_host': '10.0.0.10', 'lvs_address': '192.0.2.10'})
        assert self.of('real1', hostvars=hostvars)['directors'] == ['192.0.2.10']
        assert self.of('real2')['address'] == '192.0.2.22'
        assert self.of('real2')['peers'] == ['192.0.2.21', '2001:db8::21']
        assert self.of('director')['address'] == ''


def test_a_vip_that_is_an_address_of_a_host_is_refused():
    with pytest.raises(virtual_services.InventoryError) as caught:
        resolve(WEB, dict(WEB, name='mail', vip='2001:db8::22'))
    assert str(caught.value) == (
        'lvs_virtual_services[1] (mail).vip: 2001:db8::22 is the address of the host real2 itself; '
        'a VIP is an address of its own'
    )


@pytest.mark.parametrize(
    ('service', 'message'),
    [
        (dict(WEB, schduler='rr'), "lvs_virtual_services[0] (web): unknown key 'schduler'; known are"),
        (dict(WEB, scheduler='dr'), "lvs_virtual_services[0] (web).scheduler: 'dr' is not a scheduler"),
        (dict(WEB, vip='www.example.org'), "lvs_virtual_services[0] (web).vip: 'www.example.org' is not a literal"),
        (dict(WEB, vip='224.0.0.1'), "lvs_virtual_services[0] (web).vip: '224.0.0.1' is multicast"),
        (without(WEB, 'vip'), '(web).vip: None is not a literal'),
        (without(WEB, 'port'), '(web): needs port, or a list of ports, or fwmark'),
        (dict(WEB, ports=[443]), '(web): needs port, or a list of ports, or fwmark'),
        (dict(WEB, port='http'), "(web).port: 'http' is not a number"),
        (dict(WEB, port=65536), '(web).port: 65536 is outside 0..65535'),
        (dict(without(WEB, 'port'), ports=[]), '(web).ports: [] is not a list of ports'),
        (dict(WEB, fwmark=7), '(web).port: does not go with fwmark'),
        (dict(WEB, protocol='icmp'), "(web).protocol: 'icmp' is none of tcp, udp, sctp"),
        (without(WEB, 'realservers'), '(web).realservers: needs a group of the inventory, or a list of servers'),
        (dict(WEB, realservers='reals'), "there is no group 'reals' in the inventory; it has all, directors"),
        (dict(WEB, realservers='none'), "the group 'none' has no hosts"),
        (dict(WEB, realservers='directors'), 'director: has no IPv4 address; set lvs_address'),
        (dict(WEB, realservers=[{'weight': 1}]), '(web).realservers[0]: '),
        (dict(WEB, realservers=[{'address': 'real1'}]), "(web).realservers[0].address: 'real1' is not a literal"),
        (dict(WEB, realservers=[{'address': '192.0.2.21', 'wieght': 1}]), "unknown key 'wieght'"),
        (dict(WEB, realservers=[{'address': '192.0.2.21', 'port': 8080}]), '(web).realservers[0].port: 8080 is not'),
        (dict(WEB, realservers=[{'address': '192.0.2.21', 'weight': 70000}]), '(web).realservers[0].weight: 70000'),
        (dict(WEB, realservers=[{'address': '2001:db8::21'}]), 'only forward: tun may mix families'),
        ('web', "lvs_virtual_services[0] is not a service: 'web'"),
    ],
)
def test_a_mistake_is_named_by_its_key(service, message):
    with pytest.raises(virtual_services.InventoryError) as caught:
        resolve(service)
    assert message in str(caught.value)


def test_a_service_that_is_declared_twice_names_both():
    with pytest.raises(virtual_services.InventoryError) as caught:
        resolve(WEB, dict(WEB, name='shop'))
    assert str(caught.value) == (
        'lvs_virtual_services[1] (shop): tcp 192.0.2.100:80 is declared already by lvs_virtual_services[0] (web)'
    )


def test_something_else_than_a_list_is_refused():
    with pytest.raises(virtual_services.InventoryError, match='lvs_virtual_services is not a list of services'):
        virtual_services.resolve(WEB, GROUPS, HOSTVARS, 'lvs_virtual_services')


def test_a_controller_without_netaddr_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(virtual_services, 'netaddr', None)
    with pytest.raises(virtual_services.InventoryError, match='pip install netaddr'):
        resolve(WEB)
