# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fault that can be seen is one sentence that names its host, and a healthy topology has none."""

from __future__ import annotations

import copy

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import options, show
from ansible_collections.lvs.direct_routing.plugins.plugin_utils import verdict, virtual_services

VIP = '192.0.2.100'
MACS = {'director': '02:00:00:00:00:10', 'real1': '02:00:00:00:00:21', 'real2': '02:00:00:00:00:22'}
SERVICES = virtual_services.resolve(
    [{'name': 'web', 'vip': VIP, 'port': 80, 'scheduler': 'wrr', 'realservers': 'realservers'}],
    {'realservers': ['real1', 'real2']},
    {'real1': {'lvs_address': '192.0.2.21'}, 'real2': {'lvs_address': '192.0.2.22', 'lvs_weight': 1}},
    'lvs_virtual_services',
)
LABEL = 'web (tcp 192.0.2.100:80)'


def host(name, *addresses):
    return verdict.host_of(
        name,
        {
            'interfaces': ['lo', 'eth-0.1'],
            'lo': {},
            'eth_0_1': {'macaddress': MACS[name].upper(), 'ipv4_secondaries': [{'address': address} for address in addresses]},
            'all_ipv4_addresses': list(addresses),
        },
    )


def live_table(packets_out=0, declared=None):
    services = show.services(options.table(virtual_services.ipvs_services(declared or SERVICES)), {})
    for service in services:
        for server in service['realservers']:
            server['stats'] = {'packets_out': packets_out}
            server['connections'] = {'active': 1, 'inactive': 2}
    return {'services': services}


class Scene:
    """A healthy topology, to be broken by a test."""

    def __init__(self):
        self.services = copy.deepcopy(SERVICES)
        self.director = ['192.0.2.10', VIP]
        self.realservers = {'real1': ['192.0.2.21', VIP], 'real2': ['192.0.2.22', VIP]}
        self.before = live_table()
        self.after = live_table()
        self.seen = {
            'on_link': True,
            'arp': [MACS['director']],
            'answers': {MACS['real1']: 20, MACS['real2']: 20},
            'refused': {},
            'failures': {},
            'replies': [None] * 40,
            'unsent': 0,
        }

    @property
    def topology(self):
        return verdict.Topology(
            [host('director', *self.director)],
            [host(name, *addresses) for name, addresses in self.realservers.items()],
        )

    @property
    def probe(self):
        return verdict.Probe('client', self.services[0], 80, self.seen)

    def faults(self):
        return self.judge().faults

    def judge(self, **engines):
        return verdict.judge(
            self.services, [self.probe], self.topology, {'director': self.before}, {'director': self.after}, engines
        )


@pytest.fixture(name='scene')
def healthy_scene():
    return Scene()


def test_a_healthy_topology_has_no_fault(scene):
    assert scene.faults() == []


def test_the_summary_says_who_answered(scene):
    assert verdict.summary(scene.probe, scene.topology) == [
        LABEL + ': 40 requests from client',
        'answered by real1 20, real2 20; who has 192.0.2.100? director (02:00:00:00:00:10)',
    ]


def test_a_real_server_that_answers_arp_is_named(scene):
    scene.seen['arp'].append(MACS['real1'])
    assert scene.faults() == [
        'real1: answers for 192.0.2.100 on the segment, which only a director may; its ARP is not silenced'
    ]


def test_a_stranger_that_answers_arp_is_shown_by_its_mac(scene):
    scene.seen['arp'].append('02:00:00:00:00:99')
    assert scene.faults()[0].startswith('an unknown host (02:00:00:00:00:99): answers for 192.0.2.100')


def test_a_vip_that_nobody_answers_for_is_said(scene):
    scene.seen['arp'] = []
    assert scene.faults() == [LABEL + ': nobody answers for 192.0.2.100 on the segment; no director has the VIP']


def test_a_real_server_without_the_vip_is_named(scene):
    scene.realservers['real2'] = ['192.0.2.22']
    scene.seen.update(answers={MACS['real1']: 20}, failures={'timeout': 3, 'unreachable': 17})
    assert scene.faults() == [
        'real2: does not have 192.0.2.100, so it drops what the director sends it for web',
        LABEL + ': 20 of 40 requests failed (3 timeout, 17 unreachable); real2 never answered',
    ]


