# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a converged real server has in its kernel and on its disk."""

from __future__ import annotations

import pytest

testinfra_hosts = ['ansible://realservers']

VIPS = {'192.0.2.100/32', '2001:db8:2::100/128'}


def addresses(host, interface):
    return set(host.check_output('ip -brief address show dev %s', interface).split())


def test_the_vips_are_on_lo_only(host):
    assert VIPS <= addresses(host, 'lo')
    assert not VIPS & addresses(host, 'eth0')


@pytest.mark.parametrize(('key', 'value'), [('arp_ignore', 1), ('arp_announce', 2)])
def test_arp_is_silent_now_and_after_a_reboot(host, key, value):
    assert host.sysctl('net.ipv4.conf.all.' + key) == value
    persisted = host.file('/etc/sysctl.d/90-lvs-arp.conf').content_string.splitlines()
    assert 'net/ipv4/conf/all/{0} = {1}'.format(key, value) in persisted
