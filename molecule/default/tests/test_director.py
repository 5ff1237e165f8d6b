# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a converged director has in its kernel and on its disk."""

from __future__ import annotations

testinfra_hosts = ['ansible://directors']

TABLE = [
    '-A -t 192.0.2.100:80 -s wrr',
    '-a -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 1',
    '-a -t 192.0.2.100:80 -r 192.0.2.22:80 -g -w 1',
    '-A -t [2001:db8:2::100]:80 -s rr',
    '-a -t [2001:db8:2::100]:80 -r [2001:db8:2::21]:80 -g -w 1',
    '-a -t [2001:db8:2::100]:80 -r [2001:db8:2::22]:80 -g -w 1',
]


def test_the_table_is_what_the_inventory_declares(host):
    assert host.check_output('ipvsadm -Sn').splitlines() == TABLE


def test_the_record_is_the_table(host):
    assert host.check_output('grep -v "^#" /var/lib/lvs/director.rules').splitlines() == TABLE


def test_the_vips_are_on_the_network_card(host):
    addresses = host.check_output('ip -brief address show dev eth0').split()
    assert {'192.0.2.100/32', '2001:db8:2::100/128'} <= set(addresses)
