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


def test_the_vips_are_recorded_for_boot(host):
    recorded = host.check_output('cat /var/lib/lvs/director.vips')
    assert 'address replace 192.0.2.100/32 dev eth0' in recorded
    assert 'address replace 2001:db8:2::100/128 dev eth0 nodad preferred_lft 0' in recorded


def test_the_kernel_forwards_nothing_and_redirects_nobody(host):
    values = {name: host.sysctl(name) for name in (
        'net.ipv4.ip_forward', 'net.ipv4.conf.all.send_redirects', 'net.ipv4.conf.default.send_redirects',
        'net.ipv4.conf.eth0.send_redirects', 'net.ipv4.conf.eth0.rp_filter', 'net.ipv4.vs.conn_reuse_mode',
        'net.ipv4.vs.expire_nodest_conn', 'net.ipv4.vs.expire_quiescent_template',
    )}
    assert list(values.values()) == [0, 0, 0, 0, 2, 3, 1, 1]


def test_the_unit_is_there_for_boot_and_that_of_the_distribution_does_nothing(host):
    unit = host.service('lvs-director')
    assert unit.is_enabled and unit.is_running
    assert host.check_output('systemctl show --property=ExecStop --value ipvsadm') == ''
