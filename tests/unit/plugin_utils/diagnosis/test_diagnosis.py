# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A healthy topology has no finding, and one that is broken in one way has exactly that one, on exactly that host."""

from __future__ import annotations

import copy
import json

import pytest

from ansible_collections.lvs.direct_routing.plugins.plugin_utils.diagnosis import clock
from ansible_collections.lvs.direct_routing.plugins.plugin_utils.diagnosis.finding import Finding, worst_first

from .scene import DRAINED, LOUD, NOW, RULES, VARIANTS, VIP, VIP6, Scene, address, interface, mac

STRANGER = '02:00:00:00:00:99'
DROP_ALL = {'nft': {'inet filter input': {'hook': 'input', 'policy': 'drop', 'rules': []}}, 'iptables': {}}
STATE = {'ct': {'key': 'state'}}
DROP_INVALID = {'nft': {'inet filter input': {'hook': 'input', 'policy': 'accept', 'rules': [
    [{'match': {'op': 'in', 'left': STATE, 'right': 'invalid'}}, {'drop': None}]]}}, 'iptables': {}}
NEW_ONLY = {'nft': {'inet filter input': {'hook': 'input', 'policy': 'drop', 'rules': [
    [{'match': {'op': 'in', 'left': STATE, 'right': 'new'}}, {'accept': None}]]}}, 'iptables': {}}


@pytest.mark.parametrize('variant', VARIANTS)
def test_a_healthy_topology_has_no_finding(variant):
    assert Scene(variant).diagnose() == []


def loud_arp(scene):
    for name in ('lo', 'eth0'):
        scene.info('real1')['interfaces'][name]['sysctl'].update(LOUD)


def only_lo(scene):
    scene.info('real1')['interfaces']['eth0']['sysctl'].update(LOUD)


def weak_announce(scene):
    scene.info('real1')['interfaces']['eth0']['sysctl']['arp_announce'] = 1


def no_vip(scene):
    scene.seen('real1')['placements'] = []


def vip_is_down(scene):
    scene.info('real1')['interfaces'][scene.device]['up'] = False


def vip_on_card(scene):
    scene.seen('real1')['placements'].append({'interface': 'eth0', 'prefix': 24, 'heard': True})


def wrong_prefix(scene):
    scene.seen('real1')['placements'][0]['prefix'] = 24


def duplicate(scene):
    for name in ('client', 'real2'):
        scene.seen(name)['answers']['eth0'].append(mac('real1'))


def stranger(scene):
    scene.seen('client')['answers']['eth0'].append(STRANGER)


def stale_neighbour(scene):
    scene.seen('client')['neighbours']['eth0'] = mac('real2')


def nobody_answers(scene):
    for name in ('client', 'real1', 'real2'):
        scene.seen(name)['answers']['eth0'] = []


def tunnel_rp_filter(scene):
    scene.info('real1')['interfaces']['tunl0']['sysctl']['rp_filter'] = 1


def strict_elsewhere(scene):
    scene.info('real1')['interfaces']['eth0']['sysctl']['rp_filter'] = 1
    scene.info('real1')['gateways']['ipv4'][0]['interface'] = 'eth1'


def strict_director(scene):
    scene.info('lb1')['interfaces']['eth0']['sysctl']['rp_filter'] = 1
    scene.info('lb1')['gateways']['ipv4'][0]['interface'] = 'eth1'


def gateway(scene):
    scene.info('real1')['gateways']['ipv6' if scene.family == 'ipv6' else 'ipv4'][0].update(
        address=address('lb1', scene.family), macs=[mac('lb1')])


def gateway_by_mac(scene):
    scene.info('real1')['gateways']['ipv4'][0]['macs'] = [mac('lb1')]


def elsewhere(scene):
    for way in scene.info('real1')['directors'].values():
        way.update(on_link=False, gateway='192.0.2.1', macs=[])


def nobody_listens(scene):
    scene.info('real1')['listeners'].clear()


def own_address_only(scene):
    scene.info('real1')['listeners'][0]['address'] = address('real1', scene.family)


def other_port(scene):
    scene.info('real1')['listeners'][0]['port'] = 8080


def closed_director(scene):
    scene.info('lb1')['input'] = DROP_ALL


def ends_dropped(scene):
    scene.info('lb1')['input'] = DROP_INVALID


