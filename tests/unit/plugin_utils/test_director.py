# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kernel parameters that a director needs, and what its firewall has to let in."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import director

FORWARD, FORWARD_IPV6 = 'net/ipv4/ip_forward', 'net/ipv6/conf/all/forwarding'
BACKUP_ONLY = 'net/ipv4/vs/backup_only'


def service(vip='192.0.2.100', forward=None, address='192.0.2.21', **more):
    return dict({'vip': vip, 'ports': [80], 'realservers': [dict(address=address, **({'forward': forward} if forward else {}))]},
                **more)


def values(*services, interface='eth0', **options):
    return director.parameters(services, interface, **options)['parameters']


@pytest.mark.parametrize('forward, expected', [(None, 0), ('dr', 0), ('tun', 0), ('nat', 1)])
def test_packets_are_forwarded_only_where_addresses_are_translated(forward, expected):
    assert values(service(), service(forward=forward))[FORWARD] == expected
    assert FORWARD_IPV6 not in values(service(forward=forward))


def test_each_family_is_forwarded_for_its_own_sake():
    parameters = values(service('2001:db8::100', 'nat', '2001:db8::21'))
    assert (parameters[FORWARD], parameters[FORWARD_IPV6]) == (0, 1)


@pytest.mark.parametrize('said, expected', [('on', 1), ('off', 0), (True, 1), (False, 0)])
def test_who_says_whether_to_forward_is_obeyed(said, expected):
    for forward in ('dr', 'nat'):
        parameters = values(service(forward=forward), forward=said)
        assert parameters[FORWARD] == expected and FORWARD_IPV6 not in parameters


@pytest.mark.parametrize('said, expected', [('auto', 1), ('on', 1), ('off', None)])
def test_ipv6_is_forwarded_where_its_addresses_are_translated_unless_that_is_forbidden(said, expected):
    assert values(service('2001:db8::100', 'nat', '2001:db8::21'), forward=said).get(FORWARD_IPV6) == expected


def test_nobody_is_redirected_and_requests_may_come_another_way_than_replies_go():
    parameters = values(service(), interface='eth0.100')
    assert [parameters['net/ipv4/conf/{0}/send_redirects'.format(name)] for name in ('all', 'default', 'eth0.100')] == [0, 0, 0]
    assert parameters['net/ipv4/conf/eth0.100/rp_filter'] == 2


def test_a_host_that_serves_too_sends_nothing_on_that_another_director_sent():
    assert BACKUP_ONLY not in values(service(), own=['192.0.2.10'])
    assert values(service(), own=['192.0.2.21'])[BACKUP_ONLY] == 1


def test_an_override_counts_in_either_spelling_and_none_leaves_the_parameter_alone():
    overrides = {'net.ipv4.conf.eth0/100.rp_filter': 1, 'net/ipv4/vs/expire_nodest_conn': None, 'net.ipv4.vs.sloppy_tcp': 1}
    parameters = values(service(), interface='eth0.100', overrides=overrides)
    assert parameters['net/ipv4/conf/eth0.100/rp_filter'] == 1
    assert 'net/ipv4/vs/expire_nodest_conn' not in parameters
    assert parameters['net/ipv4/vs/sloppy_tcp'] == 1


def test_only_what_belongs_to_ipvs_may_be_missing():
    found = director.parameters([service()], 'eth0')
    assert found['optional'] == [
        'net/ipv4/vs/conn_reuse_mode', 'net/ipv4/vs/expire_nodest_conn', 'net/ipv4/vs/expire_quiescent_template',
    ]


def test_a_port_that_is_used_again_makes_a_new_connection():
    assert values(service())['net/ipv4/vs/conn_reuse_mode'] == 3


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
    assert director.firewall_changes([declared], firewall()) == {'open': [rule], 'close': []}


def test_a_mark_alone_says_nothing_of_ports():
    declared = service(fwmark=7)
    del declared['ports']
    assert director.firewall_changes([declared], firewall()) == {'open': [], 'close': []}


def test_where_all_is_open_nothing_changes_and_what_is_not_ours_stays():
    foreign = [SSH, WEB.replace(' priority="173"', ''), TLS.replace(' priority="173"', ''), TLS.replace('173', '1730')]
    there = firewall([WEB, *foreign], [WEB, *foreign])
    assert director.firewall_changes([service()], there) == {'open': [], 'close': []}


@pytest.mark.parametrize('there', [firewall([WEB], []), firewall([], [WEB])], ids=['only now', 'only after a reload'])
def test_a_rule_has_to_be_there_now_and_after_a_reload(there):
    assert director.firewall_changes([service()], there)['open'] == [WEB]
    assert director.firewall_changes([service(ports=[443])], there) == {'open': [TLS], 'close': [WEB]}


def test_what_nobody_declares_any_more_is_closed():
    there = firewall([WEB, TLS, SSH], [WEB, SSH])
    assert director.firewall_changes([service()], there) == {'open': [], 'close': [TLS]}
    assert director.firewall_changes([], there) == {'open': [], 'close': [TLS, WEB]}


def test_a_host_that_is_both_has_rules_of_its_own_for_each():
    there = firewall([WEB], [WEB])
    assert director.firewall_changes([], there, 174) == {'open': [], 'close': []}
    assert director.firewall_changes([service()], there, 174)['open'] == [WEB.replace('173', '174')]


def test_an_address_has_one_spelling():
    assert director.firewall_changes([service('2001:DB8:0::100')], firewall()) == director.firewall_changes(
        [service('2001:db8::100')], firewall())


def test_where_no_firewall_runs_there_is_nothing_to_do():
    assert director.firewall_changes([service()], None) == {'open': [], 'close': []}
