# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who could not serve is not put back."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import preflight, serving

MAC, DIRECTOR = '02:00:00:00:00:21', '02:00:00:00:00:10'
PLACED = {'interface': 'lo', 'prefix': 32, 'heard': False}
SERVICES = [
    {'name': 'web', 'vip': '192.0.2.100', 'ports': [80, 443], 'realservers': [{'name': 'real1', 'address': '192.0.2.21'}]},
    {'vip': '192.0.2.101', 'ports': [25], 'realservers': [{'address': '192.0.2.21', 'forward': 'nat'}, {'address': '192.0.2.22'}]},
    {'vip': '192.0.2.102', 'ports': [53], 'protocol': 'udp', 'realservers': [{'address': '192.0.2.21'}]},
]
PROBE = {'service': SERVICES[0], 'port': 80, 'real_server': '192.0.2.21', 'forward': 'dr'}


def faults(placements=(PLACED,), answers=None, unit='active', failures=None, unsent=0, service=None):
    info = {
        'interfaces': {'eth0': {'mac': MAC}},
        'vips': {'192.0.2.100': {'placements': list(placements), 'connected': ['eth0'], 'answers': answers}},
        'directors': {'192.0.2.10': {'on_link': True, 'local': False, 'interface': 'eth0', 'gateway': None, 'macs': [DIRECTOR]}},
        'peers': {}, 'gateways': {'ipv4': [], 'ipv6': []}, 'policy_routing': {'ipv4': False, 'ipv6': False}, 'listeners': [],
    }  # fmt: skip
    asked = [{'item': [dict(PROBE, service=service or SERVICES[0]), 'lb1'], 'failures': failures or {}, 'unsent': unsent}]
    return serving.faults(preflight.Server('real1', info), unit, asked)


def test_a_host_that_is_well_has_no_faults():
    assert faults(answers={'eth0': [DIRECTOR]}) == []
    assert faults(failures={'timeout': 3}, service=SERVICES[2]) == []


@pytest.mark.parametrize(('seen', 'sentence'), [
    ({'placements': []}, 'real1: does not have 192.0.2.100, so it would drop what a director sends it'),
    ({'placements': [dict(PLACED, interface='eth0', heard=True)]}, 'real1: the VIP 192.0.2.100/32 is on the network card eth0'),
    ({'answers': {'eth0': [DIRECTOR, MAC]}}, 'real1: answers for 192.0.2.100 on eth0, which only a director may'),
    ({'unit': 'failed'}, 'real1: lvs-realserver.service is failed, so after a boot it would have no VIP'),
    ({'unit': ''}, 'real1: lvs-realserver.service is not there'),
    ({'failures': {'refused': 3}}, 'real1: does not answer lb1 at 192.0.2.100 port 80 (web): 3 refused'),
    ({'failures': {'refused': 1, 'timeout': 2}, 'service': SERVICES[2]}, 'real1: does not answer lb1 at 192.0.2.102 port 80 (service): 1 refused'),
    ({'unsent': 2}, 'real1: does not answer lb1 at 192.0.2.100 port 80 (web): not in time'),
])
def test_what_speaks_against_it_is_said(seen, sentence):
    found = faults(**seen)
    assert len(found) == 1 and found[0].startswith(sentence)


def test_a_host_is_asked_for_what_it_serves_at_the_vip():
    hostvars = {'real1': {'lvs_address': '192.0.2.21'}}
    assert [(probe['service']['vip'], probe['port'], probe['real_server'], probe['forward'])
            for probe in serving.probes(SERVICES, 'real1', hostvars)] == [
        ('192.0.2.100', 80, '192.0.2.21', 'dr'), ('192.0.2.100', 443, '192.0.2.21', 'dr'), ('192.0.2.102', 53, '192.0.2.21', 'dr')]


@pytest.mark.parametrize('server', [{'tunnel': {'type': 'gue', 'port': 6080}}, {'address': '2001:db8::21'}])
def test_who_cannot_be_asked_from_a_director_is_to_be_asked_there(server):
    services = [dict(SERVICES[0], realservers=[dict({'name': 'real1', 'address': '192.0.2.21', 'forward': 'tun'}, **server)])]
    assert {probe['real_server'] for probe in serving.probes(services, 'real1', {'real1': {}})} == {''}


def test_a_probe_that_could_not_be_made_is_no_answer():
    info = {'vips': {}, 'interfaces': {}, 'directors': {}, 'peers': {}, 'gateways': {'ipv4': [], 'ipv6': []}, 'listeners': []}
    asked = [{'item': [PROBE, 'lb1'], 'failed': True, 'msg': 'no root'}]
    assert serving.faults(preflight.Server('real1', info), 'active', asked) == [
        'real1: does not answer lb1 at 192.0.2.100 port 80 (web): no root']