def untracked_dropped(scene):
    scene.info('lb1')['input'] = NEW_ONLY
    scene.hostvars['lb1']['lvs_doctor_marks'] = {'commands': [], 'diff': []}


def closed_realserver(scene):
    scene.info('real1')['input'] = DROP_ALL


def no_ipvs(scene):
    scene.info('lb1')['modules'] = []
    scene.hostvars['lb1']['lvs_doctor_table'] = {'msg': "Can't initialize ipvs", 'failed': False}


def unreadable_table(scene):
    scene.hostvars['lb1']['lvs_doctor_table'] = {'msg': 'needs root'}


def no_scheduler(scene):
    scene.info('lb1')['modules'] = ['ip_vs']
    scene.table().clear()


def changed_by_hand(scene):
    scene.servers()[0]['weight'] = 3


def inventory_changed(scene):
    scene.declare(scheduler='wlc')


def removed_by_hand(scene):
    scene.servers().pop(0)


def added_by_hand(scene):
    scene.servers().append(dict(scene.servers()[0], address='192.0.2.29'))


def no_service(scene):
    scene.table().clear()


def leftover(scene):
    both = [*scene.services, dict(scene.services[0], name='old', ports=[81])]
    scene.table().append(dict(scene.table()[0], port=81))
    scene.rerecord(both)


def foreign(scene):
    scene.table().append({'fwmark': 256, 'family': 'ipv4', 'scheduler': 'rr', 'realservers': []})


def old_record(scene):
    before = copy.deepcopy(scene.services)
    before[0]['realservers'][0]['weight'] = 5
    scene.rerecord(before)


def no_record(scene):
    scene.info('lb1')['texts'][RULES] = None


def damaged_record(scene):
    scene.info('lb1')['texts'][RULES] = 'nonsense'


def disabled_director(scene):
    scene.info('lb1')['units']['lvs-director.service']['file'] = 'disabled'


def disabled_realserver(scene):
    scene.info('real1')['units']['lvs-realserver.service']['file'] = 'disabled'


def uninstalled(scene):
    scene.info('real1')['units']['lvs-realserver.service'] = {'load': 'not-found', 'active': 'inactive', 'file': ''}


def dead_keepalived(scene):
    scene.info('lb1')['units']['keepalived.service']['active'] = 'failed'


def lro(scene):
    scene.info('lb1')['interfaces']['eth0']['offloads']['lro'] = True


def small_mtu(scene):
    scene.info('real1')['interfaces']['eth0']['mtu'] = 1400


def tiny_mtu(scene):
    for name in ('lb1', 'real1'):
        scene.info(name)['interfaces']['eth0']['mtu'] = 590
    scene.info('real2')['directors'].clear()


def two_masters(scene):
    scene.seen('lb2')['placements'] = [{'interface': 'eth0', 'prefix': 32, 'heard': True}]


def no_master(scene):
    scene.seen('lb1')['placements'] = []
    scene.seen('client')['neighbours'] = {}
    nobody_answers(scene)


def one_dead(scene):
    scene.servers().pop(0)


def dead_for_one(scene):
    scene.servers('lb2').pop(0)


def all_dead(scene):
    scene.servers().clear()


def sorry(scene):
    scene.declare(sorry_server={'address': '192.0.2.30'})
    scene.servers()[:] = [dict(scene.servers()[0], address='192.0.2.30')]


def no_sync(scene):
    for name in ('lb1', 'lb2'):
        scene.hostvars[name]['director_ha_sync_interface'] = 'eth0'
    scene.hostvars['lb2']['lvs_doctor_table']['daemons'] = []


def sync_apart(scene):
    for name in ('lb1', 'lb2'):
        scene.hostvars[name]['director_ha_sync_interface'] = 'eth0'
    scene.hostvars['lb2']['lvs_doctor_table']['daemons'][0]['syncid'] = 52


def old_kernel(scene):
    scene.info('lb1').update(kernel='4.18.0-553.el8.x86_64')
    scene.info('lb1')['sysctl']['ipvs'] = {'conn_reuse_mode': 1, 'conntrack': 1}


def kube_proxy(scene):
    scene.info('lb1')['interfaces']['kube-ipvs0'] = interface(None, LOUD)


