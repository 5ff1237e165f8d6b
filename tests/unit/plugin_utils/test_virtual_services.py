# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An inventory becomes explicit services, or a sentence that names its key."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import inventory, virtual_services

GROUPS = {'all': ['real1', 'real2', 'director'], 'realservers': ['real1', 'real2'], 'directors': ['director'], 'none': []}
HOSTVARS = {
    'real1': {'lvs_address': '192.0.2.21', 'lvs_address_ipv6': '2001:db8::21', 'ansible_host': 'real1.example.org'},
    'real2': {'ansible_host': '192.0.2.22', 'lvs_address_ipv6': '2001:DB8:0::22', 'lvs_weight': 3},
    'director': {'ansible_host': 'director.example.org'},
}
WEB = {'name': 'web', 'vip': '192.0.2.100', 'port': 80, 'realservers': 'realservers'}


def resolve(*services, groups=None, hostvars=None):
    return virtual_services.resolve(services, groups or GROUPS, hostvars or HOSTVARS, 'lvs_virtual_services')


def faults(*services, groups=None, hostvars=None):
    return virtual_services.faults(services, groups or GROUPS, hostvars or HOSTVARS, 'lvs_virtual_services')


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


def test_a_mark_with_ports_is_one_service():
    service = dict(without(WEB, 'port'), fwmark=7, ports=[80, '8000-8099', '443'], protocol='udp')
    assert [without(one, 'realservers') for one in table(service)] == [{'fwmark': 7, 'family': 'ipv4'}]


def test_resolved_ports_are_numbers_and_ranges_are_texts():
    services = resolve(
        dict(WEB, port='80'), dict(WEB, port=None, fwmark=7, ports=['443', '8000-8099', '90-90']), dict(WEB, port=None, fwmark=8)
    )
    assert [service.get('ports') for service in services] == [[80], [443, '8000-8099', 90], None]


def test_explicit_services_need_not_be_resolved():
    service = dict(WEB, forward='tun', realservers=[{'address': '192.0.2.21'}])
    assert virtual_services.ipvs_services([service])[0]['realservers'] == [{'address': '192.0.2.21', 'forward': 'tun'}]
    with pytest.raises(virtual_services.InventoryError, match='needs a group of the inventory, or a list of servers'):
        virtual_services.ipvs_services([WEB])