def test_a_real_server_whose_web_server_is_stopped_is_named(scene):
    scene.seen.update(
        answers={MACS['real1']: 20}, refused={MACS['real2']: 20}, failures={'refused': 20}
    )
    assert scene.faults() == [LABEL + ': real2 refused 20 of 40 requests; nothing listens there']


def test_a_weight_that_the_inventory_does_not_have_is_named(scene):
    scene.after['services'][0]['realservers'][1]['weight'] = 3
    assert scene.faults() == [
        'director: weight 3 for real2 (192.0.2.22) in tcp 192.0.2.100:80; the inventory says 1'
    ]


def test_a_scheduler_that_the_inventory_does_not_have_is_named(scene):
    scene.after['services'][0]['scheduler'] = 'rr'
    assert scene.faults() == ['director: scheduler rr of tcp 192.0.2.100:80; the inventory says wrr']


def test_a_missing_and_a_surplus_real_server_are_named(scene):
    scene.after['services'][0]['realservers'][1]['address'] = '192.0.2.29'
    assert scene.faults() == [
        'director: real2 (192.0.2.22) is not in tcp 192.0.2.100:80',
        'director: 192.0.2.29 is in tcp 192.0.2.100:80, and not in the inventory',
    ]


def test_a_missing_service_is_named(scene):
    scene.after['services'] = []
    assert scene.faults() == ['director: has no service tcp 192.0.2.100:80']


def test_a_service_of_somebody_else_is_no_fault(scene):
    scene.after['services'].append({'fwmark': 7, 'family': 'ipv4', 'realservers': []})
    assert scene.faults() == []


def test_replies_that_pass_the_director_are_counted(scene):
    scene.after = live_table(packets_out=5)
    assert scene.faults()[0] == (
        'director: 5 reply packets of 192.0.2.21 in tcp 192.0.2.100:80 came back through the director'
    )


def test_replies_that_come_from_the_director_are_a_fault(scene):
    scene.seen['answers'] = {MACS['director']: 40}
    assert LABEL + ': replies come through director; real servers must answer directly' in scene.faults()


@pytest.mark.parametrize(('answers', 'is_fault'), [((20, 20), False), ((25, 15), False), ((40, 0), True), ((36, 4), True)])
def test_a_spread_that_cannot_be_an_accident_is_a_fault(scene, answers, is_fault):
    scene.seen['answers'] = dict(zip((MACS['real1'], MACS['real2']), answers))
    assert bool(scene.faults()) is is_fault


@pytest.mark.parametrize('settings', [{'scheduler': 'sh'}, {'persistence_timeout': 300}])
def test_a_spread_that_depends_on_more_than_weights_is_not_judged(scene, settings):
    scene.services[0].update(settings)
    scene.before = scene.after = {'services': []}
    scene.seen['answers'] = {MACS['real1']: 40}
    assert scene.faults() == ['director: has no service tcp 192.0.2.100:80']


def test_behind_a_router_nobody_is_accused_by_mac(scene):
    scene.seen.update(on_link=False, arp=None, answers={'02:00:00:00:00:01': 40})
    assert scene.faults() == []


def test_a_service_of_marked_ports_is_judged_like_one_of_a_port(scene):
    scene.services = virtual_services.resolve(
        [{'name': 'web', 'vip': VIP, 'fwmark': 7, 'ports': [80, '8000-8099'], 'scheduler': 'wrr', 'realservers': 'realservers'}],
        {'realservers': ['real1', 'real2']},
        {'real1': {'lvs_address': '192.0.2.21'}, 'real2': {'lvs_address': '192.0.2.22'}},
        'lvs_virtual_services',
    )
    scene.before = scene.after = live_table(declared=scene.services)
    assert scene.faults() == []
    scene.seen['answers'] = {MACS['real1']: 40}
    scene.after['services'][0]['fwmark'] = 8
    assert scene.faults() == [
        'director: has no service fwmark 7 ipv4',
        LABEL + ': real1 answered 40 of 40 requests; its weight makes that 20',
        LABEL + ': real2 answered 0 of 40 requests; its weight makes that 20',
    ]


