# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a firewall has to let in, and what it has to let in no more."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import firewall as rules
from ansible_collections.lvs.direct_routing.plugins.plugin_utils.inventory import InventoryError


def service(vip='192.0.2.100', **settings):
    return dict({'vip': vip, 'ports': [80]}, **settings)


WEB = 'rule priority="173" family="ipv4" destination address="192.0.2.100" port port="80" protocol="tcp" accept'
TLS = WEB.replace('"80"', '"443"')
SSH = 'rule family="ipv4" source address="192.0.2.200" service name="ssh" accept'


def firewall(runtime=(), permanent=()):
    return {'zone': 'public', 'runtime': list(runtime), 'permanent': list(permanent)}


@pytest.mark.parametrize('declared, rule', [
    (service(), WEB),
    (service(ports=['80']), WEB),
    (service(protocol='udp', ports=[53]), WEB.replace('tcp', 'udp').replace('80', '53')),
    (service('2001:db8::100'), WEB.replace('ipv4', 'ipv6').replace('192.0.2.100', '2001:db8::100')),
    (service(ports=[0]), WEB.replace('port port="80" protocol="tcp"', 'protocol value="tcp"')),
    (service(ports=['0']), WEB.replace('port port="80" protocol="tcp"', 'protocol value="tcp"')),
    (service(ports=['1024-2047'], fwmark=7), WEB.replace('"80"', '"1024-2047"')),
])
def test_a_port_of_a_vip_is_one_rule(declared, rule):
    assert rules.firewall_changes([declared], firewall()) == {'open': [rule], 'close': []}


def test_a_mark_alone_says_nothing_of_ports():
    declared = service(fwmark=7)
    del declared['ports']
    assert rules.firewall_changes([declared], firewall()) == {'open': [], 'close': []}


def test_where_all_is_open_nothing_changes_and_what_is_not_ours_stays():
    foreign = [SSH, WEB.replace(' priority="173"', ''), TLS.replace(' priority="173"', ''), TLS.replace('173', '1730')]
    there = firewall([WEB, *foreign], [WEB, *foreign])
    assert rules.firewall_changes([service()], there) == {'open': [], 'close': []}


@pytest.mark.parametrize('there', [firewall([WEB], []), firewall([], [WEB])], ids=['only now', 'only after a reload'])
def test_a_rule_has_to_be_there_now_and_after_a_reload(there):
    assert rules.firewall_changes([service()], there)['open'] == [WEB]
    assert rules.firewall_changes([service(ports=[443])], there) == {'open': [TLS], 'close': [WEB]}


def test_what_nobody_declares_any_more_is_closed():
    there = firewall([WEB, TLS, SSH], [WEB, SSH])
    assert rules.firewall_changes([service()], there) == {'open': [], 'close': [TLS]}
    assert rules.firewall_changes([], there) == {'open': [], 'close': [TLS, WEB]}


def test_a_host_that_is_both_has_rules_of_its_own_for_each():
    there = firewall([WEB], [WEB])
    assert rules.firewall_changes([], there, 174) == {'open': [], 'close': []}
    assert rules.firewall_changes([service()], there, 174)['open'] == [WEB.replace('173', '174')]


def test_an_address_has_one_spelling():
    assert rules.firewall_changes([service('2001:DB8:0::100')], firewall()) == rules.firewall_changes(
        [service('2001:db8::100')], firewall())


def test_where_no_firewall_runs_there_is_nothing_to_do():
    assert rules.firewall_changes([service()], None) == {'open': [], 'close': []}


@pytest.mark.parametrize('port', ['', 'http', '2047-1024', '70000', ' 80', '80,443', '80-', '-80', '0-0', -1, True, '٣'])
def test_what_is_no_port_opens_nothing(port):
    with pytest.raises(InventoryError) as caught:
        rules.firewall_changes([{'vip': '192.0.2.100', 'port': port}], firewall())
    assert str(caught.value).startswith('services[0].port: {0!r} is not a port, for example 80'.format(port))


def test_a_vip_is_an_address():
    with pytest.raises(InventoryError) as caught:
        rules.firewall_changes([{'vip': 'web.example.org', 'port': 80}], firewall())
    assert str(caught.value) == "services[0].vip: 'web.example.org' is not a literal IPv4 or IPv6 address"