def test_false_as_a_text_is_false():
    hostvars = dict(HOSTVARS, real2=dict(HOSTVARS['real2'], lvs_drained='false'))
    assert table(WEB, hostvars=hostvars)[0]['realservers'][1]['weight'] == 3


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
        dict(without(WEB, 'port'), ports=[80, '443']),
        dict(WEB, name='mail', vip='192.0.2.101', port=25, realservers=[{'address': '192.0.2.22', 'forward': 'tun'}]),
        dict(WEB, name='marked', fwmark=7, port=None, vip='2001:db8::100'),
        dict(WEB, name='marked', fwmark=8, port=None, ports=[5060, '10000-10999'], protocol='udp'),
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

    def test_each_port_and_range_is_to_be_let_in(self):
        assert self.of('real1')['services'] == [
            {'vip': '192.0.2.100', 'port': 80, 'protocol': 'tcp'},
            {'vip': '192.0.2.100', 'port': 443, 'protocol': 'tcp'},
            {'vip': '192.0.2.100', 'port': 5060, 'protocol': 'udp'},
            {'vip': '192.0.2.100', 'port': '10000-10999', 'protocol': 'udp'},
        ]

    def test_addresses_are_literal_ones(self):
        hostvars = dict(HOSTVARS, director={'ansible_host': '10.0.0.10', 'lvs_address': '192.0.2.10'})
        assert self.of('real1', hostvars=hostvars)['directors'] == ['192.0.2.10']
        assert self.of('real2')['address'] == '192.0.2.22'
        assert self.of('real2')['peers'] == ['192.0.2.21', '2001:db8::21']
        assert self.of('director')['address'] == ''

    @pytest.mark.parametrize(('settings', 'asked'), [
        ({}, [('192.0.2.21', 80, 'tcp')]),
        ({'port': None, 'ports': [80, 443]}, [('192.0.2.21', 80, 'tcp'), ('192.0.2.21', 443, 'tcp')]),
        ({'port': None, 'ports': [80, 443], 'check': {'port': 8080}}, [('192.0.2.21', 8080, 'tcp')]),
        ({'port': None, 'ports': [80, '443-444'], 'fwmark': 7, 'check': {'type': 'http'}}, [('192.0.2.21', 80, 'tcp')]),
        ({'port': None, 'fwmark': 7}, []),
        ({'port': None, 'fwmark': 7, 'check': {'type': 'tcp', 'port': 22}}, [('192.0.2.21', 22, 'tcp')]),
        ({'protocol': 'udp', 'port': 53}, []),
        ({'protocol': 'udp', 'port': 53, 'check': {'type': 'dns'}}, [('192.0.2.21', 53, 'udp')]),
        ({'vip': '2001:db8::100'}, [('2001:db8::21', 80, 'tcp')]),
        ({'forward': 'nat'}, []),
        ({'check': {'type': 'none'}}, []),
        ({'check': {'type': 'ping'}}, []),
        ({'check': {'type': 'misc', 'command': '/bin/true'}}, []),
        ({'check': {'type': 'http', 'data_path': True}}, []),
        ({'check': {'type': 'http', 'data_path': True, 'port': 80}}, []),
        ({'check': {'type': 'http', 'data_path': True, 'port': 8080}}, [('192.0.2.100', 8080, 'tcp')]),
    ])
    def test_what_keepalived_asks_a_host_itself_is_known(self, settings, asked):
        services = resolve({key: value for key, value in dict(WEB, **settings).items() if value is not None})
        found = [virtual_services.realserver(services, 'real1', GROUPS, dict(
            HOSTVARS, director=dict(HOSTVARS['director'], **engine)))['checks'] for engine in ({'director_engine': 'keepalived'}, {})]
        assert found == [[dict(zip(('address', 'port', 'protocol'), one)) for one in asked], []]

    def test_a_real_server_that_is_a_director_is_asked_at_its_own_address(self):
        services = resolve(dict(WEB, check={'type': 'http', 'data_path': True}))
        groups = dict(GROUPS, directors=['director', 'real1'])
        hostvars = dict(HOSTVARS, director={'director_engine': 'keepalived'})
        found = [virtual_services.realserver(services, host, groups, hostvars)['checks'] for host in ('real1', 'real2')]
        assert found == [[{'address': '192.0.2.21', 'port': 80, 'protocol': 'tcp'}], []]


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
        (dict(WEB, vip='192.0.2.100/32'), "(web).vip: '192.0.2.100/32' is not an address: leave the prefix length out"),
        (dict(WEB, vip=3221226084), '(web).vip: 3221226084 is not a literal'),
        (without(WEB, 'vip'), '(web).vip: None is not a literal'),
        (without(WEB, 'port'), '(web): needs port, or a list of ports, or fwmark'),
        (dict(WEB, ports=[443]), '(web): needs port, or a list of ports, or fwmark'),
        (dict(WEB, port='http'), "(web).port: 'http' is not a number"),
        (dict(WEB, port=65536), '(web).port: 65536 is outside 0..65535'),
        (dict(without(WEB, 'port'), ports=[]), '(web).ports: [] is not a list of ports'),
        (dict(without(WEB, 'port'), ports=[80, 'http']), "(web).ports[1]: 'http' is not a number 0..65535"),
        (dict(without(WEB, 'port'), ports=[80, 443, 80]), '(web).ports[2]: 80 is declared already by ports[0], 80'),
        (dict(WEB, port=0), '(web).port: 0 means all ports and needs persistence'),
        (dict(WEB, port='1024-2047'), "(web).port: '1024-2047' is a range, and IPVS has services of one port"),
        (dict(WEB, fwmark=7, ports=[443]), '(web): needs port, or a list of ports, or fwmark; not both'),
        (dict(WEB, fwmark=7, port=0), '(web).port: 0 is outside 1..65535'),
        (dict(WEB, fwmark=7, port='1-65536'), "(web).port: '1-65536' is outside 1..65535"),
        (dict(WEB, fwmark=7, port='2047-1024'), "(web).port: '2047-1024' is no range, since it ends before"),
        (
            dict(without(WEB, 'port'), fwmark=7, ports=['1024-2047', '2047-3000']),
            '(web).ports[1]: 2047-3000 is declared already by ports[0], 1024-2047',
        ),
        (dict(WEB, fwmark='seven'), "(web).fwmark: 'seven' is not a number 1..4294967295"),
        (dict(WEB, fwmark=0), '(web).fwmark: 0 is not a number 1..4294967295'),
        (dict(without(WEB, 'port'), fwmark=7, protocol='udp'), '(web).protocol: needs port or ports beside fwmark'),
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
        (
            dict(without(WEB, 'port'), ports=[80, 443], realservers=[{'address': '192.0.2.21', 'port': 80}]),
            '(web).realservers[0].port: 80 is not the port of the service, 443; with forward: dr packets arrive unchanged',
        ),
        (
            dict(WEB, realservers=[{'address': '2001:db8::21'}]),
            "(web).realservers[0].address: '2001:db8::21' is not ipv4 like its service; only forward: tun may mix families",
        ),
        (dict(WEB, weight=-1), '(web).weight: -1 is outside 0..65535'),
        (dict(WEB, tunnel={'type': 'gue'}, forward='tun'), '(web).tunnel.port: 0 is outside 1..65535'),
        (
            dict(WEB, realservers=[{'address': '192.0.2.21/24'}]),
            "(web).realservers[0].address: '192.0.2.21/24' is not an address: leave the prefix length out",
        ),
        (
            dict(WEB, realservers=[{'address': '192.0.2.100'}]),
            '(web).realservers[0].address: 192.0.2.100 is the VIP of lvs_virtual_services[0] (web)',
        ),
        (
            dict(WEB, realservers=[{'address': '192.0.2.21'}, {'address': '192.0.2.22'}, {'address': '192.0.2.21'}]),
            '(web).realservers: realservers[0] and realservers[2] have the same address, 192.0.2.21',
        ),
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


