# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ipvsadm prints becomes the model, whole, and nothing else becomes anything."""

from __future__ import annotations

import pathlib

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import dump, model, rules

from .strategies import tables

GOLDEN = pathlib.Path(__file__).parent / 'golden'


def golden(name):
    return (GOLDEN / name).read_text(encoding='ascii')


def service(protocol, address, number, family='ipv4'):
    return model.ServiceKey(protocol, family, address, number)


WEB = service('tcp', '10.0.0.8', 80)
WEB6 = service('tcp', 'fd00::8', 80, 'ipv6')


@pytest.fixture(name='table')
def table_of_the_transcript():
    return dump.parse_table(golden('save.txt'), golden('thresholds.txt'))


@pytest.mark.parametrize(
    'expected',
    [
        model.VirtualService(WEB, 'wrr', (), 300, '255.255.255.0'),
        model.VirtualService(service('udp', '10.0.0.8', 53), 'rr', one_packet=True),
        model.VirtualService(service('udp', '10.0.0.8', 5060), 'rr', (), 60, '', 'sip'),
        model.VirtualService(service('sctp', '10.0.0.8', 99), 'sh', ('sh-fallback', 'sh-port')),
        model.VirtualService(WEB6, 'wlc', (), 60, '64'),
        model.VirtualService(service('fwmark', '', 7), 'mh', ('mh-fallback', 'mh-port')),
        model.VirtualService(service('fwmark', '', 7, 'ipv6'), 'rr'),
        model.VirtualService(service('tcp', '10.0.0.8', 0), 'rr', (), 360),
        # Not to be declared, but to be read: somebody else's mask with a hole.
        model.VirtualService(service('tcp', '10.0.0.8', 86), 'rr', (), 300, '255.0.255.0'),
    ],
    ids=lambda expected: str(expected.key),
)
def test_a_service_is_read_with_every_setting(table, expected):
    assert table.services[expected.key] == expected


@pytest.mark.parametrize(
    'expected',
    [
        model.RealServer(model.RealServerKey(WEB, '10.0.0.42', 80), 'dr', 10, 100, 50),
        model.RealServer(model.RealServerKey(WEB, '10.0.0.44', 80), 'dr', 65536),
        model.RealServer(model.RealServerKey(WEB6, 'fd00::42', 80), 'dr', 0),
        model.RealServer(model.RealServerKey(WEB6, '10.0.0.42', 80), 'tun', 1, tunnel=model.Tunnel('ipip')),
        model.RealServer(
            model.RealServerKey(service('fwmark', '', 7), '10.0.0.42', 0), 'tun', 1, tunnel=model.Tunnel('gue', 6080)
        ),
    ],
    ids=lambda expected: str(expected.key),
)
def test_a_real_server_is_read_with_every_setting(table, expected):
    assert table.realservers[expected.key] == expected


def test_the_first_mark_and_the_same_mark_in_ipv6_are_two_services(table):
    assert {key.family for key in table.services if key.protocol == 'fwmark'} == {'ipv4', 'ipv6'}


def test_generic_flags_of_an_older_ipvsadm_get_their_names():
    table = dump.parse_table('-A -t 10.0.0.8:80 -s sh -b flag-2,flag-1\n')
    assert table.services[WEB].scheduler_flags == ('sh-fallback', 'sh-port')


