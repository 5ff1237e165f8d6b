# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a client sees go wrong is one fault that names its host, or the finding that explains it; a healthy topology has none."""

from __future__ import annotations

import copy

import pytest

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import verdict

from .diagnosis import scene as scenes
from .diagnosis.scene import LOUD, VIP, mac

LABEL = 'web (tcp 192.0.2.100:80)'
STRANGER = '02:00:00:00:00:99'


class Scene(scenes.Scene):
    """A healthy topology in which a client has made requests, to be broken by a test."""

    def __init__(self, variant='static', **service):
        super().__init__(variant, **service)
        self.probed = {
            'on_link': True,
            'arp': [mac('lb1')],
            'answers': {mac('real1'): 20, mac('real2'): 20},
            'refused': {},
            'failures': {},
            'replies': [None] * 40,
            'unsent': 0,
        }
        for name in self.groups['directors']:
            for server in (server for one in self.table(name) for server in one['realservers']):
                server['stats'] = {'packets_out': 0}
            for when in ('before', 'after'):
                self.hostvars[name]['lvs_table_' + when] = copy.deepcopy(self.hostvars[name]['lvs_doctor_table'])

    def judge(self):
        self.hostvars['client']['lvs_probes'] = {'results': [dict(self.probed, item=[self.services[0], 80])]}
        return verdict.judge(self.services, self.groups, self.hostvars)

    def faults(self):
        """Return the host of each fault, and what is seen there."""
        return [fault.partition(';')[0] for fault in self.judge().faults]

    def let_pass(self, number, packets):
        """Have reply packets of a real server come through the director."""
        self.hostvars['lb1']['lvs_table_after']['services'][0]['realservers'][number]['stats']['packets_out'] += packets

    def is_silent(self, *names):
        """Have requests that are sent to these time out."""
        answers = {mac(name): 20 for name in ('real1', 'real2') if name not in names}
        self.probed.update(answers=answers, failures={'timeout': 40 - 20 * len(answers)})


@pytest.fixture(name='scene')
def healthy_scene():
    return Scene()


@pytest.mark.parametrize('variant', scenes.VARIANTS)
def test_a_healthy_topology_has_no_fault(variant):
    judged = Scene(variant).judge()
    assert judged.faults == judged.warnings == []


def test_the_summary_says_who_answered(scene):
    assert scene.judge().summary == [
        LABEL + ': 40 requests from client',
        'answered by real1 20, real2 20; who has 192.0.2.100? lb1 ({0})'.format(mac('lb1')),
    ]


def test_the_summary_has_failures_and_latency(scene):
    scene.probed['latency'] = {'p50': 0.0011, 'p90': 0.002, 'p95': 0.0024, 'p99': 0.0032, 'max': 0.5}
    scene.probed['failures'] = {'unreachable': 2, 'timeout': 3}
    assert scene.judge().summary[0] == (
        LABEL + ': 40 requests from client, 5 failed (3 timeout, 2 unreachable), p50 1.1 ms, p95 2.4 ms, p99 3.2 ms, max 500.0 ms')


# What only the client hears.

def test_a_real_server_that_answers_arp_is_named(scene):
    scene.probed['arp'].append(mac('real1'))
    assert scene.faults() == ['real1: answers for 192.0.2.100 on the segment']


def test_a_stranger_that_answers_arp_is_shown_by_its_mac(scene):
    scene.probed['arp'].append(STRANGER)
    assert scene.faults() == ['an unknown host ({0}): answers for 192.0.2.100 on the segment'.format(STRANGER)]


def test_the_mac_of_a_virtual_router_is_that_of_a_director(scene):
    scene.probed['arp'] = ['00:00:5e:00:01:33']
    assert scene.faults() == []


def test_a_vip_that_nobody_answers_for_is_said(scene):
    scene.probed['arp'] = []
    assert scene.faults() == ['lb1: is not heard to answer for 192.0.2.100 as client asks']


def test_two_directors_that_answer_are_named():
    scene = Scene('pair')
    scene.probed['arp'].append(mac('lb2'))
    assert scene.faults() == ['lb1, lb2: all answer for 192.0.2.100']


# What it asks and gets.

