# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A page shows what tables hold beside what the inventory declares: who has a VIP, who serves, what is wrong."""

from __future__ import annotations

import copy

import pytest

from ansible_collections.lvs.direct_routing.plugins.plugin_utils.report import view

from .topologies import FINDING, Topology


@pytest.fixture(name='topology')
def two_services_of_three():
    return Topology()


def build(topology):
    return view.build(*topology.arguments())


def states(topology, service=0):
    return {member.name: member.state for member in build(topology).services[service].members}


def troubles(topology):
    return [(one.severity, one.sentence) for one in build(topology).troubles]


def test_a_healthy_topology_has_no_trouble(topology):
    shown = build(topology)
    assert (shown.severity, shown.troubles, shown.drift) == ('ok', [], [])
    assert {member.state for member in shown.members} == {'serving'}
    assert [service.severity for service in shown.services] == ['ok', 'ok']


def test_rates_are_what_two_readings_gained_in_a_second(topology):
    assert build(topology).services[0].members[1].rates == (2, 120, 80000)


@pytest.mark.parametrize('break_it', [
    lambda report: report.pop('before'),
    lambda report: report['after'].update(at=report['before']['at']),
    lambda report: report['before']['info']['services'][0]['realservers'][0]['stats'].update(connections=9999),
], ids=['one reading only', 'no time in between', 'counters that began anew'])  # fmt: skip
def test_without_two_readings_there_are_no_rates(topology, break_it):
    break_it(topology.report())
    member = build(topology).services[0].members[0]
    assert (member.rates, member.active) == ((None, None, None), 12)


def test_weight_0_is_drained_and_no_trouble_if_it_is_declared():
    drained = Topology(declared=[
        {'name': 'web', 'vip': '192.0.2.100', 'port': 80,
         'realservers': [{'address': '192.0.2.21'}, {'address': '192.0.2.22', 'weight': 0}]},
    ])  # fmt: skip
    assert states(drained) == {'real1': 'serving', 'real2': 'drained'}
    assert build(drained).severity == 'ok'


def test_a_real_server_that_is_in_no_table_is_out(topology):
    topology.without('real2')
    assert states(topology) == {'real1': 'serving', 'real2': 'out', 'real3': 'serving'}
    assert troubles(topology) == [
        ('warning', 'real2 (2 of 2 services) is out of the table'), ('warning', '2 differences between table and inventory'),
    ]
    host = build(topology).hosts[1]
    assert (host.severity, host.words, host.serving) == ('error', 'out of the table', 0)


def test_a_real_server_that_is_out_of_one_service_says_of_how_many(topology):
    topology.live()[0]['realservers'].pop(0)
    host = build(topology).hosts[0]
    assert (host.severity, host.words) == ('warning', 'out of the table in 1 of 2')
    assert troubles(topology)[0] == ('warning', 'real1 (1 of 2 services) is out of the table')


def test_a_service_without_anybody_is_one_error_and_not_one_of_each_host(topology):
    topology.live()[0]['realservers'] = []
    assert troubles(topology) == [
        ('error', 'Nobody serves web (tcp 192.0.2.100:80)'), ('warning', '3 differences between table and inventory'),
    ]


@pytest.mark.parametrize(('engine', 'inhibit', 'state'), [
    ('keepalived', True, 'failed'), ('keepalived', False, 'drained'), ('static', True, 'drained'),
])
def test_weight_0_is_a_failure_only_where_keepalived_says_so_by_it(engine, inhibit, state):
    topology = Topology(engine=engine, declared=[
        {'name': 'web', 'vip': '192.0.2.100', 'port': 80, 'realservers': 'realservers', 'inhibit_on_failure': inhibit},
    ])
    topology.live()[0]['realservers'][0]['weight'] = 0
    assert states(topology)['real1'] == state


def with_sorry_server():
    return Topology(engine='keepalived', declared=[{
        'name': 'web', 'vip': '192.0.2.100', 'port': 80, 'realservers': 'realservers', 'sorry_server': {'address': '192.0.2.30'},
    }])  # fmt: skip


def test_a_sorry_server_waits_while_others_serve():
    topology = with_sorry_server()
    service = build(topology).services[0]
    assert (states(topology)['192.0.2.30'], service.servers, service.severity) == ('standby', 3, 'ok')
    assert [host.declared for host in build(topology).hosts] == [True, True, True, False]


def test_a_sorry_server_that_answers_is_an_error_and_no_difference_from_the_inventory():
    topology = with_sorry_server()
    topology.live()[0]['realservers'] = [dict(topology.live()[0]['realservers'][0], address='192.0.2.30')]
    assert states(topology)['192.0.2.30'] == 'sorry'
    assert troubles(topology)[0] == ('error', 'Only the sorry server answers for web (tcp 192.0.2.100:80)')
    assert not any('192.0.2.30' in sentence for sentence in build(topology).drift)