@pytest.mark.parametrize('fwmark', [None, 7])
@pytest.mark.parametrize(
    ('vip', 'kind'),
    [
        ('224.0.0.1', 'multicast'),
        ('ff02::1', 'multicast'),
        ('255.255.255.255', 'broadcast'),
        ('0.0.0.0', 'unspecified'),
        ('169.254.0.1', 'link-local'),
        ('fe80::1', 'link-local'),
        ('127.0.0.1', 'a loopback address'),
        ('::1', 'a loopback address'),
    ],
)
def test_a_vip_that_is_no_unicast_address_is_one_fault(vip, kind, fwmark):
    assert faults(dict(WEB, vip=vip, fwmark=fwmark)) == [
        "lvs_virtual_services[0] (web).vip: '{0}' is {1}; a VIP is a unicast address".format(vip, kind)
    ]


def test_a_real_server_may_serve_on_two_ports_by_nat():
    servers = [{'address': '192.0.2.21', 'port': 8080, 'forward': 'nat'}, {'address': '192.0.2.21', 'forward': 'nat'}]
    assert faults(dict(WEB, realservers=servers)) == []
    servers[1]['port'] = '8080'
    assert len(faults(dict(WEB, realservers=servers))) == 1


class TestFallback:
    @pytest.mark.parametrize(('settings', 'flags'), [
        ({'scheduler': 'mh'}, ['mh-fallback']),
        ({'scheduler': 'sh', 'scheduler_flags': ['sh-port']}, ['sh-port', 'sh-fallback']),
        ({'scheduler': 'sh', 'scheduler_fallback': True}, ['sh-fallback']),
        ({'scheduler': 'mh', 'scheduler_flags': ['mh-port'], 'scheduler_fallback': False}, ['mh-port']),
        ({'scheduler': 'mh', 'scheduler_fallback': False}, None),
        ({'scheduler': 'sh', 'scheduler_flags': 'sh-port'}, ['sh-port', 'sh-fallback']),
        ({'scheduler': 'dh'}, None), ({'scheduler': 'dh', 'scheduler_fallback': False}, None), ({}, None),
    ], ids=str)  # fmt: skip
    def test_clients_of_a_drained_real_server_go_to_another_one_unless_it_is_refused(self, settings, flags):
        entry, = virtual_services.ipvs_services([dict(WEB, realservers=[], **dict({'scheduler': 'wlc'}, **settings))])
        assert entry.get('scheduler_flags') == flags

    @pytest.mark.parametrize(('settings', 'sentence'), [
        ({'scheduler': 'mh', 'scheduler_fallback': 'no'}, "'no' is neither true nor false"),
        ({'scheduler': 'dh', 'scheduler_fallback': True}, 'is for sh and mh, and the scheduler is dh'),
        ({'scheduler': None, 'scheduler_fallback': True}, 'is for sh and mh, and the scheduler is wlc'),
        ({'scheduler': 'mh', 'scheduler_flags': ['flag-1'], 'scheduler_fallback': False}, 'is false, and scheduler_flags has mh-fallback'),
    ], ids=str)  # fmt: skip
    def test_what_is_no_answer_is_a_mistake(self, settings, sentence):
        assert faults(dict(WEB, **settings)) == ['lvs_virtual_services[0] (web).scheduler_fallback: ' + sentence]