EDGE = (
    # What ipvsadm 1.31 was seen to print where it is least expected to.
    model.VirtualService(service('fwmark', '', 4294967295), 'rr'),
    model.VirtualService(service('fwmark', '', 2147483648, 'ipv6'), 'rr'),
    model.VirtualService(service('fwmark', '', 9), 'rr', one_packet=True),
    model.VirtualService(service('fwmark', '', 11, 'ipv6'), 'rr', (), 60, '64', 'sip', True),
    # flag-3 of sh and mh is set and not shown.
    model.VirtualService(WEB, 'sh'),
    model.VirtualService(service('tcp', '10.0.0.8', 81), 'sh', ('sh-port',)),
    model.VirtualService(service('tcp', '10.0.0.8', 82), 'mh', ('mh-fallback', 'mh-port')),
    model.VirtualService(service('tcp', '10.0.0.8', 83), 'rr', ('flag-1', 'flag-3')),
    model.VirtualService(service('udp', '10.0.0.8', 84), 'sh', one_packet=True),
    # Not to be declared: an engine without persistence, an engine that stops tcp, one client for all the world.
    model.VirtualService(service('udp', '10.0.0.8', 5062), 'rr', persistence_engine='sip'),
    model.VirtualService(service('tcp', '10.0.0.8', 5060), 'rr', (), 60, '', 'sip'),
    model.VirtualService(service('tcp', '10.0.0.8', 0), 'rr', (), 60, '0.0.0.0'),
)


@pytest.mark.parametrize('expected', EDGE, ids=lambda expected: str(expected.key))
def test_the_odd_corners_of_ipvsadm_are_read(expected):
    table = dump.parse_table(golden('edge_save.txt'), golden('edge_thresholds.txt'))
    assert table.services[expected.key] == expected


@pytest.mark.parametrize('name', ['save', 'edge_save', 'local_save', 'busy_save'])
def test_every_line_of_a_real_dump_is_an_entry(name):
    lines = golden(name + '.txt').splitlines()
    table = dump.parse_table(golden(name + '.txt'))
    assert len(table.services) == sum(line.startswith('-A') for line in lines)
    assert len(table.realservers) == sum(line.startswith('-a') for line in lines)


def test_a_real_server_of_a_high_mark_keeps_its_thresholds_and_counters():
    key = model.RealServerKey(service('udp', '2001:db8:1111:2222:3333:4444:5555:6666', 65535, 'ipv6'),
                              '2001:db8:1111:2222:3333:4444:5555:7777', 65535)
    mark = model.RealServerKey(service('fwmark', '', 2147483648, 'ipv6'), '10.0.0.44', 0)
    table = dump.parse_table(golden('edge_save.txt'), golden('edge_thresholds.txt'))
    assert table.realservers[key] == model.RealServer(key, 'dr', 7, 9, 3)
    assert table.realservers[mark].forward == 'tun'
    assert {key, mark} <= set(dump.parse_counters(golden('edge_stats.txt')))


def test_a_real_server_on_the_director_itself_is_printed_with_the_method_it_was_given():
    table = dump.parse_table(golden('local_save.txt'))
    local = [server for key, server in table.realservers.items() if key.address == '127.0.0.1']
    assert sorted(server.forward for server in local) == ['dr', 'nat']


def test_counters_are_read_exactly_and_by_entry():
    stats = golden('stats.txt').replace(
        '  -> 10.0.0.42:80                        0        0        0        0        0',
        '  -> 10.0.0.42:80               12345678901       22       33       44 18446744073709551615',
        1,
    )
    counters = dump.parse_counters(stats)
    assert counters[model.RealServerKey(WEB, '10.0.0.42', 80)] == (12345678901, 22, 33, 44, 2**64 - 1)
    assert counters[service('fwmark', '', 7, 'ipv6')] == (0, 0, 0, 0, 0)
    assert len(counters) == 16


def test_the_connections_of_real_servers_are_read_from_the_whole_table_and_from_one_service():
    activity = dump.parse_activity(golden('busy_thresholds.txt'))
    assert activity[model.RealServerKey(WEB, '10.1.0.2', 8080)] == (2, 1)
    assert activity[model.RealServerKey(service('udp', '10.0.0.8', 53), '10.1.0.2', 5353)] == (0, 1)
    assert len(activity) == len(dump.parse_table(golden('busy_save.txt')).realservers)
    one = model.RealServerKey(service('tcp', '10.0.0.8', 83), '10.1.0.2', 8080)
    assert dump.parse_activity(golden('one_service_thresholds.txt')) == {one: (1, 0)}