def docker(scene):
    scene.info('lb1')['interfaces']['docker0'] = interface('02:42:00:00:00:01', LOUD)
    scene.info('lb1')['listeners'] = [{'protocol': 'tcp', 'address': '0.0.0.0', 'port': 80, 'dual_stack': False}]


def wrong_clock(scene):
    scene.info('real2')['time'] = NOW - 600


def no_marks(scene):
    scene.hostvars['lb1']['lvs_doctor_marks'] = {'commands': ['add table inet lvs_direct_routing'], 'diff': [
        {'before': '', 'after': 'add rule inet lvs_direct_routing prerouting ip daddr 192.0.2.100 tcp dport 80 meta mark set 7\n'}]}


def unread_marks(scene):
    scene.hostvars['lb1']['lvs_doctor_marks'] = {'msg': 'nft: Operation not permitted'}


def expired_drain(scene):
    scene.servers()[0]['weight'] = 0
    scene.rerecord([dict(scene.services[0], realservers=[dict(scene.services[0]['realservers'][0], weight=0),
                                                         scene.services[0]['realservers'][1]])])
    scene.info('lb1')['texts'][DRAINED] = json.dumps({'version': 1, 'serial': 3, 'drains': [
        {'host': 'real1', 'since': '', 'by': 'ops', 'until': '2025-12-31T23:00:00Z', 'reason': 'new disks'}]})


def cut_off(scene):
    scene.info('lb1')['texts'][DRAINED] = '{"version": 1, "serial": 3, "dra'


def of_a_newer_version(scene):
    scene.info('lb1')['texts'][DRAINED] = '{"version": 2, "serial": 3, "drains": [{"host": "real1"}]}'


def refusing(scene):
    first, *others = scene.services[0]['realservers']
    scene.declare(scheduler='dh', realservers=[dict(first, weight=0), *others])
    scene.table()[0]['scheduler'] = 'dh'
    scene.servers()[0]['weight'] = 0
    scene.rerecord(scene.services)


def unreachable(scene):
    scene.hostvars['real2']['lvs_doctor_host'] = {'unreachable': True, 'msg': 'no route to host'}


def unread(scene):
    scene.hostvars['real2']['lvs_doctor_host'] = {'msg': 'probe: needs root', 'changed': False}


