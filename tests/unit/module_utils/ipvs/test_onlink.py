# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real server whose way changes gets a host route that leads to it, and loses it with its last entry."""

from __future__ import annotations

import json

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.command import NotInstalled, Result
from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import dump, onlink
from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs.plan import plan

WEB = '-A -t 192.0.2.100:80 -s rr\n'
DIRECT = '-a -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 1\n'
TUNNEL = DIRECT.replace('-g', '-i')
NAT = DIRECT.replace('-g', '-m')
MAIL = '-A -t 192.0.2.100:25 -s rr\n-a -t 192.0.2.100:25 -r 192.0.2.21:25 -g -w 1\n'
IPV6 = '-A -t [2001:db8::100]:80 -s rr\n-a -t [2001:db8::100]:80 -r [2001:db8::21]:80 {0} -w 1\n'
ROUTE = 'route prepend 192.0.2.21 via 192.0.2.21 dev eth0 onlink src 192.0.2.10 proto 173'
LINK = {'dst': '192.0.2.21', 'dev': 'eth0', 'prefsrc': '192.0.2.10'}


class Host:
    """What `ip` is asked, with the way to the real server, and what it says when routes are changed."""

    def __init__(self, way=None, stderr=''):
        self.way, self.stderr = way, stderr
        self.changed = []
        self.warnings = []

    def run(self, argv, stdin):
        if 'route get' in stdin:
            return Result(argv, 0, json.dumps([self.way] if self.way else []), '')
        self.changed += stdin.splitlines()
        return Result(argv, 1 if self.stderr else 0, '', self.stderr)

    def hold(self, before, after):
        have, want = dump.parse_table(before, ''), dump.parse_table(after, '')
        onlink.hold(self.run, plan(have, want), self.warnings.append)
        return self

    def release(self, before, after):
        have, want = dump.parse_table(before, ''), dump.parse_table(after, '')
        onlink.release(self.run, plan(have, want, lambda _key: True), have, want, self.warnings.append)
        return self


@pytest.mark.parametrize(('before', 'after'), [(DIRECT, TUNNEL), (TUNNEL, DIRECT)])
def test_a_change_between_direct_routing_and_a_tunnel_gets_a_route(before, after):
    host = Host(LINK).hold(WEB + before, WEB + after)
    assert (host.changed, host.warnings) == ([ROUTE], [])


@pytest.mark.parametrize(
    ('before', 'after'),
    [
        (DIRECT, DIRECT.replace('-w 1', '-w 2')),
        (TUNNEL, TUNNEL.replace('-w 1', '-w 2')),
        ('', TUNNEL),
        (TUNNEL, ''),
        # Behind address translation packets name the real server themselves.
        (NAT, TUNNEL),
    ],
)
def test_every_other_change_gets_none(before, after):
    assert Host(LINK).hold(WEB + before, WEB + after).changed == []


def test_ipv6_is_no_different():
    way = {'dst': '2001:db8::21', 'dev': 'eth0', 'prefsrc': '2001:db8::10'}
    assert Host(way).hold(IPV6.format('-g'), IPV6.format('-i')).changed == [
        'route prepend 2001:db8::21 via 2001:db8::21 dev eth0 onlink src 2001:db8::10 proto 173']
    assert Host().release(IPV6.format('-i'), '').changed == ['route delete 2001:db8::21 via 2001:db8::21 proto 173']


@pytest.mark.parametrize(
    'way',
    [
        None,
        dict(LINK, gateway='192.0.2.1'),
        dict(LINK, type='local', dev='lo'),
    ],
    ids=['no route', 'behind a router', 'this host'],
)
def test_a_real_server_that_is_not_on_the_link_gets_none(way):
    host = Host(way).hold(WEB + DIRECT, WEB + TUNNEL)
    assert (host.changed, host.warnings) == ([], [])


def test_a_real_server_of_two_services_has_one_route():
    assert Host(LINK).hold(WEB + DIRECT + MAIL, WEB + TUNNEL + MAIL.replace('-g', '-i')).changed == [ROUTE]


def test_a_route_that_is_there_already_is_good():
    said = 'RTNETLINK answers: File exists\nCommand failed -:1\n'
    assert Host(LINK, said).hold(WEB + DIRECT, WEB + TUNNEL).warnings == []


def test_a_route_that_cannot_be_made_is_a_warning():
    said = 'RTNETLINK answers: Operation not permitted\nCommand failed -:1\n'
    (warning,) = Host(LINK, said).hold(WEB + DIRECT, WEB + TUNNEL).warnings
    assert warning.startswith('While 192.0.2.21 changes between direct routing and a tunnel, connections may be lost')
    assert 'Operation not permitted' in warning


def test_the_route_goes_with_the_last_entry_that_sends_there():
    delete = 'route delete 192.0.2.21 via 192.0.2.21 proto 173'
    assert Host().release(WEB + TUNNEL, WEB).changed == [delete]
    assert Host().release(WEB + TUNNEL, '').changed == [delete]
    assert Host().release(WEB + TUNNEL + MAIL, MAIL).changed == []


def test_where_nobody_goes_nothing_runs():
    host = Host()
    host.run = None
    host.release(WEB + DIRECT, WEB + TUNNEL).release(WEB, WEB + DIRECT).release(WEB, '')


def test_a_route_that_was_not_there_is_no_trouble_and_one_that_stays_is_a_warning():
    gone = 'RTNETLINK answers: No such process\nCommand failed -:1\n'
    assert Host(stderr=gone).release(WEB + TUNNEL, WEB).warnings == []
    (warning,) = Host(stderr=gone.replace('No such process', 'Operation not permitted')).release(WEB + TUNNEL, WEB).warnings
    assert 'ip route show proto 173' in warning


def test_a_host_without_ip_has_no_route_to_remove():
    def run(argv, stdin):
        raise NotInstalled(argv)

    host = Host()
    host.run = run
    assert host.release(WEB + DIRECT, WEB).warnings == []
    assert 'Install the package that provides ip' in host.hold(WEB + DIRECT, WEB + TUNNEL).warnings[0]
