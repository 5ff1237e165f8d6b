# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What would break LVS on a host is one sentence that names it, and where nothing is sure there is no fault."""

from __future__ import annotations

import copy

import pytest

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import preflight

VIP, VIP6 = '192.0.2.100', '2001:db8:2::100'
DIRECTOR, DIRECTOR6 = '192.0.2.10', '2001:db8:2::10'
MAC, OWN, STRANGER = '02:00:00:00:00:10', '02:00:00:00:00:21', '02:00:00:00:00:99'
PORTS = ({'vip': VIP, 'port': 80}, {'vip': VIP6, 'port': 80})


def director(macs=(MAC,), **other):
    return dict({'on_link': True, 'local': False, 'interface': 'eth0', 'gateway': None, 'macs': list(macs)}, **other)


def vip():
    return {'placements': [], 'connected': ['eth0'], 'answers': {'eth0': [MAC]}}


def gateway(address, mac, metric=0):
    return {'address': address, 'interface': 'eth0', 'metric': metric, 'macs': [mac]}


def listener(address, protocol='tcp', port=80, dual_stack=False):
    return {'protocol': protocol, 'address': address, 'port': port, 'dual_stack': dual_stack}


SYSCTL = {'arp_ignore': 0, 'arp_announce': 0, 'rp_filter': 0, 'send_redirects': 1}
HEALTHY = {
    'interfaces': {'lo': {'mac': None, 'sysctl': SYSCTL}, 'eth0': {'mac': OWN, 'sysctl': SYSCTL}},
    'sysctl': {'read_only': False, 'new_interface': SYSCTL},
    'vips': {VIP: vip(), VIP6: vip()},
    'directors': {DIRECTOR: director(), DIRECTOR6: director()},
    'peers': {},
    'gateways': {'ipv4': [gateway('192.0.2.1', STRANGER)], 'ipv6': [gateway('fe80::1', STRANGER)]},
    'policy_routing': {'ipv4': False, 'ipv6': False},
    'listeners': [listener('::', dual_stack=True)],
}


class Host:
    """A host that could serve, to be broken by a test."""

    def __init__(self):
        self.info = copy.deepcopy(HEALTHY)

    def judge(self, services=PORTS, **options):
        return preflight.judge(preflight.Server('real1', self.info, services=services, **options))

    def fault(self, **options):
        """Return the only fault."""
        judged = self.judge(**options)
        assert judged.warnings == [] and len(judged.faults) == 1, judged
        return judged.faults[0]

    def warning(self, **options):
        """Return the only warning."""
        judged = self.judge(**options)
        assert judged.faults == [] and len(judged.warnings) == 1, judged
        return judged.warnings[0]

    def answers(self, *macs):
        self.info['vips'][VIP]['answers'] = {'eth0': list(macs)}


@pytest.fixture(name='host')
def healthy_host():
    return Host()


@pytest.mark.parametrize('forward', ['dr', 'tun'])
def test_a_healthy_host_has_no_fault(host, forward):
    assert host.judge(forward=forward) == ([], [])


def test_a_stranger_that_answers_for_the_vip_is_named(host):
    host.answers(MAC, STRANGER)
    assert host.fault() == (
        'real1: 02:00:00:00:00:99 answers for 192.0.2.100 on eth0, and is none of the directors (02:00:00:00:00:10); it '
        'takes the service away from them; find the host with this MAC and take the VIP off it, or silence its ARP')


def test_a_director_that_serves_as_well_may_answer(host):
    host.answers(MAC)
    host.info['peers'] = {DIRECTOR: [MAC]}
    assert host.judge() == ([], [])


def test_a_real_server_that_is_not_silent_yet_is_a_warning(host):
    host.answers(MAC, OWN, STRANGER)
    host.info['peers'] = {'192.0.2.22': [STRANGER], '192.0.2.23': []}
    assert host.judge() == ([], [
        'real1: asked on eth0, this host itself answers for 192.0.2.100 from {0}, and takes the service away from the '
        'director until it is silent'.format(OWN),
        'real1: the real server 192.0.2.22 ({0}) answers for 192.0.2.100 on eth0, and takes the service away from the '
        'director until it is silent'.format(STRANGER),
    ])


@pytest.mark.parametrize('directors, reason', [
    ({}, 'no address of a director is known'),
    ({DIRECTOR: director(macs=[])}, 'no director answered for its own address'),
    ({DIRECTOR: director(), '198.51.100.1': director([], on_link=False)}, '198.51.100.1 is not on this segment'),
    ({DIRECTOR: director(interface='eth1')}, '192.0.2.10 is not on this segment'),
])
def test_an_answer_that_may_be_a_directors_is_only_a_warning(host, directors, reason):
    host.answers(STRANGER)
    del host.info['vips'][VIP6]
    host.info['directors'] = directors
    assert host.warning(services=()) == (
        'real1: 02:00:00:00:00:99 answers for 192.0.2.100 on eth0; whether that is a director was not checked, since '
        + reason)