FAULTS = [
    ('static', loud_arp, 'error', 'arp', 'real1', 'arp_ignore is effectively 0 and arp_announce is effectively 0 of eth0'),
    ('tun', loud_arp, 'error', 'arp', 'real1', 'arp_ignore is effectively 0 and arp_announce is effectively 0 of eth0'),
    ('static', only_lo, 'error', 'arp', 'real1', 'of eth0, since only those of lo are set, which nobody is asked on'),
    ('dummy', weak_announce, 'error', 'arp', 'real1', 'arp_announce is effectively 1 of eth0'),
    ('static', no_vip, 'error', 'vip_missing', 'real1', 'does not have 192.0.2.100'),
    ('ipv6', no_vip, 'error', 'vip_missing', 'real1', 'does not have 2001:db8:2::100'),
    ('dummy', vip_is_down, 'error', 'vip_missing', 'real1', 'has 192.0.2.100 on ipvs0, which is down'),
    ('static', vip_on_card, 'error', 'vip_on_card', 'real1', 'has 192.0.2.100/24 on the network card eth0'),
    ('ipv6', vip_on_card, 'error', 'vip_on_card', 'real1', 'on the network card eth0'),
    ('static', wrong_prefix, 'error', 'vip_prefix', 'real1', 'has 192.0.2.100/24 on lo'),
    ('dummy', wrong_prefix, 'error', 'vip_prefix', 'real1', 'has 192.0.2.100/24 on ipvs0'),
    ('static', duplicate, 'error', 'duplicate', 'real1', mac('real1') + ' answers for 192.0.2.100'),
    ('static', stranger, 'error', 'stranger', 'client', STRANGER),
    ('static', stale_neighbour, 'error', 'neighbour', 'client', "for the MAC of 192.0.2.100, which is real2's"),
    ('static', nobody_answers, 'error', 'silent_director', 'lb1', 'nobody answered for it when client asked'),
    ('tun', tunnel_rp_filter, 'error', 'rp_filter', 'real1', 'rp_filter of tunl0 is effectively 1 (strict)'),
    ('static', strict_elsewhere, 'error', 'rp_filter', 'real1', 'rp_filter of eth0 is effectively 1 (strict)'),
    ('static', strict_director, 'error', 'rp_filter', 'lb1', 'the default route is through eth1'),
    ('static', gateway, 'error', 'gateway', 'real1', 'its default gateway 192.0.2.10 on eth0 is the director lb1'),
    ('ipv6', gateway, 'error', 'gateway', 'real1', 'its default gateway 2001:db8:2::10 on eth0 is the director lb1'),
    ('static', gateway_by_mac, 'error', 'gateway', 'real1', 'its default gateway 192.0.2.1 on eth0 is the director lb1'),
    ('static', elsewhere, 'error', 'segment', 'real1', 'is on no segment with a director: 192.0.2.10 is behind the router 192.0.2.1'),
    ('static', nobody_listens, 'error', 'listener', 'real1', 'nothing listens on tcp 192.0.2.100:80'),
    ('udp', nobody_listens, 'error', 'listener', 'real1', 'nothing listens on udp 192.0.2.100:80'),
    ('static', own_address_only, 'error', 'listener', 'real1', 'tcp port 80 is listened on at 192.0.2.21 only, not at 192.0.2.100'),
    ('static', other_port, 'error', 'listener', 'real1', 'nothing listens on tcp 192.0.2.100:80, but on port 8080'),
    ('static', closed_director, 'error', 'firewall', 'lb1', 'its firewall lets nobody in to tcp 192.0.2.100:80'),
    ('ipv6', closed_director, 'error', 'firewall', 'lb1', 'tcp [2001:db8:2::100]:80'),
    ('static', ends_dropped, 'warning', 'endings', 'lb1', 'its firewall drops the packets that end connections to tcp 192.0.2.100:80'),
    ('ipv6', untracked_dropped, 'warning', 'endings', 'lb1', 'its firewall drops the packets that end connections to tcp [2001:db8:2::100]:80'),
    ('tun', closed_realserver, 'error', 'firewall', 'real1', 'its firewall lets nobody in to tcp 192.0.2.100:80'),
    ('static', no_ipvs, 'error', 'ip_vs', 'lb1', 'ip_vs is not loaded'),
    ('static', unreadable_table, 'error', 'table', 'lb1', 'its table cannot be read: needs root'),
    ('static', no_scheduler, 'error', 'scheduler', 'lb1', 'no scheduler wrr in its kernel'),
    ('static', changed_by_hand, 'error', 'settings', 'lb1',
     'weight 3 for real1 (192.0.2.21) in tcp 192.0.2.100:80; the inventory says 1'),
    ('static', inventory_changed, 'error', 'settings', 'lb1', 'scheduler wrr of tcp 192.0.2.100:80; the inventory says wlc'),
    ('static', removed_by_hand, 'error', 'server_missing', 'lb1', 'real1 (192.0.2.21) is not in tcp 192.0.2.100:80'),
    ('keepalived', added_by_hand, 'error', 'server_undeclared', 'lb1', '192.0.2.29 is in tcp 192.0.2.100:80, and not in'),
    ('static', added_by_hand, 'error', 'server_undeclared', 'lb1', '192.0.2.29 is in tcp 192.0.2.100:80, and not in'),
    ('fwmark', no_service, 'error', 'service_missing', 'lb1', 'has no service fwmark 7 ipv4'),
    ('keepalived', no_service, 'error', 'service_missing', 'lb1', 'has no service tcp 192.0.2.100:80'),
    ('static', leftover, 'warning', 'leftover', 'lb1', 'has the service tcp 192.0.2.100:81, which the inventory does not'),
    ('static', foreign, 'warning', 'foreign', 'lb1', "has the service fwmark 256 ipv4, which is somebody else's"),
    ('static', old_record, 'warning', 'record', 'lb1', 'the record does not have real1 (192.0.2.21) in tcp 192.0.2.100:80 as'),
    ('static', no_record, 'warning', 'record', 'lb1', 'there is no record of a table'),
    ('static', damaged_record, 'warning', 'record', 'lb1', RULES),
    ('static', disabled_director, 'warning', 'unit', 'lb1', 'lvs-director.service is disabled'),
    ('static', disabled_realserver, 'warning', 'unit', 'real1', 'lvs-realserver.service is disabled'),
    ('static', uninstalled, 'warning', 'unit', 'real1', 'lvs-realserver.service is not installed'),
    ('keepalived', dead_keepalived, 'error', 'unit', 'lb1', 'keepalived.service is failed'),
    ('static', lro, 'error', 'lro', 'lb1', 'eth0 merges what it receives (LRO)'),
    ('tun', small_mtu, 'error', 'mtu', 'real1', 'the MTU of eth0 is 1400, and that of eth0 on lb1 is 1500'),
    ('tun', tiny_mtu, 'error', 'mtu', 'lb1', 'the MTU of eth0 is 590, and a tunnel to real1 leaves 570 of it'),
    ('pair', two_masters, 'error', 'two_masters', 'lb1, lb2', 'each has 192.0.2.100'),
    ('pair', no_master, 'error', 'no_master', 'lb1, lb2', 'has 192.0.2.100 on no network card'),
    ('static', no_master, 'error', 'no_master', 'lb1', 'has 192.0.2.100 on no network card'),
    ('keepalived', one_dead, 'warning', 'dead', 'real1', 'is dead by its check: lb1 has taken it out of tcp 192.0.2.100:80'),
    ('pair', dead_for_one, 'warning', 'unequal', 'lb2', 'has taken real1 out of tcp 192.0.2.100:80, and lb1 has not'),
    ('keepalived', all_dead, 'error', 'quorum', 'lb1', 'real1 (192.0.2.21), real2 (192.0.2.22) are dead by the check'),
    ('keepalived', sorry, 'error', 'quorum', 'lb1', 'and the sorry server 192.0.2.30 answers'),
    ('pair', no_sync, 'warning', 'sync_missing', 'lb2', 'no sync daemon runs on eth0'),
    ('pair', sync_apart, 'warning', 'sync_apart', 'lb1, lb2', 'their sync daemons have the ids 51, 52'),
    ('static', old_kernel, 'warning', 'conn_reuse_mode', 'lb1', 'conn_reuse_mode is 1 and conntrack is on, in the kernel 4.18'),
    ('fwmark', no_marks, 'error', 'marks', 'lb1', 'does not mark packets as the inventory declares it'),
    ('fwmark', unread_marks, 'error', 'marks', 'lb1', 'its marks cannot be read: nft: Operation not permitted'),
    ('static', kube_proxy, 'warning', 'kube_proxy', 'lb1', 'kube-ipvs0 is there'),
    ('static', docker, 'warning', 'docker', 'lb1', 'docker0 is there, and tcp 192.0.2.100:80 is listened on here'),
    ('static', wrong_clock, 'warning', 'clock', 'real2', 'its clock is at least 599 s behind'),
    ('static', expired_drain, 'warning', 'drain', 'real1', 'is drained, and that was meant to end at 2025-12-31T23:00:00Z (new disks)'),
    ('static', refusing, 'error', 'refused', 'lb1', 'tcp 192.0.2.100:80 has scheduler dh, and real1 (192.0.2.21) has weight 0'),
    ('static', cut_off, 'error', 'drain_record', 'lb1', '/var/lib/lvs/drained.json is damaged: '),
    ('static', of_a_newer_version, 'error', 'drain_record', 'lb1', 'drained.json was written in version 2 of its format'),
    ('static', unreachable, 'error', 'unreachable', 'real2', 'cannot be reached: no route to host'),
    ('static', unread, 'error', 'unread', 'real2', 'cannot be looked at: probe: needs root'),
]  # fmt: skip


