# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What people declare becomes the model, or a sentence that says where, what, and what would be right."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import dump, model, options, rules

WEB = {'address': '192.0.2.100', 'port': 80}
DNS = {'address': '192.0.2.100', 'port': 53, 'protocol': 'udp'}
WEB6 = {'address': '2001:db8::100', 'port': 80}
MARK = {'fwmark': 7}
SERVER = {'address': '192.0.2.21'}


def lines(*entries):
    return rules.ruleset(options.table(entries))


@pytest.mark.parametrize(
    ('entry', 'line'),
    [
        (WEB, '-A -t 192.0.2.100:80 -s wlc'),
        (dict(DNS, one_packet=True), '-A -u 192.0.2.100:53 -s wlc -o'),
        (dict(WEB, protocol='sctp'), '-A --sctp-service 192.0.2.100:80 -s wlc'),
        ({'address': '2001:DB8:0::100', 'port': 80}, '-A -t [2001:db8::100]:80 -s wlc'),
        (MARK, '-A -f 7 -s wlc'),
        (dict(MARK, family='ipv6'), '-A -f 7 -6 -s wlc'),
        (dict(WEB, port=0, persistence_timeout=60), '-A -t 192.0.2.100:0 -s wlc -p 60'),
        (
            dict(WEB, scheduler='sh', scheduler_flags=['sh-port', 'flag-1']),
            '-A -t 192.0.2.100:80 -s sh -b sh-fallback,sh-port',
        ),
        (
            dict(WEB, persistence_timeout=60, persistence_netmask='24'),
            '-A -t 192.0.2.100:80 -s wlc -p 60 -M 255.255.255.0',
        ),
        (dict(WEB, persistence_timeout=60, persistence_netmask='255.255.255.255'), '-A -t 192.0.2.100:80 -s wlc -p 60'),
        (dict(WEB6, persistence_timeout=60, persistence_netmask='/64'), '-A -t [2001:db8::100]:80 -s wlc -p 60 -M 64'),
        (dict(WEB6, persistence_timeout=60, persistence_netmask='128'), '-A -t [2001:db8::100]:80 -s wlc -p 60'),
        (dict(DNS, persistence_timeout=60, persistence_engine='sip'), '-A -u 192.0.2.100:53 -s wlc -p 60 --pe sip'),
    ],
)
def test_a_service_is_written_with_its_settings(entry, line):
    assert lines(entry) == [line]


@pytest.mark.parametrize(
    ('service', 'server', 'line'),
    [
        (WEB, {}, '-a -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 1'),
        (WEB, {'weight': 0}, '-a -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 0'),
        (WEB, {'forward': 'nat', 'port': 8080}, '-a -t 192.0.2.100:80 -r 192.0.2.21:8080 -m -w 1'),
        (WEB, {'forward': 'tun'}, '-a -t 192.0.2.100:80 -r 192.0.2.21:80 -i -w 1 --tun-type ipip'),
        (
            WEB,
            {'forward': 'tun', 'tunnel': {'type': 'gue', 'port': 6080, 'checksum': 'remcsum'}},
            '-a -t 192.0.2.100:80 -r 192.0.2.21:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-remcsum',
        ),
        (
            WEB,
            {'upper_threshold': 100, 'lower_threshold': 50},
            '-a -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 1 -x 100 -y 50',
        ),
        (WEB6, {'forward': 'tun'}, '-a -t [2001:db8::100]:80 -r 192.0.2.21:80 -i -w 1 --tun-type ipip'),
        (MARK, {}, '-a -f 7 -r 192.0.2.21:0 -g -w 1'),
    ],
)
def test_a_real_server_is_written_with_its_settings(service, server, line):
    assert lines(dict(service, realservers=[dict(SERVER, **server)]))[1] == line