def test_a_director_that_is_down_excuses_nobody(host):
    host.answers(STRANGER)
    host.info['directors']['192.0.2.11'] = director(macs=[])
    assert STRANGER in host.fault()


def test_a_virtual_mac_of_vrrp_is_nobodys(host):
    host.answers('00:00:5e:00:01:33')
    assert 'virtual MAC of VRRP' in host.warning()


def test_where_nobody_was_asked_nothing_is_said(host):
    host.info['vips'][VIP]['answers'] = None
    assert host.judge() == ([], [])


@pytest.mark.parametrize('forward', ['dr', 'tun'])
def test_a_default_gateway_that_is_a_director_is_named(host, forward):
    host.info['gateways']['ipv4'] = [gateway(DIRECTOR, MAC), gateway('192.0.2.1', STRANGER, 100)]
    assert host.fault(forward=forward) == (
        'real1: its default gateway 192.0.2.10 on eth0 is a director (192.0.2.10, 2001:db8:2::10); replies come there '
        'with the VIP as their source, which is an address of the director itself, so it drops them as martians; set a '
        'default gateway that is no director')


def test_a_director_is_recognised_by_its_mac_behind_any_address(host):
    host.info['gateways']['ipv6'] = [gateway('fe80::10', MAC)]
    assert 'fe80::10 on eth0 is a director' in host.fault()


def test_a_default_route_that_does_not_count_is_no_fault(host):
    host.info['gateways']['ipv4'].append(gateway(DIRECTOR, MAC, 100))
    assert host.judge() == ([], [])


def test_a_gateway_of_a_family_without_vips_is_no_fault(host):
    host.info['gateways']['ipv6'] = [gateway('fe80::10', MAC)]
    del host.info['vips'][VIP6]
    assert host.judge(services=()) == ([], [])


def test_with_policy_routing_the_way_of_replies_is_not_judged(host):
    host.info['gateways']['ipv4'] = [gateway(DIRECTOR, MAC)]
    host.info['policy_routing']['ipv4'] = True
    assert 'was not checked, since there are policy routing rules' in host.warning()


@pytest.mark.parametrize('way, seen', [
    ({'gateway': '192.0.2.1'}, '192.0.2.10 is behind the router 192.0.2.1'),
    ({'interface': 'wg0'}, '192.0.2.10 is reached through wg0, which is no Ethernet'),
    ({'interface': None}, 'there is no route to 192.0.2.10'),
    ({'local': True}, '192.0.2.10 is an address of this host'),
])
def test_a_host_without_a_director_on_its_segment_is_named(host, way, seen):
    host.info['directors'][DIRECTOR] = director([], on_link=False, **way)
    host.answers()
    assert host.fault() == (
        'real1: is on no segment with a director: {0}; direct routing (dr) changes only the MAC of a frame, which no '
        'router passes on; give the host an IPv4 address on the segment of the directors, or use forward: tun'.format(seen))
    assert host.judge(forward='tun') == ([], [])


def test_one_director_on_the_segment_is_enough(host):
    host.info['directors']['198.51.100.1'] = director([], on_link=False)
    assert host.judge() == ([], [])


def test_without_directors_a_vip_in_no_connected_network_is_a_fault(host):
    host.info['directors'] = {}
    host.info['vips'] = {VIP: dict(vip(), connected=[], answers=None), VIP6: dict(vip(), answers=None)}
    assert host.fault().startswith('real1: has no address in a network that 192.0.2.100 belongs to')
    assert host.judge(forward='tun') == ([], [])


def test_a_director_that_is_known_in_the_other_family_only_shows_the_segment(host):
    host.info['directors'] = {DIRECTOR: director()}
    host.info['vips'][VIP6]['connected'] = []
    assert host.judge() == ([], [])


def test_a_vip_on_a_network_card_is_named(host):
    host.info['vips'][VIP]['placements'] = [{'interface': 'eth0', 'prefix': 24, 'heard': True}]
    assert host.fault(interface='ipvs0') == (
        'real1: the VIP 192.0.2.100/24 is on the network card eth0, which answers for it on the segment beside the '
        'director; take it off there, since the VIP of a real server belongs on ipvs0, or choose another VIP if this is '
        'the own address of the host')