def test_a_real_server_that_refuses_is_named(scene):
    scene.probed.update(answers={mac('real1'): 20}, refused={mac('real2'): 20}, failures={'refused': 20})
    assert scene.faults() == ['real2: refused 20 of 40 requests to ' + LABEL]


def test_a_real_server_that_never_answers_is_named(scene):
    scene.is_silent('real2')
    assert scene.judge().faults == [
        'client: 20 of 40 requests to {0} failed (20 timeout); real2 never answered; look at real2'.format(LABEL)]


def test_requests_that_fail_everywhere_are_counted_by_kind(scene):
    scene.probed['failures'] = {'unreachable': 1, 'timeout': 3}
    assert scene.faults() == ['client: 4 of 40 requests to {0} failed (3 timeout, 1 unreachable)'.format(LABEL)]


def test_requests_that_were_not_made_prove_nothing(scene):
    scene.probed['unsent'] = 7
    assert scene.faults() == ['client: 7 requests to {0} were not sent before the deadline'.format(LABEL)]


def test_replies_that_pass_the_director_are_counted(scene):
    scene.let_pass(0, 5)
    assert scene.faults() == ['lb1: 5 reply packets of real1 (192.0.2.21) in tcp 192.0.2.100:80 came back through it']


def test_replies_that_come_from_the_director_are_a_fault(scene):
    scene.probed['answers'] = {mac('lb1'): 40}
    assert scene.faults() == ['lb1: replies of {0} come through it'.format(LABEL)]


def test_replies_of_a_director_that_serves_too_come_through_it(scene):
    for number in (0, 1):
        scene.let_pass(number, 7)
    assert len(scene.faults()) == 2
    scene.hostvars['lb1']['lvs_address'] = '192.0.2.21'
    assert not [fault for fault in scene.faults() if 'reply packets' in fault]


def test_who_answers_and_is_no_real_server_is_named(scene):
    scene.probed['answers'][STRANGER] = 20
    assert scene.faults() == ['an unknown host ({0}): answers {1} and is no real server of it'.format(STRANGER, LABEL)]


def test_what_no_client_saw_is_known_for_dr_and_hosts_of_the_inventory_only():
    nat = Scene(forward='nat')
    nat.probed['answers'] = {mac('lb1'): 40}
    assert nat.faults() == []
    tunnel = Scene('tun')
    tunnel.probed['answers'] = {STRANGER: 40}
    assert tunnel.faults() == []
    adopted = Scene()
    adopted.services[0]['realservers'] = [{'address': '192.0.2.21'}, {'address': '192.0.2.22'}]
    adopted.groups['realservers'] = []
    adopted.probed['answers'] = {STRANGER: 40}
    assert adopted.faults() == []


def test_behind_a_router_what_is_wrong_with_a_server_explains_failures(scene):
    scene.probed.update(on_link=False, arp=None, answers={STRANGER: 20}, failures={'timeout': 20})
    assert scene.faults() == ['client: 20 of 40 requests to {0} failed (20 timeout)'.format(LABEL)]
    scene.seen('real2')['placements'] = []
    assert scene.faults() == ['real2: does not have 192.0.2.100']


def test_nobody_is_blamed_who_may_not_have_been_asked():
    scene = Scene(persistence_timeout=300)
    scene.probed.update(answers={mac('real1'): 38}, failures={'timeout': 2})
    assert scene.judge().faults == [
        'client: 2 of 40 requests to {0} failed (2 timeout); clients see these as errors or wait; '
        'look at the real servers and at what is between'.format(LABEL)]


def test_behind_a_router_nobody_is_accused_by_mac(scene):
    scene.probed.update(on_link=False, arp=None, answers={'02:00:00:00:00:01': 40})
    assert scene.faults() == []


# How requests are spread.

@pytest.mark.parametrize(('answers', 'is_fault'), [((20, 20), False), ((25, 15), False), ((40, 0), True), ((36, 4), True)])
def test_a_spread_that_cannot_be_an_accident_is_a_fault(scene, answers, is_fault):
    scene.probed['answers'] = dict(zip((mac('real1'), mac('real2')), answers))
    assert bool(scene.faults()) is is_fault


@pytest.mark.parametrize('settings', [{'scheduler': 'sh'}, {'persistence_timeout': 300}])
def test_a_spread_that_depends_on_more_than_weights_is_not_judged(settings):
    scene = Scene(**settings)
    scene.info('lb1')['modules'].append('ip_vs_sh')
    scene.probed['answers'] = {mac('real1'): 40}
    assert scene.faults() == []