def test_every_entry_of_a_real_connection_table_is_read():
    connections = dump.parse_connections(golden('connections.txt'))
    assert len(connections) == len(golden('connections.txt').splitlines()) - 2
    assert connections[0] == dump.Connection(
        'tcp', 'TIME_WAIT', 119, ('fd01::1', 40994), ('fd01::99', 8080), ('fd01::2', 8080)
    )
    assert dump.Connection(
        'ip', 'ASSURED', 1439 * 60 + 51, ('10.1.0.1', 0), ('0.0.0.7', 0), ('10.1.0.2', 0)
    ) in connections


CONNECTION = 'UDP 00:56  ASSURED     10.0.0.2:0         10.0.0.8:5060      10.1.0.2:5060    sip                '


@pytest.mark.parametrize('data', ['a@b', '\x1c\x85\u2028x', '\x1e', 'é\xa0'])
def test_what_a_client_writes_into_a_call_id_cannot_break_the_reading(data):
    text = 'IPVS connection entries\npro expire state\n' + CONNECTION + data + '\n' + CONNECTION + 'x\n'
    connections = dump.parse_connections(text)
    assert [one.engine for one in connections] == ['sip', 'sip']


@pytest.mark.parametrize(
    'line',
    [
        'TCP',
        'TCP 00:56 NONE 10.0.0.2:1 10.0.0.8:80',
        CONNECTION.replace('00:56', '56'),
        CONNECTION.replace(':0 ', ' '),
    ],
)
def test_a_connection_that_is_not_understood_is_quoted(line):
    with pytest.raises(dump.DumpError) as caught:
        dump.parse_connections('IPVS connection entries\npro\n' + line + '\n')
    assert repr(line)[:-1] in str(caught.value)


@pytest.mark.parametrize(
    'line',
    [
        '-A -t 10.0.0.8 -s rr',
        '-A -t www.example.org:80 -s rr',
        '-A -t 10.0.0.8:http -s rr',
        '-A -t 10.0.0.8:80 -s rr --new-option 1',
        '-A -t fd00::8:80 -s rr',
        '-A -t [10.0.0.8]:80 -s rr',
        '-A -t 10.0.0.8:80 -s',
        '-A -t 10.0.0.8:80 -s rr -p',
        '-A -f - -s rr',
        '-A -f --1 -s rr',
        '-a -t 10.0.0.8:80 -g',
        '-a -t 10.0.0.8:80 -r 10.0.0.42:80 -g -w -1',
        '-a -t 10.0.0.8:80 -r 10.0.0.42:80 -g -w 1_0',
        '-a -t 10.0.0.8:80 -r 10.0.0.42:80 -g -w ١',
        '-a -t 10.0.0.8:80 -r 10.0.0.42:80 -g -w 1 --tun-type gue',
        '-C',
        'Permission denied',
    ],
)
def test_a_line_that_is_not_understood_is_quoted(line):
    with pytest.raises(dump.DumpError) as caught:
        dump.parse_table(line + '\n')
    assert repr(line) in str(caught.value)


@hypothesis.given(tables)
def test_what_is_written_is_read_back_as_the_same(table):
    assert dump.parse_table('\n'.join(rules.ruleset(table))) == table


WORDS = sorted(set(golden('save.txt').split()) | set(golden('thresholds.txt').split()))
damaged = st.lists(st.lists(st.sampled_from(WORDS) | st.text(max_size=5), max_size=8).map(' '.join), max_size=5).map('\n'.join)


@hypothesis.given(damaged, damaged)
def test_damaged_output_is_read_or_refused_in_our_own_words(rules_text, thresholds_text):
    for parse in (
        lambda: dump.parse_table(rules_text, thresholds_text),
        lambda: dump.parse_counters(rules_text),
        lambda: dump.parse_activity(thresholds_text),
        lambda: dump.parse_connections('\n\n' + rules_text),
    ):
        try:
            parse()
        except dump.DumpError:
            pass