def test_other_directors_are_heard_and_nobody_else():
    begin = 'rule priority="173" family="{0}" source address="{1}" '
    adverts = [begin.format('ipv4', '192.0.2.11') + 'protocol value="112" accept',
               begin.format('ipv6', '2001:db8::11') + 'protocol value="112" accept']
    peers = ['192.0.2.11', '2001:db8::11']
    assert rules.firewall_changes([], firewall(), peers=peers)['open'] == adverts
    connections = begin.format('ipv4', '192.0.2.11') + 'destination address="224.0.0.81" port port="8848" protocol="udp" accept'
    assert rules.firewall_changes([], firewall(), peers=peers, sync=True)['open'] == [adverts[0], connections, adverts[1]]
    assert rules.firewall_changes([], firewall(adverts, adverts))['close'] == adverts


def test_directors_without_ipv4_tell_of_their_connections_by_ipv6():
    begin = 'rule priority="173" family="ipv6" source address="2001:db8::11" '
    assert rules.firewall_changes([], firewall(), peers=['2001:db8::11'], sync=True)['open'] == [
        begin + 'protocol value="112" accept', begin + 'destination address="ff05::81" port port="8848" protocol="udp" accept']


def test_what_is_not_tracked_is_each_port_of_tcp_and_sctp():
    services = [service(), service(ports=[443], fwmark=7), service(protocol='udp', ports=[53]), service('2001:db8::100', ports=[0]),
                service('2001:db8::100'), service(protocol='sctp', ports=['5-6'])]
    assert rules.untracked(services) == [
        {'vip': '192.0.2.100', 'protocol': 'tcp', 'ports': ['80', '443']},
        {'vip': '2001:db8::100', 'protocol': 'tcp', 'ports': []},
        {'vip': '192.0.2.100', 'protocol': 'sctp', 'ports': ['5-6']},
    ]


@pytest.mark.parametrize(('sysctls', 'left_out'), [
    ({}, False), (None, False), ({'net.ipv4.vs.conntrack': None}, False), ({'net.ipv4.vs.conntrack': 0}, False), ({'net/ipv4/vs/conntrack': '0'}, False),
    ({'net.ipv4.vs.conntrack': 1}, True), ({'net/ipv4/vs/conntrack': '1'}, True)])
def test_address_translation_with_connection_tracking_needs_all_packets(sysctls, left_out):
    translated = service(realservers=[{'address': '192.0.2.21', 'forward': 'nat'}])
    direct = service('192.0.2.101', realservers=[{'address': '192.0.2.21', 'forward': 'dr'}])
    assert [one['vip'] for one in rules.untracked([translated, direct], sysctls)] == ([] if left_out else ['192.0.2.100']) + ['192.0.2.101']


CHECK = 'rule priority="174" family="{0}" source address="{1}" destination address="{2}" port port="{3}" protocol="{4}" accept'


def test_directors_alone_may_ask_a_real_server_at_its_own_addresses():
    checks = [{'address': '192.0.2.21', 'port': 8080, 'protocol': 'tcp'}, {'address': '2001:db8::21', 'port': 53, 'protocol': 'udp'},
              {'address': '192.0.2.21', 'port': 8080}]
    wanted = [CHECK.format('ipv4', '192.0.2.10', '192.0.2.21', 8080, 'tcp'), CHECK.format('ipv4', '192.0.2.11', '192.0.2.21', 8080, 'tcp'),
              CHECK.format('ipv6', '2001:db8::10', '2001:db8::21', 53, 'udp')]
    directors = ['192.0.2.10', '2001:db8::10', '192.0.2.11']
    assert rules.firewall_changes([], firewall(), 174, checks=checks, directors=directors)['open'] == wanted
    assert rules.firewall_changes([], firewall(wanted, wanted), 174)['close'] == sorted(wanted)


def test_services_of_which_a_director_is_a_real_server_are_tracked():
    services = [service(realservers=[{'address': '192.0.2.21'}, {'address': '192.0.2.10'}]),
                service('192.0.2.101', realservers=[{'address': '192.0.2.21'}])]
    assert [one['vip'] for one in rules.untracked(services, own=['192.0.2.10'])] == ['192.0.2.101']


def test_the_address_of_a_check_is_a_literal_one():
    with pytest.raises(InventoryError, match=r'^checks\[0\].address: '):
        rules.firewall_changes([], firewall(), checks=[{'address': 'real1', 'port': 80}], directors=['192.0.2.10'])