class TestAllMistakes:
    def test_a_sound_inventory_has_none(self):
        assert faults(WEB, dict(WEB, name='six', vip='2001:db8::100')) == []

    def test_no_mistake_hides_another(self):
        servers = [{'address': 'real1'}, {'address': '192.0.2.21', 'weight': 70000}, {'weight': 1}]
        assert [fault.partition(': ')[0] for fault in faults(
            'web',
            dict(WEB, schduler='rr', scheduler='dr', port=65536, realservers='nobody'),
            dict(WEB, name='mail', vip='www.example.org', realservers=servers),
            dict(WEB, name='dns', vip='192.0.2.101', scheduler='dr', realservers=servers),
        )] == [
            'lvs_virtual_services[0] is not a service',
            'lvs_virtual_services[1] (web)',
            'lvs_virtual_services[1] (web).port',
            'lvs_virtual_services[1] (web).realservers',
            'lvs_virtual_services[1] (web).scheduler',
            'lvs_virtual_services[2] (mail).vip',
            'lvs_virtual_services[2] (mail).realservers[0].address',
            'lvs_virtual_services[2] (mail).realservers[2]',
            'lvs_virtual_services[2] (mail).realservers[1].weight',
            'lvs_virtual_services[3] (dns).realservers[0].address',
            'lvs_virtual_services[3] (dns).realservers[2]',
            'lvs_virtual_services[3] (dns).scheduler',
            'lvs_virtual_services[3] (dns).realservers[1].weight',
        ]  # fmt: skip

    @pytest.mark.parametrize('service', [
        {'protocol': 'TCP'}, {'port': 'http'}, {'vip': '192.0.2.256'}, {'vip': '224.0.0.1'}, {'port': 0}, {'fwmark': 0, 'port': None},
        {'persistence_timeout': 'long'}, {'one_packet': True}, {'scheduler_flags': 'mh-port'},
    ], ids=str)
    def test_nor_do_settings_of_one_service_hide_one_another(self, service):
        server = {'address': '192.0.2.21', 'weight': 70000, 'upper_threshold': -1, 'forward': 'masq'}
        alone = faults(dict(WEB, **service))
        found = faults(dict(WEB, realservers=[server], scheduler='WRR', persistence_netmask='24.0', **{'persistence_timeout': 60, **service}))
        assert len(alone) == 1
        where = 'lvs_virtual_services[0] (web).'
        assert {fault.partition(': ')[0] for fault in found} - {alone[0].partition(': ')[0]} == {where + key for key in (
            'scheduler', 'persistence_netmask', 'realservers[0].weight', 'realservers[0].upper_threshold', 'realservers[0].forward')}

    @pytest.mark.parametrize(('service', 'server'), [
        ({'scheduler': 'MH', 'scheduler_flags': ['mh-port']}, {}),
        ({'persistence_timeout': 'long', 'persistence_netmask': 24, 'port': 0}, {}),
        ({'persistence_timeout': -1, 'persistence_engine': 'sip', 'protocol': 'udp'}, {}),
        ({}, {'forward': 'ipip', 'tunnel': {'type': 'gue', 'port': 6080}}),
        ({}, {'forward': 'masq', 'port': 8080}),
        ({}, {'upper_threshold': 'many', 'lower_threshold': 5}),
        ({}, {'forward': 'tun', 'tunnel': {'type': 'gue', 'port': 'abc'}}),
        ({}, {'wieght': 3}),
        ({'protocol': 'UDP', 'one_packet': True}, {'forward': 'nat', 'port': 8080}),
    ], ids=str)  # fmt: skip
    def test_what_depends_on_a_wrong_setting_is_not_judged_without_it(self, service, server):
        assert len(faults(dict(WEB, realservers=[dict(server, address='192.0.2.21')], **service))) == 1

    def test_a_mistake_of_a_service_with_many_ports_is_said_once(self):
        assert len(faults(dict(without(WEB, 'port'), ports=[80, 443], scheduler='dr'))) == 1

    def test_a_mistake_of_a_host_in_many_services_is_said_once(self):
        services = [WEB, dict(WEB, port=443)]
        assert faults(*services, groups=dict(GROUPS, realservers=['director'])) == [
            'director: has no IPv4 address; set lvs_address, or ansible_host to one'
        ]

    def test_what_follows_from_a_mistake_is_not_said_as_well(self):
        six = {'lvs_address_ipv6': '2001:db8::21'}
        assert len(faults(dict(WEB, vip='2001:db8::g'), hostvars=dict(HOSTVARS, real1=six))) == 1
        assert len(faults(WEB, hostvars=dict(HOSTVARS, real2={'lvs_address': 'real2'}))) == 1
        assert len(faults(dict(WEB, vip='192.0.2.22'))) == 1

    def test_resolving_fails_with_the_first(self):
        services = [dict(WEB, scheduler='dr'), dict(WEB, name='mail', vip='mail')]
        with pytest.raises(virtual_services.InventoryError) as caught:
            resolve(*services)
        assert str(caught.value) == faults(*services)[0]
        assert len(faults(*services)) == 2

    @pytest.mark.parametrize(
        ('own', 'sentence'),
        [
            ({'lvs_weight': 70000}, 'real2.lvs_weight: 70000 is outside 0..65535'),
            ({'lvs_weight': 'heavy'}, "real2.lvs_weight: 'heavy' is not a whole number"),
            ({'lvs_drained': 'soon'}, "real2.lvs_drained: 'soon' is not true or false"),
            ({'lvs_address': 'real2'}, "real2.lvs_address: 'real2' is not a literal IPv4 or IPv6 address"),
            ({'lvs_address': '192.0.2.22/24'}, "real2.lvs_address: '192.0.2.22/24' is not an address: leave the prefix"),
            ({'lvs_address': '224.0.0.1'}, "real2.lvs_address: '224.0.0.1' is multicast; a real server has a unicast"),
            ({'lvs_address_ipv6': '192.0.2.22'}, "real2.lvs_address_ipv6: '192.0.2.22' is not an IPv6 address"),
            ({'lvs_address': '192.0.2.21'}, '(web).realservers: real1 and real2 have the same address, 192.0.2.21'),
        ],
    )
    def test_what_host_vars_say_wrong_is_named_by_host_and_key(self, own, sentence):
        found = faults(WEB, hostvars=dict(HOSTVARS, real2=dict(HOSTVARS['real2'], **own)))
        assert len(found) == 1
        assert sentence in found[0]

    def test_an_address_of_a_director_that_cannot_be_read_is_named(self):
        assert faults(WEB, hostvars=dict(HOSTVARS, director={'lvs_address': 'director'})) == [
            "director.lvs_address: 'director' is not a literal IPv4 or IPv6 address"
        ]

    @pytest.mark.parametrize(
        ('groups', 'why'), [(dict(GROUPS, directors=[]), 'has no hosts'), (without(GROUPS, 'directors'), 'is not in the inventory')]
    )
    def test_services_need_directors(self, groups, why):
        assert faults(WEB, groups=groups) == [
            "lvs_virtual_services: nobody would have these VIPs, since the group 'directors' {0}; put a host into it".format(why)
        ]
        assert faults(groups=groups) == []

    def test_an_absent_variable_is_a_mistake_and_an_empty_list_is_none(self):
        assert faults() == []
        assert virtual_services.faults(None, GROUPS, HOSTVARS, 'lvs_virtual_services') == [
            'lvs_virtual_services is not set; an empty list means that there are no virtual services'
        ]

    @pytest.mark.parametrize('services', [WEB, 'web', 80])
    def test_something_else_than_a_list_is_a_mistake(self, services):
        found = virtual_services.faults(services, GROUPS, HOSTVARS, 'lvs_virtual_services')
        assert len(found) == 1
        assert found[0].startswith('lvs_virtual_services is not a list of services: ')


