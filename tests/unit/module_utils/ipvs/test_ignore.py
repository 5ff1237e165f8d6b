# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pattern protects what it describes from every purge, and nothing else."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import dump, ignore, model
from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs.plan import plan, removal_scope

TABLE = dump.parse_table(
    """
-A -t 192.0.2.100:80 -s rr
-a -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 1
-a -t 192.0.2.100:80 -r 198.51.100.21:8080 -m -w 1
-A -u 192.0.2.200:53 -s rr
-a -u 192.0.2.200:53 -r 192.0.2.21:53 -g -w 1
-A -t [2001:db8::100]:80 -s rr
-a -t [2001:db8::100]:80 -r [2001:db8::21]:80 -g -w 1
-A -f 7 -s rr
-A -f 7 -6 -s rr
-A -f 80 -s rr
"""
)


def protected(*patterns):
    """Return the keys that the patterns match, as text."""
    test = ignore.ignored(patterns)
    return sorted(str(key) for key in [*TABLE.services, *TABLE.realservers] if test(key))


WEB = ['192.0.2.21:80 of tcp 192.0.2.100:80', '198.51.100.21:8080 of tcp 192.0.2.100:80', 'tcp 192.0.2.100:80']
WEB6 = ['[2001:db8::21]:80 of tcp [2001:db8::100]:80', 'tcp [2001:db8::100]:80']
DNS = ['192.0.2.21:53 of udp 192.0.2.200:53', 'udp 192.0.2.200:53']


@pytest.mark.parametrize(
    ('pattern', 'expected'),
    [
        ({'address': '192.0.2.100'}, WEB),
        ({'address': '192.0.2.100/32'}, WEB),
        ({'address': '192.0.2.0/24'}, sorted(WEB + DNS)),
        ({'address': '192.0.2.128/25'}, DNS),
        ({'address': '0.0.0.0/0'}, sorted(WEB + DNS)),
        ({'address': '2001:DB8:0::/64'}, WEB6),
        ({'address': '::/0', 'port': 443}, []),
        ({'port': 80}, sorted(WEB + WEB6)),
        ({'port': 8}, []),
        ({'protocol': 'udp'}, DNS),
        ({'protocol': 'sctp'}, []),
        ({'port': 80, 'family': 'ipv6'}, WEB6),
        ({'fwmark': 7}, ['fwmark 7 ipv4', 'fwmark 7 ipv6']),
        ({'fwmark': 7, 'family': 'ipv6'}, ['fwmark 7 ipv6']),
        ({'family': 'ipv6'}, sorted(WEB6 + ['fwmark 7 ipv6'])),
        ({'realserver_address': '192.0.2.21'}, sorted([DNS[0], WEB[0]])),
        ({'realserver_address': '192.0.2.0/24', 'port': 53}, DNS[:1]),
        ({'realserver_port': 8080}, WEB[1:2]),
        ({'realserver_address': '192.0.2.21', 'realserver_port': 8080}, []),
        ({'address': '192.0.2.100', 'port': None, 'fwmark': None}, WEB),
    ],
)
def test_an_entry_matches_if_all_given_options_do(pattern, expected):
    assert protected(pattern) == expected


def test_several_patterns_protect_what_any_of_them_matches_and_doubles_do_no_harm():
    assert protected({'port': 53}, {'address': '2001:db8::100'}, {'port': 53}) == sorted(DNS + WEB6)


def test_without_patterns_nothing_is_protected():
    assert protected() == []


@pytest.mark.parametrize('purge', ['all', 'owned', 'realservers'])
def test_no_purge_removes_what_is_protected(purge):
    want = dump.parse_table('-A -t 192.0.2.100:80 -s rr')
    ignored = ignore.ignored([{'realserver_address': '198.51.100.0/24'}, {'port': 53}, {'fwmark': 7}])
    changes = plan(TABLE, want, removal_scope(purge, want, TABLE, ignored))
    assert changes
    assert not [change for change in changes if ignored(change.key)]


def test_a_service_stays_with_a_protected_real_server():
    ignored = ignore.ignored([{'realserver_port': 53}])
    empty = model.Table()
    gone = [str(change.key) for change in plan(TABLE, empty, removal_scope('all', empty, empty, ignored))]
    assert 'udp 192.0.2.200:53' not in gone
    assert 'tcp 192.0.2.100:80' in gone


@pytest.mark.parametrize(
    ('pattern', 'message'),
    [
        ({}, 'pattern: {} says nothing'),
        ({'address': None, 'port': None}, 'pattern: {} says nothing'),
        ({'address': 'www.example.org'}, "address: 'www.example.org' is neither a literal address nor a network"),
        ({'address': ''}, "address: '' is neither"),
        ({'address': '192.0.2.0/33'}, 'is neither'),
        ({'address': '192.0.2.5/24'}, 'has bits set behind its prefix; the network is 192.0.2.0/24'),
        ({'realserver_address': 'web1'}, "realserver_address: 'web1' is neither"),
        ({'address': '192.0.2.100; touch /tmp/x'}, 'is neither'),
        ({'realserver_address': '192.0.2.21\n'}, 'is neither'),
        ({'address': '192.0.2.100\0'}, 'is neither'),
        ({'address': 'fd00::1%eth0'}, 'is neither'),
        ({'address': '1' * 10240}, '(10242 characters)'),
        ({'port': -1}, 'port: -1 is outside 0..65535'),
        ({'port': 65536}, 'port: 65536 is outside 0..65535'),
        ({'realserver_port': 65536}, 'realserver_port: 65536 is outside 0..65535'),
        ({'fwmark': 0}, 'fwmark: 0 is outside 1..4294967295'),
        ({'fwmark': 7, 'port': 80}, 'port: 80 does not go with fwmark'),
        ({'fwmark': 7, 'protocol': 'tcp'}, "protocol: 'tcp' does not go with fwmark"),
        ({'address': '192.0.2.0/24', 'family': 'ipv6'}, "family: 'ipv6' is not the family of 192.0.2.0/24"),
    ],
)
def test_a_bad_pattern_is_refused_with_its_position(pattern, message):
    with pytest.raises(model.InvalidEntry) as caught:
        ignore.ignored([{'port': 80}, pattern])
    assert str(caught.value).startswith('ignore[1] ')
    assert message in str(caught.value)