@pytest.mark.parametrize(
    ('entry', 'message'),
    [
        (dict(WEB, scheduler='dr'), "scheduler: 'dr' is not a scheduler"),
        (dict(WEB, scheduler='dr'), 'say forward: dr'),
        (dict(WEB, scheduler='fastest'), 'rr, wrr, lc, wlc'),
        (dict(WEB, address='www.example.org'), "address: 'www.example.org' is not a literal"),
        (dict(WEB, address='192.0.2.100/32'), 'leave the prefix length out'),
        (dict(WEB, address='192.0.2.100; touch /tmp/x'), 'is not a literal'),
        (dict(WEB, address='192.0.2.100\n-D -t 192.0.2.1:80'), 'is not a literal'),
        (dict(WEB, address='192.0.2.100\0'), 'is not a literal'),
        (dict(WEB, address='1' * 10240), '(10242 characters)'),
        (dict(WEB, address='0.0.0.0'), 'is unspecified'),
        (dict(WEB, address='224.0.0.1'), 'is multicast'),
        (dict(WEB, scheduler='rr\n-C'), 'is not a scheduler'),
        (dict(WEB, scheduler='s' * 10240), '(10242 characters)'),
        ({'port': 80}, 'address: None is missing'),
        ({'address': '192.0.2.100'}, 'port: None is missing'),
        (dict(WEB, port=65536), 'port: 65536 is outside 0..65535'),
        (dict(WEB, port=-1), 'port: -1 is outside 0..65535'),
        (dict(WEB, port=0), 'needs persistence'),
        ({'fwmark': 0}, 'fwmark: 0 is outside 1..4294967295'),
        ({'fwmark': -7}, 'fwmark: -7 is outside'),
        (dict(WEB, fwmark=7), 'does not go with fwmark'),
        (dict(MARK, protocol='tcp'), 'protocol: \'tcp\' does not go with fwmark'),
        (dict(WEB, family='ipv6'), 'is not the family of 192.0.2.100'),
        (dict(WEB, persistence_timeout=-1), 'persistence_timeout: -1 is outside'),
        (dict(WEB, persistence_timeout=2678401), 'persistence_timeout: 2678401 is outside'),
        (dict(WEB, persistence_netmask='24'), 'needs persistence_timeout'),
        (dict(WEB, persistence_timeout=60, persistence_netmask='255.0.255.0'), 'is not an IPv4 netmask'),
        (dict(WEB, persistence_timeout=60, persistence_netmask='0'), 'is not an IPv4 netmask'),
        (dict(WEB, persistence_timeout=60, persistence_netmask='33'), 'is not an IPv4 netmask'),
        (dict(WEB, persistence_timeout=60, persistence_netmask='64; reboot'), 'is not an IPv4 netmask'),
        (dict(WEB6, persistence_timeout=60, persistence_netmask='0'), '1..128'),
        (dict(WEB6, persistence_timeout=60, persistence_netmask='129'), '1..128'),
        (dict(WEB6, persistence_timeout=60, persistence_netmask='255.255.255.0'), '1..128'),
        (dict(WEB, one_packet=True), 'only for udp services, not tcp'),
        (dict(WEB, scheduler='rr', scheduler_flags=['sh-port']), "scheduler_flags: 'sh-port' is not a flag of rr"),
        (dict(WEB, scheduler='mh', scheduler_flags=['sh-port']), 'mh-fallback, mh-port, flag-1, flag-2'),
        (dict(WEB, scheduler='sh', scheduler_flags=['flag-3']), "scheduler_flags: 'flag-3' is not a flag of sh"),
        (dict(WEB, scheduler='rr', scheduler_flags=['flag-4']), 'it has flag-1, flag-2, flag-3'),
        (dict(WEB, persistence_timeout=60, persistence_engine='sip'), 'only for udp'),
        (dict(DNS, persistence_timeout=60, persistence_engine='ftp'), 'the kernel has sip'),
        (dict(DNS, persistence_engine='sip'), 'needs persistence_timeout'),
    ],
)
def test_a_bad_service_is_refused_with_its_position_and_reason(entry, message):
    with pytest.raises(model.InvalidEntry) as caught:
        options.table([{'address': '192.0.2.99', 'port': 80}, entry])
    assert str(caught.value).startswith('services[1]')
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ('service', 'server', 'message'),
    [
        (WEB, {'address': 'web1'}, "address: 'web1' is not a literal"),
        (WEB, {'address': '224.0.0.1'}, 'is multicast'),
        (WEB, {'address': '255.255.255.255'}, 'is broadcast'),
        (WEB, {'address': '169.254.1.1'}, 'is link-local'),
        (WEB, {'address': '0.0.0.0'}, 'is unspecified'),
        (WEB6, {'address': 'fe80::1'}, 'is link-local'),
        (WEB6, {'address': 'ff02::1'}, 'is multicast'),
        (WEB6, {'address': '::'}, 'is unspecified'),
        (WEB6, {'address': '::ffff:192.0.2.21'}, 'is an IPv4 address in IPv6 form'),
        (WEB, {'address': '2001:db8::21'}, 'only forward: tun may mix families'),
        (WEB, {'address': '2001:db8::21', 'forward': 'nat'}, 'is not ipv4 like its service'),
        (WEB, {'port': 8080}, 'is not the port of the service, 80'),
        (WEB, {'port': 8080, 'forward': 'tun'}, 'only forward: nat can change the port'),
        (WEB, {'port': 65536, 'forward': 'nat'}, 'port: 65536 is outside 0..65535'),
        (WEB, {'weight': -1}, 'weight: -1 is outside 0..65535'),
        (WEB, {'weight': 65536}, 'weight: 65536 is outside 0..65535'),
        (WEB, {'upper_threshold': 5, 'lower_threshold': 10}, 'lower_threshold: 10 is above upper_threshold 5'),
        (WEB, {'lower_threshold': 10}, 'lower_threshold: 10 needs an upper_threshold'),
        (WEB, {'upper_threshold': -1}, 'upper_threshold: -1 is outside'),
        (WEB, {'upper_threshold': 2147483648}, 'upper_threshold: 2147483648 is outside 0..2147483647'),
        (WEB, {'forward': 'tun', 'tunnel': {'type': 'gue'}}, 'gue needs one'),
        (WEB, {'forward': 'tun', 'tunnel': {'type': 'gre', 'port': 1}}, 'is only for type: gue'),
        (WEB, {'forward': 'tun', 'tunnel': {'type': 'ipip', 'checksum': 'csum'}}, 'is only for gue and gre'),
        (WEB, {'forward': 'tun', 'tunnel': {'type': 'gre', 'checksum': 'remcsum'}}, 'is only for gue'),
        (WEB, {'tunnel': {'type': 'ipip'}}, 'is only for forward: tun'),
    ],
)
def test_a_bad_real_server_is_refused_with_its_position_and_reason(service, server, message):
    with pytest.raises(model.InvalidEntry) as caught:
        options.table([dict(service, realservers=[dict(SERVER, address=good(service)), dict(SERVER, **server)])])
    assert ' realservers[1] ' in str(caught.value)
    assert message in str(caught.value)