def test_two_to_one_is_a_fault_at_a_thousand_requests(scene):
    scene.probed.update(answers={mac('real1'): 667, mac('real2'): 333}, replies=[None] * 1000)
    assert scene.faults() == [
        'lb1: of 1000 requests to ' + LABEL + ' real1 answered 667 (its weight makes that 500), real2 answered 333 (its weight makes that 500)']


def test_refusals_count_as_requests_that_were_sent_there(scene):
    scene.probed.update(answers={mac('real1'): 36}, refused={mac('real2'): 4}, failures={'refused': 4})
    assert scene.faults()[1].startswith('lb1: of 40 requests to {0} real1 answered 36 '.format(LABEL))


def test_a_service_of_marked_ports_is_judged_like_one_of_a_port():
    scene = Scene('fwmark')
    scene.probed['answers'] = {mac('real1'): 40}
    assert scene.faults() == [
        'lb1: of 40 requests to ' + LABEL + ' real1 answered 40 (its weight makes that 20), real2 answered 0 (its weight makes that 20)']


def test_who_is_drained_is_not_expected_to_answer(scene):
    scene.services = [dict(service, realservers=[dict(one, weight=int(one['name'] == 'real1')) for one in service['realservers']])
                      for service in scene.services]
    scene.probed['answers'] = {mac('real1'): 40}
    assert [fault.partition(';')[0] for fault in scene.judge().faults] == [
        'lb1: weight 1 for real2 (192.0.2.22) in tcp 192.0.2.100:80']


# What a finding of the doctor explains is said once.

def arp_is_loud(scene):
    scene.info('real1')['interfaces']['eth0']['sysctl'].update(LOUD)
    scene.seen('client')['answers']['eth0'].append(mac('real1'))
    scene.probed.update(arp=[mac('lb1'), mac('real1')], answers={mac('real1'): 40})


def vip_is_missing(scene):
    scene.seen('real2')['placements'] = []
    scene.is_silent('real2')


def nothing_listens(scene):
    scene.info('real2')['listeners'].clear()
    scene.probed.update(answers={mac('real1'): 20}, refused={mac('real2'): 20}, failures={'refused': 20})


def nobody_has_the_vip(scene):
    scene.seen('lb1')['placements'] = []
    for name in ('client', 'real1', 'real2'):
        scene.seen(name)['answers']['eth0'] = []
    scene.is_silent('real1', 'real2')
    scene.probed['arp'] = []


def neighbour_is_stale(scene):
    scene.seen('client')['neighbours']['eth0'] = STRANGER
    scene.is_silent('real1', 'real2')


def stranger_answers(scene):
    scene.seen('client')['answers']['eth0'].append(STRANGER)
    scene.probed.update(arp=[mac('lb1'), STRANGER], answers={STRANGER: 20, mac('real1'): 10, mac('real2'): 10})


def service_is_missing(scene):
    scene.table().clear()
    scene.is_silent('real1', 'real2')


def gateway_is_the_director(scene):
    scene.info('real2')['gateways']['ipv4'][0].update(address=scenes.address('lb1'), macs=[mac('lb1')])
    scene.let_pass(1, 9)
    scene.is_silent('real2')


def everybody_hears_a_duplicate(scene):
    for name in ('client', 'real2'):
        scene.seen(name)['answers']['eth0'].append(mac('real1'))
    scene.probed.update(arp=[mac('lb1'), mac('real1')], answers={mac('real1'): 40})


def nobody_answers(scene):
    for name in ('client', 'real1', 'real2'):
        scene.seen(name)['answers']['eth0'] = []
    scene.is_silent('real1', 'real2')
    scene.probed['arp'] = []


def replies_come_through_the_director(scene):
    gateway_is_the_director(scene)
    scene.probed.update(answers={mac('lb1'): 20, mac('real1'): 20}, failures={})


def service_is_missing_and_its_director_refuses(scene):
    scene.table().clear()
    scene.probed.update(answers={}, refused={mac('lb1'): 40}, failures={'refused': 40})


def neighbour_is_stale_and_refuses(scene):
    scene.seen('client')['neighbours']['eth0'] = STRANGER
    scene.probed.update(answers={}, refused={STRANGER: 40}, failures={'refused': 40})