class TestNetworks:
    groups = dict(GROUPS, directors=['director', 'other'])

    def faults(self, vip, *networks, **service):
        directors = dict(zip(('director', 'other'), ({} if one is None else {'lvs_networks': one} for one in networks)))
        return faults(dict(WEB, vip=vip, **service), groups=self.groups, hostvars=dict(HOSTVARS, **directors))

    @pytest.mark.parametrize('forward', ['dr', 'tun', 'nat'])
    def test_a_vip_in_no_network_of_a_director_is_a_mistake(self, forward):
        assert self.faults('203.0.113.100', ['192.0.2.10/24'], ['198.51.100.0/24', '192.0.2.0/24'], forward=forward) == [
            'lvs_virtual_services[0] (web).vip: 203.0.113.100 is in no network that a director is attached to; '
            'lvs_networks of the directors has 192.0.2.0/24, 198.51.100.0/24'
        ]

    def test_one_director_in_the_network_is_enough(self):
        assert self.faults('192.0.2.100', ['192.0.2.0/24'], ['198.51.100.0/24']) == []
        assert self.faults('2001:db8::100', ['192.0.2.0/24'], ['2001:db8::/64']) == []

    def test_networks_that_are_not_known_are_not_judged(self):
        assert self.faults('203.0.113.100', ['192.0.2.0/24'], None) == []
        assert faults(WEB, groups=without(GROUPS, 'directors'))[0].startswith('lvs_virtual_services: nobody')

    @pytest.mark.parametrize(
        ('vip', 'network', 'edge'),
        [
            ('192.0.2.0', '192.0.2.0/24', 'the address of the network 192.0.2.0/24 itself'),
            ('192.0.2.255', '192.0.2.0/24', 'the broadcast address of the network 192.0.2.0/24'),
            ('2001:db8::', '2001:db8::/64', 'the address of the network 2001:db8::/64 itself'),
        ],
    )
    def test_a_vip_at_the_edge_of_a_network_is_a_mistake(self, vip, network, edge):
        assert self.faults(vip, [network], None) == [
            'lvs_virtual_services[0] (web).vip: {0} is {1}; a VIP is an address that a host can have'.format(vip, edge)
        ]

    @pytest.mark.parametrize(
        ('vip', 'network'),
        [('192.0.2.100', '192.0.2.100/31'), ('192.0.2.100', '192.0.2.100/32'), ('2001:db8::ffff', '2001:db8::/112')],
    )
    def test_where_there_is_no_such_edge_there_is_no_mistake(self, vip, network):
        assert self.faults(vip, [network], [network]) == []

    @pytest.mark.parametrize(
        ('networks', 'sentence'),
        [
            ('192.0.2.0/24', "director.lvs_networks: '192.0.2.0/24' is not a list of networks, as [192.0.2.0/24]"),
            (['192.0.2.0'], "director.lvs_networks[0]: '192.0.2.0' is not a network with its prefix length, as 192.0.2.0/24"),
            (['192.0.2.0/33'], "director.lvs_networks[0]: '192.0.2.0/33' is not a network"),
            (['10/8'], "director.lvs_networks[0]: '10/8' is not a network"),
            ([24], 'director.lvs_networks[0]: 24 is not a network'),
        ],
    )
    def test_a_network_that_cannot_be_read_is_a_mistake_and_no_reason_for_another(self, networks, sentence):
        found = self.faults('203.0.113.100', networks, ['192.0.2.0/24'])
        assert len(found) == 1
        assert found[0].startswith(sentence)