def test_two_to_one_is_a_fault_at_a_thousand_requests(scene):
    scene.seen.update(answers={MACS['real1']: 667, MACS['real2']: 333}, replies=[None] * 1000)
    assert scene.faults() == [
        LABEL + ': real1 answered 667 of 1000 requests; its weight makes that 500',
        LABEL + ': real2 answered 333 of 1000 requests; its weight makes that 500',
    ]


def test_refusals_count_as_requests_that_were_sent_there(scene):
    scene.seen.update(answers={MACS['real1']: 36}, refused={MACS['real2']: 4}, failures={'refused': 4})
    assert LABEL + ': real1 answered 36 of 40 requests; its weight makes that 20' in scene.faults()


def test_the_summary_has_the_latency(scene):
    scene.seen['latency'] = {'p50': 0.0011, 'p90': 0.002, 'p95': 0.0024, 'p99': 0.0032, 'max': 0.5}
    assert verdict.summary(scene.probe, scene.topology)[0] == (
        LABEL + ': 40 requests from client, p50 1.1 ms, p95 2.4 ms, p99 3.2 ms, max 500.0 ms')


def test_a_director_without_the_vip_and_two_with_it_are_named(scene):
    def faults(*holders):
        others = verdict.Topology(
            [host('director', '192.0.2.10', *holders[:1]), host('director', '192.0.2.11', *holders[1:])._replace(name='lb2')],
            scene.topology.realservers.values())
        return verdict.judge(scene.services, [], others, {}, {}).faults

    assert faults('192.0.2.9', '192.0.2.9') == ['director and lb2: has 192.0.2.100 on no network card']
    assert faults(VIP) == []
    assert faults(VIP, VIP) == ['director and lb2: each has 192.0.2.100, which only one director may']


def test_a_vip_on_lo_of_a_standby_is_not_a_second_owner():
    facts = {'interfaces': ['lo', 'vips', 'eth0'], 'lo': {'ipv4': {'address': '127.0.0.1'}, 'ipv4_secondaries': [{'address': VIP}]},
             'vips': {'ipv4': {'address': VIP}}, 'eth0': {'ipv4': {'address': '192.0.2.11'}},
             'all_ipv4_addresses': [VIP, VIP, '192.0.2.11']}
    service = {'vip': VIP, 'realservers': [], 'port': 80}

    def faults(*directors):
        return verdict.judge([service], [], verdict.Topology(directors, []), {}, {}).faults

    standby = verdict.host_of('lb2', facts, 'vips')
    assert VIP in standby.addresses and faults(host('director', VIP), standby) == []
    # One that serves too has it there as well as on its network card.
    facts['eth0']['ipv4_secondaries'] = [{'address': VIP}]
    assert faults(verdict.host_of('lb2', facts, 'vips')) == []


def test_replies_of_a_director_that_serves_too_come_through_it(scene):
    scene.after = live_table(packets_out=7)
    assert len(scene.judge().faults) == 2
    scene.director.append('192.0.2.21')
    assert scene.judge().faults == []


def test_a_server_that_its_check_took_out_is_a_warning_and_no_fault(scene):
    scene.after['services'][0]['realservers'].pop(1)
    scene.seen['answers'] = {MACS['real1']: 40}
    assert scene.judge(director='keepalived') == ([], ['real2: is dead by its check, and out of tcp 192.0.2.100:80'])
    assert 'director: real2 (192.0.2.22) is not in tcp 192.0.2.100:80' in scene.judge(director='static').faults


def test_a_service_that_has_lost_its_quorum_is_a_fault(scene):
    scene.after['services'][0]['realservers'] = []
    assert scene.judge(director='keepalived').faults == [
        'director: tcp 192.0.2.100:80 has lost its quorum: real1 (192.0.2.21), real2 (192.0.2.22) are dead by the check']