def director_cannot_be_reached(scene):
    scene.hostvars['lb1'].update({name: {'unreachable': True, 'msg': 'timed out'} for name in (
        'lvs_doctor_host', 'lvs_doctor_table', 'lvs_table_before', 'lvs_table_after')})


@pytest.mark.parametrize(('broken', 'fault'), [
    (arp_is_loud, 'real1: arp_ignore is effectively 0 and arp_announce is effectively 0 of eth0, since only those of lo are set'),
    (everybody_hears_a_duplicate, 'real1: 02:00:00:00:00:15 answers for 192.0.2.100 on the segment'),
    (nobody_answers, 'lb1: has 192.0.2.100, and nobody answered for it when client asked'),
    (replies_come_through_the_director, 'real2: its default gateway'),
    (vip_is_missing, 'real2: does not have 192.0.2.100'),
    (nothing_listens, 'real2: nothing listens on tcp 192.0.2.100:80'),
    (nobody_has_the_vip, 'lb1: has 192.0.2.100 on no network card'),
    (neighbour_is_stale, 'client: takes 02:00:00:00:00:99 for the MAC of 192.0.2.100'),
    (stranger_answers, 'client: 02:00:00:00:00:99, which is no host of the inventory that was looked at, answers for 192.0.2.100'),
    (service_is_missing, 'lb1: has no service tcp 192.0.2.100:80'),
    (service_is_missing_and_its_director_refuses, 'lb1: has no service tcp 192.0.2.100:80'),
    (neighbour_is_stale_and_refuses, 'client: takes 02:00:00:00:00:99 for the MAC of 192.0.2.100'),
    (gateway_is_the_director, 'real2: its default gateway 192.0.2.10 on eth0 is the director lb1'),
], ids=lambda value: getattr(value, '__name__', ''))  # fmt: skip
def test_what_a_finding_explains_is_said_once(scene, broken, fault):
    broken(scene)
    assert len(scene.faults()) == 1 and scene.faults()[0].startswith(fault), scene.faults()


def test_two_masters_are_said_once():
    scene = Scene('pair')
    scene.seen('lb2')['placements'] = [{'interface': 'eth0', 'prefix': 32, 'heard': True}]
    scene.probed['arp'].append(mac('lb2'))
    assert scene.faults() == ['lb1, lb2: each has 192.0.2.100']


def test_what_is_wrong_with_one_does_not_explain_another(scene):
    vip_is_missing(scene)
    scene.is_silent('real1', 'real2')
    assert scene.judge().faults[1:] == [
        'client: 40 of 40 requests to {0} failed (40 timeout); real1 never answered; look at real1'.format(LABEL)]


def test_a_standby_without_the_service_explains_nothing():
    scene = Scene('pair')
    scene.table('lb2').clear()
    scene.is_silent('real2')
    assert scene.faults()[1:] == ['client: 20 of 40 requests to {0} failed (20 timeout)'.format(LABEL)]


def test_a_mark_that_is_missing_explains_failures_of_its_own_vip_only():
    scene = Scene('fwmark')
    scene.table().clear()
    other = dict(scene.services[0], name='other', vip='192.0.2.101', fwmark=8)
    findings = verdict.diagnosis.diagnose(scene.services, scene.groups, scene.hostvars)
    known = verdict.Known(findings)
    assert known.explains(VIP, ['service_missing']) and not known.explains(other['vip'], ['service_missing'])


def test_a_director_that_refuses_is_not_told_to_serve(scene):
    scene.probed.update(answers={}, refused={mac('lb1'): 40}, failures={'refused': 40})
    assert scene.judge().faults == [
        'lb1: refused 40 of 40 requests to {0}; clients get an error at once; see in its table whether anybody has a weight'.format(LABEL)]


def test_who_answered_is_listened_at_whatever_the_doctor_thinks(scene):
    scene.info('real2')['listeners'].clear()
    assert scene.faults() == []
    scene.probed['answers'] = {mac('real1'): 40}
    assert scene.faults()[0] == 'real2: nothing listens on tcp 192.0.2.100:80'