class TestFirewallMarks:
    marked = dict(without(WEB, 'port'), name='marked', fwmark=7)

    def test_each_service_with_mark_and_ports_is_one_entry_in_ascending_order(self):
        services = [
            dict(self.marked, vip='2001:db8::100', ports=['1024-2047', 443, 80], fwmark='9'),
            dict(self.marked, port=5060, protocol='udp', fwmark=10),
            dict(self.marked, port=80),
            dict(self.marked, fwmark=11),
            dict(WEB, port=25),
        ]
        marks = [
            {'vip': '192.0.2.100', 'protocol': 'tcp', 'ports': ['80'], 'mark': 7},
            {'vip': '192.0.2.100', 'protocol': 'udp', 'ports': ['5060'], 'mark': 10},
            {'vip': '2001:db8::100', 'protocol': 'tcp', 'ports': ['80', '443', '1024-2047'], 'mark': 9},
        ]
        assert virtual_services.firewall_marks(resolve(*services)) == marks
        assert virtual_services.firewall_marks(resolve(*reversed(services))) == marks

    def test_packets_have_one_mark(self):
        assert faults(dict(self.marked, port='80-90'), dict(self.marked, name='other', fwmark=8, ports=[443, '85-99'])) == [
            'lvs_virtual_services[1] (other).ports[1]: tcp 192.0.2.100:85-90 gets mark 8 here and mark 7 by '
            'lvs_virtual_services[0] (marked)'
        ]

    @pytest.mark.parametrize('marked_first', [True, False])
    def test_a_mark_must_not_take_packets_from_another_service(self, marked_first):
        services = [dict(self.marked, ports=['1-1023']), WEB]
        positions = (0, 1) if marked_first else (1, 0)
        assert faults(*(services[position] for position in positions)) == [
            'lvs_virtual_services[{0}] (marked).ports[0]: tcp 192.0.2.100:80 gets mark 7, and IPVS looks for marks first, so '
            'lvs_virtual_services[{1}] (web), which has that port as well, would never get a packet'.format(*positions)
        ]

    @pytest.mark.parametrize(
        'other', [{'vip': '192.0.2.101'}, {'protocol': 'udp'}, {'port': 81}, {'port': 0, 'persistence_timeout': 300}]
    )
    def test_other_packets_are_no_matter(self, other):
        assert faults(dict(self.marked, port=80), dict(WEB, **other)) == []

    def test_the_same_mark_twice_is_one_mistake(self):
        assert faults(dict(self.marked, port=80), dict(self.marked, port=80)) == [
            'lvs_virtual_services[1] (marked): fwmark 7 ipv4 is declared already by lvs_virtual_services[0] (marked)'
        ]

    def test_a_conflict_fails_for_explicit_services_as_well(self):
        services = [dict(self.marked, port=80), WEB]
        with pytest.raises(virtual_services.InventoryError, match=r'mine\[0\] \(marked\).port: tcp 192.0.2.100:80 gets mark 7'):
            virtual_services.firewall_marks(services, 'mine')