NOT_UNTRACKED = {'commands': ['add table inet lvs_direct_routing'], 'diff': [
    {'before': '', 'after': 'add rule inet lvs_direct_routing untracked tcp flags & (fin | rst) != 0 ip daddr { 192.0.2.100 } notrack\n'}]}


def test_where_only_untracked_packets_are_missing_nothing_is_said_of_marks():
    scene = Scene('fwmark')
    scene.hostvars['lb1']['lvs_doctor_marks'] = NOT_UNTRACKED
    assert scene.diagnose() == []
    scene.info('lb1')['input'] = DROP_INVALID
    assert [(one.kind, 'run site.yml' in one.do) for one in scene.diagnose()] == [('endings', True)]


@pytest.mark.parametrize('sysctls', [{}, {'net.ipv4.vs.conntrack': 1}])
def test_where_ipvs_tracks_what_it_translates_its_packets_are_not_invalid(sysctls):
    scene = Scene('static')
    scene.info('lb1')['input'] = DROP_INVALID
    scene.hostvars['lb1']['director_sysctls'] = sysctls
    for server in scene.services[0]['realservers']:
        server['forward'] = 'nat'
    assert ('endings' in [one.kind for one in scene.diagnose()]) == (not sysctls)


def test_a_director_that_serves_as_well_sees_both_directions():
    scene = Scene('static')
    scene.info('lb1')['input'] = DROP_INVALID
    scene.services[0]['realservers'][0]['address'] = '192.0.2.10'
    assert 'endings' not in [one.kind for one in scene.diagnose()]


