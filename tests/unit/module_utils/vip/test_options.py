# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is refused of the options, by name and value."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.vip.options import AddressError, Vips

from .doubles import vips


@pytest.mark.parametrize('options, message', [
    ({'address': []}, 'address: the list is empty'),
    ({'address': ['192.0.2.1', 'web.example.com']}, "address[1]: 'web.example.com' is not a literal IPv4 or IPv6"),
    ({'address': ['192.0.2.100/24']}, "address[0]: '192.0.2.100/24' carries a prefix length; write the address as"),
    ({'address': ['192.0.2.010']}, "address[0]: '192.0.2.010' is not a literal"),
    ({'address': ['fe80::1%eth0']}, "address[0]: 'fe80::1%eth0' is not a literal"),
    ({'address': ['2001:db8::1', '192.0.2.1', '2001:DB8:0::1']},
     "address[2]: '2001:DB8:0::1' is already there as address[0]"),
    ({'address': ['224.0.0.18']}, "'224.0.0.18' is a multicast address"),
    ({'address': ['0.0.0.0']}, "'0.0.0.0' is the unspecified address"),
    ({'address': ['127.0.0.2']}, "'127.0.0.2' is a loopback address"),
    ({'address': ['::1']}, "'::1' is a loopback address"),
    ({'address': ['255.255.255.255']}, "'255.255.255.255' is the broadcast address"),
    ({'address': ['::ffff:192.0.2.1']}, '(write 192.0.2.1)'),
    ({'prefix': 33}, 'prefix: 33 is out of range for IPv4: 1 to 32'),
    ({'prefix': 0}, 'prefix: 0 is out of range for IPv4'),
    ({'address': ['2001:db8::1'], 'prefix': 129}, 'prefix: 129 is out of range for IPv6: 1 to 128'),
    ({'address': ['192.0.2.1', '2001:db8::1'], 'prefix': 64}, 'prefix: 64 is out of range for IPv4'),
    ({'address': ['192.0.2.1', '2001:db8::1'], 'prefix': 64, 'prefix_ipv6': 64}, 'prefix: 64 is out of range for IPv4'),
    ({'address': ['192.0.2.1', '2001:db8::1'], 'prefix_ipv6': 129}, 'prefix_ipv6: 129 is out of range for IPv6'),
    ({'address': ['2001:db8::1', '192.0.2.0'], 'prefix': 24, 'prefix_ipv6': 64}, "address[1]: '192.0.2.0' is the network"),
    ({'address': ['192.0.2.0'], 'prefix': 24}, "'192.0.2.0' is the network address of 192.0.2.0/24"),
    ({'address': ['192.0.2.255'], 'prefix': 24}, "'192.0.2.255' is the broadcast address of 192.0.2.0/24"),
    ({'interface': 'lo:0'}, "interface: 'lo:0' is not the name of an interface"),
    ({'interface': 'a' * 16}, 'is not the name of an interface: 1 to 15 characters'),
    ({'interface': 'lo\nlink delete eth0'}, 'is not the name of an interface'),
    ({'label': 'eth0:1'}, "label: 'eth0:1' does not fit the interface"),
    ({'label': 'lo'}, "label: 'lo' does not fit"),
    ({'label': 'lo:'}, "label: 'lo:' does not fit"),
    ({'label': 'lo:1234567890123'}, 'at most 15 characters'),
    ({'label': 'lo:a b'}, "label: 'lo:a b' does not fit"),
    ({'address': ['2001:db8::1'], 'label': 'lo:0'}, "label: 'lo:0' belongs to an IPv4 address"),
    ({'address': ['2001:db8::1'], 'broadcast': '192.0.2.1'}, "broadcast: '192.0.2.1' belongs to an IPv4 address"),
    ({'broadcast': '+'}, "broadcast: '+' is not a literal IPv4 address"),
    ({'address': None}, 'address: the list is empty'),
    ({'interface': None}, 'interface: is missing'),
    ({'interface': None, 'record': '/r'}, 'interface: is missing'),
    ({'interface': None, 'state': 'absent'}, 'interface: is missing'),
    ({'address': None, 'state': 'absent'}, 'address: the list is empty'),
    ({'address': [], 'record': '/r', 'state': 'absent'}, 'address: the list is empty'),
    ({'interface_ipv6': 'lo:0'}, "interface_ipv6: 'lo:0' is not the name of an interface"),
    ({'announce': -1}, 'announce: -1 is out of range'),
])
def test_a_bad_option_is_refused_by_name_and_value(options, message):
    with pytest.raises(AddressError) as error:
        Vips.from_options(dict({'address': ['192.0.2.100'], 'interface': 'lo'}, **options))
    assert message in str(error.value)


@pytest.mark.parametrize('given, ipv4, ipv6', [
    ({}, 32, 128),
    ({'prefix': 24, 'prefix_ipv6': 64}, 24, 64),
    ({'prefix_ipv6': 64}, 32, 64),
    ({'prefix': 24}, 24, 128),
])
def test_each_family_has_a_prefix_length_of_its_own(given, ipv4, ipv6):
    wanted = vips('192.0.2.1', '2001:db8::1', **given)
    assert (wanted.prefix_of('192.0.2.1'), wanted.prefix_of('2001:db8::1')) == (ipv4, ipv6)


@pytest.mark.parametrize('address, prefix', [('192.0.2.0', None), ('192.0.2.0', 31), ('2001:db8::', 64)])
def test_the_ends_of_a_network_are_vips_where_they_are_hosts(address, prefix):
    assert vips(address, prefix=prefix).addresses == (address,)


def test_vips_are_spread_over_two_interfaces_by_family():
    wanted = vips('2001:db8::1', '192.0.2.1', interface='tunl0', interface_ipv6='ip6tnl0')
    assert wanted.by_interface == {'ip6tnl0': ['2001:db8::1'], 'tunl0': ['192.0.2.1']}
    assert vips('192.0.2.1', interface_ipv6='ip6tnl0').by_interface == {'lo': ['192.0.2.1']}