def good(service):
    return '2001:db8::22' if service is WEB6 else '192.0.2.22'


def test_a_service_that_is_declared_twice_is_refused_with_both_positions():
    with pytest.raises(model.InvalidEntry) as caught:
        options.table([WEB6, MARK, {'address': '2001:db8:0:0::100', 'port': 80, 'scheduler': 'rr'}])
    assert 'services[2]' in str(caught.value)
    assert 'first as services[0]' in str(caught.value)


def test_a_real_server_that_is_declared_twice_is_refused_with_both_positions():
    with pytest.raises(model.InvalidEntry) as caught:
        options.table([dict(WEB, realservers=[SERVER, dict(SERVER, port=80, weight=3)])])
    assert 'realservers[1]' in str(caught.value)
    assert 'first as services[0] (tcp 192.0.2.100:80) realservers[0]' in str(caught.value)


LIVE = dump.parse_table('-A -t 192.0.2.100:80 -s sh -b sh-port -p 300 -M 255.255.255.0')
KEY = options.service_key(WEB)


@pytest.mark.parametrize(
    ('given', 'expected'),
    [
        ({}, '-s sh -b sh-port -p 300 -M 255.255.255.0'),
        ({'scheduler': 'sh'}, '-s sh -b sh-port -p 300 -M 255.255.255.0'),
        ({'scheduler': 'rr'}, '-s rr -p 300 -M 255.255.255.0'),
        ({'scheduler_flags': []}, '-s sh -p 300 -M 255.255.255.0'),
        ({'persistence_timeout': 60}, '-s sh -b sh-port -p 60 -M 255.255.255.0'),
        ({'persistence_timeout': 0}, '-s sh -b sh-port'),
        ({'persistence_netmask': '32'}, '-s sh -b sh-port -p 300'),
    ],
)
def test_an_option_that_is_left_out_keeps_its_live_value(given, expected):
    wanted = options.service(KEY, given, LIVE.services[KEY])
    assert rules.service_rule('-E', wanted) == '-E -t 192.0.2.100:80 ' + expected


LIVE_SERVER = model.RealServer(
    model.RealServerKey(KEY, '192.0.2.21', 80), 'tun', 10, 100, 50, model.Tunnel('gue', 6080, 'csum')
)


@pytest.mark.parametrize(
    ('given', 'expected'),
    [
        ({}, LIVE_SERVER),
        ({'weight': 0}, LIVE_SERVER._replace(weight=0)),
        ({'forward': 'dr'}, LIVE_SERVER._replace(forward='dr', tunnel=None)),
        ({'lower_threshold': 0}, LIVE_SERVER._replace(lower_threshold=0)),
        ({'tunnel': {'type': 'ipip', 'port': None, 'checksum': 'none'}}, LIVE_SERVER._replace(tunnel=model.Tunnel())),
    ],
)
def test_a_real_servers_option_that_is_left_out_keeps_its_live_value(given, expected):
    assert options.realserver(LIVE_SERVER.key, given, LIVE_SERVER) == expected