def test_what_is_not_declared_is_shown(topology):
    topology.live()[0]['realservers'].append(dict(topology.live()[0]['realservers'][0], address='192.0.2.99'))
    topology.live().append({'protocol': 'udp', 'address': '192.0.2.77', 'port': 53, 'family': 'ipv4', 'realservers': []})
    shown = build(topology)
    assert states(topology)['192.0.2.99'] == 'stranger'
    assert (shown.directors[0].services, shown.directors[0].others) == (2, 1)
    assert shown.drift == ['lb1: 192.0.2.99 is in tcp 192.0.2.100:80, and not in the inventory']


def test_the_table_that_counts_is_that_of_who_has_the_vip():
    topology = Topology(directors=2)
    for vip, there in topology.report(1)['host']['vips'].items():
        there['placements'] = [{'interface': 'eth0', 'prefix': 32, 'heard': vip == '192.0.2.101'}]
    del topology.report(0)['host']['vips']['192.0.2.101']
    topology.live(1)[1]['realservers'][0]['weight'] = 0
    shown = build(topology)
    assert [service.director for service in shown.services] == ['lb1', 'lb2']
    assert [service.members[0].state for service in shown.services] == ['serving', 'drained']
    assert [(one.role, one.held) for one in shown.directors] == [('active', ['192.0.2.100']), ('active', ['192.0.2.101'])]


def test_a_director_without_a_vip_is_a_backup():
    assert [one.role for one in build(Topology(directors=2)).directors] == ['active', 'backup']


def test_a_vip_that_nobody_hears_is_an_error(topology):
    topology.report()['host']['vips']['192.0.2.100']['placements'] = [{'interface': 'lo', 'prefix': 32, 'heard': False}]
    assert troubles(topology) == [('error', 'No director has 192.0.2.100')]


def test_a_vip_of_two_directors_is_an_error():
    topology = Topology(directors=2)
    topology.report(1)['host'] = copy.deepcopy(topology.report(0)['host'])
    assert troubles(topology) == [('error', 'lb1 and lb2 all have 192.0.2.100 and 192.0.2.101')]


def test_a_director_that_is_not_read_is_an_error_and_nothing_is_said_of_the_rest(topology):
    topology.report().update(after={'info': {'unreachable': True, 'msg': 'no route to host'}}, host={'msg': 'no route to host'})
    shown = build(topology)
    assert troubles(topology) == [('error', 'lb1 could not be read: no route to host')]
    assert (shown.directors[0].role, shown.drift) == ('unknown', [])
    assert {member.state for member in shown.members} == {'unknown'}
    assert {service.severity for service in shown.services} == {'unknown'}


def test_what_one_director_does_not_have_may_be_on_the_one_that_is_not_read():
    topology = Topology(directors=2)
    topology.report().update(after={'info': {'msg': 'no route to host'}}, host={'msg': 'no route to host'})
    assert troubles(topology) == [
        ('error', 'lb1 could not be read: no route to host'),
        ('error', 'No director that could be read has 192.0.2.100 and 192.0.2.101'),
    ]


def test_a_director_whose_vips_are_not_known_is_accused_of_nothing_else(topology):
    topology.report()['host'] = {'msg': 'ip is not installed'}
    assert troubles(topology) == [('error', 'lb1 could not be read: ip is not installed')]
    assert states(topology)['real1'] == 'serving'


def test_a_service_on_a_vip_that_nobody_has_is_not_reached(topology):
    topology.report()['host']['vips']['192.0.2.100']['placements'] = []
    assert build(topology).reached == 1


def test_what_the_doctor_found_is_there_worst_first(topology):
    topology.findings = [dict(FINDING, severity='warning', seen='little')] + [dict(FINDING, seen=str(one)) for one in range(6)]
    assert [one['seen'] for one in build(topology).findings] == ['0', '1', '2', '3', '4', '5', 'little']
    assert troubles(topology) == [
        ('error', 'real2: 0'), ('error', 'real2: 1'), ('error', 'real2: 2'), ('error', 'The doctor found 3 more errors'),
        ('warning', 'The doctor found 1 warning'),
    ]


def test_services_of_a_mark_and_of_ipv6_are_found():
    declared = [
        {'name': 'marked', 'vip': '192.0.2.100', 'fwmark': 7, 'ports': [80], 'realservers': [{'address': '192.0.2.21'}]},
        {'name': 'six', 'vip': '2001:db8::100', 'ports': [80, 443], 'protocol': 'udp',
         'realservers': [{'address': '2001:db8::21'}]},
    ]  # fmt: skip
    shown = build(Topology(declared=declared))
    assert [service.endpoint for service in shown.services] == [
        'fwmark 7 ipv4', 'udp [2001:db8::100]:80', 'udp [2001:db8::100]:443',
    ]
    assert shown.severity == 'ok'


@pytest.mark.parametrize(('names', 'text'), [
    (['a'], 'a'), (['a', 'b'], 'a and b'), (['a', 'b', 'c'], 'a, b and c'), (list('abcde'), 'a, b, c, d and e'),
    (list('abcdef'), 'a, b, c, d and 2 more'),
])
def test_names_are_listed_as_in_a_sentence(names, text):
    assert view.listed(names) == text