@pytest.mark.parametrize(('breaking', 'advice'), [
    (ends_dropped, 'run site.yml, which has them untracked'), (untracked_dropped, '`ct state { new, untracked }`')])
def test_what_drops_the_end_of_connections_is_to_be_changed_where_it_is(breaking, advice):
    scene = Scene('static')
    breaking(scene)
    assert advice in scene.diagnose()[0].do


@pytest.mark.parametrize(
    ('variant', 'breaking', 'severity', 'kind', 'host', 'seen'), FAULTS,
    ids=['{0}-{1}'.format(variant, breaking.__name__) for variant, breaking, *_rest in FAULTS],
)  # fmt: skip
def test_what_is_broken_in_one_way_has_one_finding(variant, breaking, severity, kind, host, seen):
    scene = Scene(variant)
    breaking(scene)
    found = scene.diagnose()
    assert [(one.severity, one.kind, one.host) for one in found] == [(severity, kind, host)], found
    assert seen in found[0].seen
    assert found[0].why and found[0].do and found[0].sentence.startswith(host + ': ')


@pytest.mark.parametrize(('breaking', 'story'), [
    (changed_by_hand, 'somebody changed the table by hand'),
    (removed_by_hand, 'somebody changed the table by hand'),
    (inventory_changed, 'the inventory has changed since site.yml'),
])
def test_the_record_tells_who_changed(breaking, story):
    scene = Scene()
    breaking(scene)
    assert story in scene.diagnose()[0].why


def test_a_server_whose_listener_is_gone_and_whose_check_noticed_is_a_warning():
    scene = Scene('keepalived')
    nobody_listens(scene)
    assert [(one.severity, one.kind) for one in scene.diagnose()] == [('error', 'listener')]
    one_dead(scene)
    found = scene.diagnose()
    assert [(one.severity, one.kind, one.host) for one in found] == [('warning', 'listener', 'real1')]
    assert 'its check has taken it out' in found[0].why


def test_a_weight_of_zero_is_dead_only_where_the_service_says_so():
    scene = Scene('keepalived', inhibit_on_failure=True)
    scene.servers()[0]['weight'] = 0
    assert [one.kind for one in scene.diagnose()] == ['dead']
    scene.declare(inhibit_on_failure=False)
    assert [one.kind for one in scene.diagnose()] == ['settings']


def test_a_loud_host_that_answers_has_one_finding():
    scene = Scene()
    loud_arp(scene)
    duplicate(scene)
    assert [(one.kind, one.host) for one in scene.diagnose()] == [('arp', 'real1')]


@pytest.mark.parametrize(('loadable', 'kind'), [
    (None, 'scheduler'), (['ip_vs', 'ip_vs_rr'], 'scheduler'), (['ip_vs', 'ip_vs_wrr'], 'service_missing'),
])
def test_a_scheduler_that_only_nobody_has_asked_for_is_not_missing(loadable, kind):
    scene = Scene()
    no_scheduler(scene)
    scene.info('lb1')['loadable'] = loadable
    assert [one.kind for one in scene.diagnose()] == [kind]


def test_a_director_that_serves_as_well_may_listen_beside_docker():
    scene = Scene()
    scene.groups['realservers'] = ['lb1', 'real1', 'real2']
    scene.services[0]['realservers'].append({'name': 'lb1', 'address': address('lb1')})
    scene.servers().append(dict(scene.servers()[0], address=address('lb1')))
    scene.rerecord(scene.services)
    docker(scene)
    assert scene.diagnose() == []


