# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is waited for: weight 0 and no connection that carries anything, or a weight."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils import draining
from ansible_collections.lvs.direct_routing.plugins.module_utils.command import Result
from ansible_collections.lvs.direct_routing.plugins.module_utils.draining import Asked

LINKS = """[{"ifindex": 2, "ifname": "eth0", "flags": ["BROADCAST", "UP"], "link_type": "ether", "address": "02:00:00:00:00:10",
  "addr_info": [{"family": "inet", "local": "%s", "prefixlen": 32, "scope": "global"}]}]"""
CONNECTIONS = """IPVS connection entries
pro expire state       source             virtual            destination        pe name          pe_data
TCP 04:54  ASSURED     198.51.100.7:0     192.0.2.100:80     192.0.2.21:80
TCP 04:54  ASSURED     198.51.100.7:0     192.0.2.100:443    192.0.2.21:443
TCP 04:54  ASSURED     198.51.100.8:0     192.0.2.100:80     192.0.2.22:80
TCP 14:54  ESTABLISHED 198.51.100.7:5000  192.0.2.100:80     192.0.2.21:80
IP  00:51  ASSURED     198.51.100.9:0     0.0.0.7:0          192.0.2.21:0
"""


def target(**changes):
    return dict({'name': 'real1', 'service': 'web', 'vip': '192.0.2.100', 'address': '192.0.2.100', 'port': 80, 'protocol': 'tcp',
                 'family': 'ipv4', 'realserver_address': '192.0.2.21', 'realserver_port': 80, 'weight': 1}, **changes)


class Director:
    """A kernel with one service and one real server of it."""

    def __init__(self, weight=0, active=0, inactive=0, service='-t 192.0.2.100:80 -s wrr', vip='192.0.2.100', quiescent=1):
        words = service.split()
        name = ' '.join(words[:2])
        server = '192.0.2.21:{0}'.format(words[1].rpartition(':')[2] if ':' in words[1] else 0)
        listed = {'-t': 'TCP', '-u': 'UDP', '-f': 'FWM'}[words[0]]
        servers = '' if weight is None else '-a {0} -r {1} -g -w {2}\n'.format(name, server, weight)
        self.said = {
            '-Sn': '-A {0}\n{1}'.format(service, servers),
            '-Ln --thresholds': '{0}  {1} wrr\n'.format(listed, words[1])
            + ('' if weight is None else '  -> {0} 0 0 {1} {2}\n'.format(server, active, inactive)),
            '-Lnc --persistent-conn': CONNECTIONS,
        }
        self.vip, self.quiescent, self.asked = vip, quiescent, []

    def __call__(self, argv, stdin=None):
        self.asked.append(' '.join(argv))
        if argv[0] == 'ip':
            return Result(tuple(argv), 0, LINKS % self.vip, '')
        return Result(tuple(argv), 0, self.said[' '.join(argv[1:])], '')

    def number(self, path):
        assert path == '/proc/sys/net/ipv4/vs/expire_quiescent_template'
        return self.quiescent

    def look(self, asked=Asked(), **changes):
        return draining.look(self, [target(**changes)], asked, self)[0]


@pytest.mark.parametrize(('director', 'left', 'done'), [
    (Director(0, 0, 0), 0, True),
    (Director(0, 2, 5), 2, False),
    (Director(0, 0, 5), 0, True),
    (Director(1, 0, 0), 0, False),
    (Director(None), 0, True),
])
def test_only_active_connections_and_a_weight_are_waited_for(director, left, done):
    seen = director.look()
    assert (seen['left'], seen['done']) == (left, done)


def test_those_that_have_ended_are_waited_for_on_request():
    assert Director(0, 1, 5).look(Asked(finished=True))['left'] == 6


@pytest.mark.parametrize('service', ['-u 192.0.2.100:53 -s wrr', '-u 192.0.2.100:53 -s wrr -o'])
def test_datagrams_are_no_connections_that_end(service):
    seen = Director(0, 0, 9, service).look(Asked(finished=True), port=53, protocol='udp', realserver_port=53)
    assert (seen['inactive'], seen['left'], seen['done']) == (9, 0, True)


@pytest.mark.parametrize(('service', 'changes', 'quiescent', 'templates'), [
    ('-t 192.0.2.100:80 -s wrr -p 300', {}, 1, 0),
    ('-t 192.0.2.100:80 -s wrr -p 300', {}, 0, 1),
    ('-t 192.0.2.100:80 -s wrr', {}, 0, 0),
    ('-f 7 -s wrr -p 300', {'address': None, 'port': None, 'protocol': None, 'fwmark': 7, 'realserver_port': 0}, 0, 1),
], ids=['forgotten by the kernel', 'kept by the kernel', 'not persistent', 'a mark'])
def test_templates_count_where_the_kernel_keeps_them(service, changes, quiescent, templates):
    director = Director(0, 0, 0, service, quiescent=quiescent)
    seen = director.look(**changes)
    assert (seen['templates'], seen['left'], seen['done']) == (templates, templates, not templates)
    assert any('-Lnc' in asked for asked in director.asked) == bool(templates)


@pytest.mark.parametrize(('vip', 'standby', 'left'), [
    ('192.0.2.100', True, 3), ('192.0.2.99', True, 0), ('192.0.2.99', False, 3),
], ids=['who has the VIP', 'who has not', 'who is alone'])
def test_of_several_directors_the_one_that_has_the_vip_knows(vip, standby, left):
    seen = Director(0, 3, 0, vip=vip).look(Asked(standby=standby))
    assert (seen['left'], seen['done']) == (left, not left)


@pytest.mark.parametrize(('director', 'weight', 'done'), [
    (Director(3, 5), 3, True), (Director(0), 3, False), (Director(None), 3, False), (Director(None), 0, True),
], ids=['in', 'not yet', 'dead', 'without a weight'])
def test_who_is_put_back_serves_when_it_has_its_weight(director, weight, done):
    seen = director.look(Asked('serving'), weight=weight)
    assert (seen['left'], seen['done']) == (0, done)