def test_single_ports_of_tcp_and_udp_can_be_asked_for():
    services = resolve(
        dict(without(WEB, 'port'), ports=[80, '443']),
        dict(without(WEB, 'port'), fwmark=7, ports=[5060, '10000-10999'], protocol='udp'),
        dict(without(WEB, 'port'), fwmark=8),
        dict(WEB, vip='192.0.2.101', port=0, persistence_timeout=300),
        dict(WEB, vip='192.0.2.101', port=132, protocol='sctp'),
    )
    assert virtual_services.probes(services) == [[services[0], 80, {}], [services[0], 443, {}], [services[1], 5060, {}]]


@pytest.mark.parametrize('check, request_of_80', [
    ({'type': 'tcp'}, {}),
    ({'type': 'http'}, {'path': '/', 'tls': False}),
    ({'type': 'http', 'path': '/healthz', 'host': 'www.example.com', 'status': 204},
     {'path': '/healthz', 'host': 'www.example.com', 'status': ['204'], 'tls': False}),
    ({'type': 'https', 'status': ['200-299', 401]}, {'path': '/', 'status': ['200-299', '401'], 'tls': True}),
    ({'type': 'http', 'port': 8080}, {}),
    ({'type': 'http', 'port': 80}, {'path': '/', 'tls': False}),
])
def test_clients_ask_for_what_a_check_asks_for_where_it_does(check, request_of_80):
    ((_service, _port, request),) = virtual_services.probes([{'vip': '192.0.2.100', 'ports': [80], 'check': check}])
    assert request == request_of_80


def test_something_else_than_a_list_is_refused():
    with pytest.raises(virtual_services.InventoryError, match='lvs_virtual_services is not a list of services'):
        virtual_services.resolve(WEB, GROUPS, HOSTVARS, 'lvs_virtual_services')


def test_a_controller_without_netaddr_is_told_what_to_install(monkeypatch):
    monkeypatch.setattr(inventory, 'netaddr', None)
    with pytest.raises(virtual_services.InventoryError, match='pip install netaddr'):
        resolve(WEB)