def test_errors_come_first():
    scene = Scene()
    disabled_director(scene)
    wrong_clock(scene)
    nobody_listens(scene)
    assert [one.severity for one in scene.diagnose()] == ['error', 'warning', 'warning']


def test_a_gateway_that_policy_routing_may_pass_by_is_a_warning():
    scene = Scene()
    gateway(scene)
    scene.info('real1')['policy_routing']['ipv4'] = True
    assert [(one.severity, one.kind) for one in scene.diagnose()] == [('warning', 'gateway')]


def test_hosts_that_a_limit_left_out_are_not_judged():
    scene = Scene()
    for name in ('lb1', 'real2', 'client'):
        del scene.hostvars[name]['lvs_doctor_host']
    no_vip(scene)
    assert [(one.kind, one.host) for one in scene.diagnose()] == [('vip_missing', 'real1')]


def test_a_director_that_answers_when_it_is_another_ones_turn_is_a_duplicate():
    scene = Scene('pair')
    scene.seen('client')['answers']['eth0'].append(mac('lb2'))
    assert [(one.kind, one.host) for one in scene.diagnose()] == [('duplicate', 'lb2')]


@pytest.mark.parametrize('placements, missing', [([], True), ([{'interface': 'lo', 'prefix': 32, 'heard': False}], False)])
def test_a_director_that_serves_needs_the_vip_also_when_it_is_another_ones_turn(placements, missing):
    scene = Scene('pair')
    scene.groups['realservers'].append('lb2')
    scene.services[0]['realservers'].append({'address': address('lb2'), 'name': 'lb2'})
    scene.seen('lb2')['placements'] = placements
    if placements:
        scene.info('lb2')['interfaces']['lo']['addresses'].append({'address': VIP, 'prefix': 32})
    assert (('vip_missing', 'lb2') in [(one.kind, one.host) for one in scene.diagnose()]) is missing


def test_a_sorry_server_whose_turn_it_is_not_answers_nobody():
    scene = Scene('keepalived')
    scene.declare(sorry_server={'address': '192.0.2.30', 'inhibit': True})
    scene.servers().append(dict(scene.servers()[0], address='192.0.2.30', weight=0))
    assert scene.diagnose() == []


def test_a_host_without_systemd_has_no_unit_to_judge():
    scene = Scene()
    for name in scene.hostvars:
        scene.info(name)['units'] = {}
    assert scene.diagnose() == []


def test_a_director_that_is_a_real_server_too_is_judged_as_a_director():
    scene = Scene()
    scene.groups['realservers'] = ['lb1', 'real1', 'real2']
    assert scene.diagnose() == []


def test_a_virtual_mac_of_vrrp_is_nobody_elses():
    scene = Scene('pair')
    for name in ('client', 'real1', 'real2', 'lb2'):
        scene.seen(name)['answers']['eth0'] = ['00:00:5e:00:01:33']
    scene.seen('client')['neighbours']['eth0'] = '00:00:5e:00:01:33'
    assert scene.diagnose() == []


@pytest.mark.parametrize(('seconds', 'found'), [(1.5, False), (-1.5, False), (5, True), (-5, True)])
def test_a_clock_is_only_wrong_beyond_what_reading_it_took(seconds, found):
    scene = Scene()
    scene.info('real1')['time'] = NOW + seconds
    assert bool(scene.diagnose()) is found


def test_a_controller_whose_clock_is_wrong_accuses_nobody():
    scene = Scene()
    for name in scene.hostvars:
        scene.info(name)['time'] = NOW + 7200
    assert scene.diagnose() == []
    assert clock.agreement([clock.Skew('a', 7199, 7201), clock.Skew('b', 7199, 7201), clock.Skew('c', -1, 1)]) > 7000


def test_a_drain_that_is_not_over_is_no_finding():
    scene = Scene()
    expired_drain(scene)
    text = scene.info('lb1')['texts']
    text[DRAINED] = text[DRAINED].replace('2025', '2035')
    assert scene.diagnose() == []


@pytest.mark.parametrize(('variant', 'advice'), [
    ('static', 'declare it, or take it out with `ipvsadm -d -t 192.0.2.100:80 -r 192.0.2.29:80`'),
    ('keepalived', 'run site.yml; if it is there still, somebody added it by hand: declare it, or take it out with `ipvsadm -d '),
])
def test_who_was_added_by_hand_is_taken_out_by_hand(variant, advice):
    scene = Scene(variant)
    added_by_hand(scene)
    assert scene.diagnose()[0].do.startswith(advice)