def test_a_vip_where_nobody_hears_of_it_is_no_fault(host):
    host.info['vips'][VIP]['placements'] = [{'interface': 'lo', 'prefix': 32, 'heard': False}]
    assert host.judge() == ([], [])


def test_a_vip_that_is_the_address_of_another_host_is_named(host):
    others = {'real1': [VIP], 'real2': ['192.0.2.22', '2001:0DB8:2::100']}
    assert host.fault(others=others) == (
        'real1: 2001:db8:2::100 is to be its VIP and is the own address of real2, which would no longer reach this host '
        'and answers for it on the segment; choose a VIP that no host has')


@pytest.mark.parametrize('tunl0, new, read_only, forward, is_fault', [
    (1, 0, True, 'tun', True), (None, 1, True, 'tun', True), (2, 1, True, 'tun', False), (0, 1, True, 'tun', False),
    (1, 1, False, 'tun', False), (1, 1, True, 'dr', False),
])
def test_a_strict_rp_filter_that_cannot_be_changed_is_a_fault_for_tun(host, tunl0, new, read_only, forward, is_fault):
    if tunl0 is not None:
        host.info['interfaces']['tunl0'] = {'mac': None, 'sysctl': dict(SYSCTL, rp_filter=tunl0)}
    host.info['sysctl'] = {'read_only': read_only, 'new_interface': dict(SYSCTL, rp_filter=new)}
    assert [fault.split(' is effectively')[0] for fault in host.judge(forward=forward).faults] == (
        ['real1: rp_filter of tunl0'] if is_fault else [])


def test_rp_filter_is_of_no_account_for_ipv6(host):
    del host.info['vips'][VIP]
    host.info['sysctl'] = {'read_only': True, 'new_interface': dict(SYSCTL, rp_filter=1)}
    assert host.judge(forward='tun', services=()) == ([], [])


@pytest.mark.parametrize('service, listeners, warning', [
    (PORTS[0], [], 'real1: nothing listens on tcp 192.0.2.100:80; requests that a director sends are refused; have the '
                   'service listen on 192.0.2.100 or 0.0.0.0'),
    (PORTS[1], [listener('0.0.0.0')], 'real1: nothing listens on tcp [2001:db8:2::100]:80; requests that a director sends '
                                      'are refused; have the service listen on 2001:db8:2::100 or ::'),
    (PORTS[0], [listener('192.0.2.21'), listener('127.0.0.1'), listener('::')],
     'real1: tcp port 80 is listened on at 127.0.0.1, 192.0.2.21 only, not at 192.0.2.100; requests that a director '
     'sends are refused; have the service listen on 192.0.2.100 or 0.0.0.0'),
    (dict(PORTS[0], protocol='udp'), [listener('0.0.0.0')],
     'real1: nothing listens on udp 192.0.2.100:80; requests that a director sends are refused; have the service listen '
     'on 192.0.2.100 or 0.0.0.0'),
    (dict(PORTS[0], port='81'), [listener('0.0.0.0')],
     'real1: nothing listens on tcp 192.0.2.100:81; requests that a director sends are refused; have the service listen '
     'on 192.0.2.100 or 0.0.0.0'),
])
def test_a_port_that_is_not_listened_on_is_a_warning(host, service, listeners, warning):
    host.info['listeners'] = listeners
    assert host.warning(services=[service]) == warning


@pytest.mark.parametrize('service, listeners', [
    (PORTS[0], [listener('0.0.0.0')]), (PORTS[0], [listener(VIP)]), (PORTS[0], [listener('::', dual_stack=True)]),
    (PORTS[1], [listener('::')]), (PORTS[1], [listener(VIP6)]),
    (dict(PORTS[0], port=0), []), (dict(PORTS[0], port='0'), []), (dict(PORTS[0], port='10000-10999'), []),
    (dict(PORTS[0], protocol='sctp'), []),
])
def test_a_port_that_is_served_or_cannot_be_judged_is_no_warning(host, service, listeners):
    host.info['listeners'] = listeners
    assert host.judge(services=[service]) == ([], [])


class TestChecks:
    ASKED = ({'address': '192.0.2.21', 'port': 80}, {'address': '2001:db8:2::21', 'port': 80})

    def test_directors_of_which_no_address_of_a_family_is_known_are_a_warning_behind_firewalld(self):
        host = Host()
        del host.info['directors'][DIRECTOR6]
        assert host.judge(checks=self.ASKED).warnings == []
        host.info['firewall'] = {'zone': 'public', 'runtime': [], 'permanent': []}
        assert 'health checks in IPv6 are not let in' in host.warning(checks=self.ASKED)
        assert host.judge(checks=self.ASKED[:1]).warnings == []
