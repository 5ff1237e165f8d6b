# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys, settings and the file are read as sysctl reads them."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.sysctl.declaration import (
    Record, normalise, parse_settings,
)


ALL_IGNORE = 'net/ipv4/conf/all/arp_ignore'


@pytest.mark.parametrize('written, meant', [
    ('net.ipv4.conf.all.arp_ignore', 'net/ipv4/conf/all/arp_ignore'),
    ('net/ipv4/conf/eth0.100/arp_ignore', 'net/ipv4/conf/eth0.100/arp_ignore'),
    ('net.ipv4.conf.eth0/100.arp_ignore', 'net/ipv4/conf/eth0.100/arp_ignore'),
    ('kernel', 'kernel'),
])
def test_the_first_separator_says_how_a_key_is_written(written, meant):
    assert normalise(written) == meant


def test_settings_are_read_as_sysctl_reads_them():
    assert parse_settings('# a = 1\n; b = 2\n-c.d = 3\n e.f=4 \n\nnonsense\nc.d = 5\n') == {'c/d': '5', 'e/f': '4'}


def test_what_is_rendered_parses_back():
    record = Record({ALL_IGNORE: '1'}, {ALL_IGNORE: '0'})
    assert Record.parse(record.render()) == record
    assert Record.parse(None) is None and Record.parse('net.ipv4.ip_forward = 1\n') is None