def test_another_weight_is_said_beside_the_spread_that_it_makes(scene):
    scene.servers()[0]['weight'] = 2
    scene.probed.update(answers={mac('real1'): 667, mac('real2'): 333}, replies=[None] * 1000)
    assert scene.faults()[0] == 'lb1: weight 2 for real1 (192.0.2.21) in tcp 192.0.2.100:80'
    assert len(scene.faults()) == 2


def test_a_fault_that_nobody_sees_is_one(scene):
    scene.info('real1')['interfaces']['eth0']['mtu'] = 1400
    assert scene.faults()[0].startswith('real1: the MTU of eth0 is 1400')


def test_who_cannot_be_reached_is_the_only_fault_where_the_rest_is_well(scene):
    scene.hostvars['real2']['lvs_doctor_host'] = {'unreachable': True, 'msg': 'timed out'}
    assert scene.faults() == ['real2: cannot be reached: timed out']
    director_cannot_be_reached(scene)
    assert scene.faults() == ['lb1: cannot be reached: timed out', 'real2: cannot be reached: timed out']
    scene.hostvars['client']['lvs_doctor_host'] = {'unreachable': True, 'msg': 'timed out'}
    assert 'client: cannot be reached: timed out' in scene.faults() and scene.judge().summary == []


def test_a_client_that_was_away_while_it_was_to_ask_proves_nothing(scene):
    scene.probed = {'unreachable': True, 'msg': 'timed out'}
    assert scene.judge().summary == [] and scene.faults() == ['client: asked nothing: timed out']


def test_a_client_that_has_the_vip_itself_proves_nothing(scene):
    scene.probed.update(on_link=False, arp=None, answers={}, interface='lo')
    assert scene.faults() == ['client: has 192.0.2.100 itself, so its requests never left it']


def test_a_service_that_cannot_be_asked_for_is_said(scene):
    scene.hostvars['client']['lvs_probes'] = {'results': []}
    judged = verdict.judge(scene.services, scene.groups, scene.hostvars)
    assert judged.faults == [] and 'client: asked nothing, since no service has a port' in judged.warnings[0]


@pytest.mark.parametrize('when', ['before', 'after'])
def test_a_director_whose_counters_are_not_known_is_a_fault(scene, when):
    scene.let_pass(0, 5)
    scene.hostvars['lb1']['lvs_table_' + when] = {'unreachable': True}
    assert scene.faults() == ['lb1: its table could not be read around the requests']
    scene.hostvars['lb1']['lvs_doctor_table'] = {'msg': 'needs root'}
    assert scene.faults() == ['lb1: its table cannot be read: needs root']


def test_a_client_that_could_not_ask_who_has_the_vip_accuses_nobody(scene):
    scene.probed['arp'] = None
    assert scene.faults() == []


# What a check has noticed.

def test_a_server_that_its_check_took_out_is_a_warning_and_no_fault():
    scene = Scene('keepalived')
    scene.servers().pop(1)
    scene.probed['answers'] = {mac('real1'): 40}
    judged = scene.judge()
    assert judged.faults == [] and len(judged.warnings) == 1
    assert judged.warnings[0].startswith('real2: is dead by its check: lb1 has taken it out of tcp 192.0.2.100:80')


def test_a_server_that_is_dead_elsewhere_still_has_to_have_its_part():
    for director, port in (('lb2', 80), ('lb1', 443)):
        scene = Scene('pair', port=None, ports=[80, 443])
        scene.probed['answers'] = {mac('real1'): 40}
        service = next(one for one in scene.table(director) if one['port'] == port)
        service['realservers'].pop(1)
        assert [fault for fault in scene.faults() if 'real1 answered 40' in fault], (director, port)


def test_whoever_answers_for_a_service_that_has_lost_its_quorum_is_no_fault_of_its_own():
    scene = Scene('keepalived')
    scene.servers().clear()
    lost = ['lb1: tcp 192.0.2.100:80 has lost its quorum: real1 (192.0.2.21), real2 (192.0.2.22) are dead by the check']
    scene.probed['answers'] = {STRANGER: 40}
    assert scene.faults() == lost
    scene.is_silent('real1', 'real2')
    assert scene.faults() == lost


def test_warnings_are_shown_and_are_no_fault(scene):
    scene.info('real1')['units']['lvs-realserver.service']['file'] = 'disabled'
    judged = scene.judge()
    assert judged.faults == [] and 'real1: ' in judged.warnings[0]
