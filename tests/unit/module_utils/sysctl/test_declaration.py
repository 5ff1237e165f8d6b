# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys, settings and the file are read as sysctl reads them."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.sysctl.arp import SilenceRecord as Record
from ansible_collections.lvs.direct_routing.plugins.module_utils.sysctl.declaration import (
    normalise, ordered, parse_settings, resets,
)


ALL_IGNORE = 'net/ipv4/conf/all/arp_ignore'


@pytest.mark.parametrize('written, meant', [
    ('net.ipv4.conf.all.arp_ignore', 'net/ipv4/conf/all/arp_ignore'),
    ('net/ipv4/conf/eth0.100/arp_ignore', 'net/ipv4/conf/eth0.100/arp_ignore'),
    ('net.ipv4.conf.eth0/100.arp_ignore', 'net/ipv4/conf/eth0.100/arp_ignore'),
    ('kernel', 'kernel'),
    ('net.ipv4.conf.all.forwarding', 'net/ipv4/ip_forward'),
])
def test_the_first_separator_says_how_a_key_is_written(written, meant):
    assert normalise(written) == meant


def test_settings_are_read_as_sysctl_reads_them():
    assert parse_settings('# a = 1\n; b = 2\n-c.d = 3\n e.f=4 \n\nnonsense\nc.d = 5\n') == {'c/d': '5', 'e/f': '4'}


def test_what_is_rendered_parses_back():
    record = Record({ALL_IGNORE: '1'}, {ALL_IGNORE: '0'})
    assert Record.parse(record.render()) == record
    assert Record.parse(None) is None and Record.parse('net.ipv4.ip_forward = 1\n') is None


def test_optional_keys_have_a_minus_in_the_file_and_none_when_it_is_read():
    text = Record({ALL_IGNORE: '1', 'net/ipv4/vs/sloppy_tcp': '1'}).render({'net/ipv4/vs/sloppy_tcp'})
    assert text.splitlines()[2:] == [ALL_IGNORE + ' = 1', '-net/ipv4/vs/sloppy_tcp = 1']
    assert Record.parse(text).ours == {ALL_IGNORE: '1', 'net/ipv4/vs/sloppy_tcp': '1'}


def test_what_was_empty_before_is_empty_when_it_is_read():
    record = Record({'net/ipv4/ip_local_reserved_ports': '8080'}, {'net/ipv4/ip_local_reserved_ports': ''})
    assert Record.parse(record.render()) == record


def test_what_changes_others_comes_first_and_the_rest_stays_in_order():
    names = ['net/core/somaxconn', 'net/ipv4/conf/eth0/rp_filter', 'net/ipv4/conf/default/rp_filter',
             'net/ipv6/conf/all/forwarding', 'net/ipv4/neigh/default/gc_stale_time', 'net/ipv4/ip_forward',
             'net/ipv4/conf/all/rp_filter', 'net/core/dev_weight']
    assert list(ordered(dict.fromkeys(names, '1'))) == [names[index] for index in (5, 3, 6, 2, 4, 0, 1, 7)]


@pytest.mark.parametrize('written, other, reset', [
    ('net/ipv4/ip_forward', 'net/ipv4/conf/all/accept_redirects', True),
    ('net/ipv4/ip_forward', 'net/ipv4/conf/eth0/forwarding', True),
    ('net/ipv4/ip_forward', 'net/ipv4/ip_default_ttl', False),
    ('net/ipv4/ip_forward', 'net/ipv6/conf/all/accept_redirects', False),
    ('net/ipv4/conf/default/rp_filter', 'net/ipv4/conf/eth0.100/rp_filter', True),
    ('net/ipv4/conf/default/rp_filter', 'net/ipv4/conf/eth0.100/arp_filter', False),
    ('net/ipv4/conf/default/rp_filter', 'net/ipv4/conf/all/rp_filter', False),
    ('net/ipv4/conf/all/rp_filter', 'net/ipv4/conf/eth0/rp_filter', False),
    ('net/ipv6/conf/all/forwarding', 'net/ipv6/conf/eth0/forwarding', True),
    ('net/ipv6/conf/all/forwarding', 'net/ipv6/conf/default/forwarding', True),
    ('net/ipv6/conf/all/forwarding', 'net/ipv4/conf/eth0/forwarding', False),
    ('net/ipv4/neigh/default/gc_stale_time', 'net/ipv4/neigh/eth0/gc_stale_time', True),
    ('net/ipv4/conf/eth0/rp_filter', 'net/ipv4/conf/eth1/rp_filter', False),
])
def test_it_is_known_what_the_kernel_may_change_along(written, other, reset):
    assert resets(written, other) is reset