def test_who_was_declared_once_is_taken_out_by_site_yml():
    scene = Scene()
    added_by_hand(scene)
    first, second = scene.services[0]['realservers']
    scene.rerecord([dict(scene.services[0], realservers=[first, second, dict(address='192.0.2.29')])])
    assert scene.diagnose()[0].do == 'run site.yml'


@pytest.mark.parametrize('text', ['', '[]', '{"serial": 1}', '{"serial": 1, "drains": [{}]}', 'nonsense'])
def test_a_record_of_drains_that_cannot_be_read_drains_nobody_and_is_said(text):
    scene = Scene()
    scene.info('lb1')['texts'][DRAINED] = text
    assert [one.kind for one in scene.diagnose()] == ['drain_record']


def test_a_finding_is_no_consequence_of_one_about_another_vip():
    arp = Finding('arp', 'error', 'real1', '', '', '', (VIP,))
    assert worst_first([arp, Finding('duplicate', 'error', 'real1', '', '', '', (VIP,))]) == [arp]
    assert len(worst_first([arp, Finding('duplicate', 'error', 'real1', '', '', '', (VIP6,))])) == 2
    assert len(worst_first([arp, Finding('duplicate', 'error', 'real2', '', '', '', (VIP,))])) == 2


def test_machines_get_all_of_it():
    scene = Scene()
    no_vip(scene)
    found = scene.diagnose()[0].compact()
    assert (found['severity'], found['kind'], found['host'], found['vips']) == ('error', 'vip_missing', 'real1', [VIP])
    assert found['sentence'] == '{host}: {seen}; {why}; {do}'.format(**found)
    assert json.loads(json.dumps(found)) == found


def test_each_variable_of_a_host_is_read_once():
    # Ansible may work out all that was read on a host anew each time.
    class Counted(dict):
        def get(self, name, default=None):
            read.append((self['lvs_address'], name))
            return super().get(name, default)

    read = []
    scene = Scene('pair')
    scene.hostvars = {name: Counted(variables) for name, variables in scene.hostvars.items()}
    assert scene.diagnose() == []
    assert read and len(read) == len(set(read))


def drain_real2(scene):
    scene.servers()[1]['weight'] = 0
    scene.rerecord([dict(one, realservers=[dict(server, weight=int(server['name'] == 'real1')) for server in one['realservers']])
                    for one in scene.services])
    for name in scene.groups['directors']:
        scene.info(name)['texts'][DRAINED] = json.dumps({'version': 1, 'serial': 3, 'drains': [
            {'host': 'real2', 'since': '', 'by': 'ops', 'until': '', 'reason': ''}]})


@pytest.mark.parametrize('variant', ['static', 'keepalived'])
def test_what_is_wrong_with_one_that_nobody_is_sent_to_is_a_warning(variant):
    scene = Scene(variant)
    drain_real2(scene)
    assert scene.diagnose() == []
    scene.info('real2')['listeners'].clear()
    (found,) = scene.diagnose()
    assert (found.severity, found.kind) == ('warning', 'listener')
    assert found.why == 'nobody is sent there now, since it has weight 0; put back, it refuses what a director sends it for web'
    unreachable(scene)
    assert [(one.severity, one.kind) for one in scene.diagnose()] == [('warning', 'unreachable')]


def test_one_that_nobody_is_sent_to_still_must_not_answer_for_a_vip():
    scene = Scene()
    drain_real2(scene)
    scene.info('real2')['interfaces']['eth0']['sysctl'].update(LOUD)
    assert [(one.severity, one.kind) for one in scene.diagnose()] == [('error', 'arp')]


def test_a_director_may_have_a_larger_mtu_than_any_client_sends():
    scene = Scene()
    scene.info('lb1')['interfaces']['eth0']['mtu'] = 9000
    assert scene.diagnose() == []
    scene.info('client')['interfaces']['eth0']['mtu'] = 9000
    assert [(one.kind, one.host) for one in scene.diagnose()] == [('mtu', 'real1'), ('mtu', 'real2')]
