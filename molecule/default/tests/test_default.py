# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernels of a converged topology, and what a client gets from it."""

from __future__ import annotations

import pytest

VIPS = {'192.0.2.100': 32, '2001:db8:2::100': 128}
URLS = ['http://192.0.2.100/', 'http://[2001:db8:2::100]/']

directors = pytest.mark.testinfra_hosts('ansible://directors')
realservers = pytest.mark.testinfra_hosts('ansible://realservers')
clients = pytest.mark.testinfra_hosts('ansible://clients')


@directors
def test_the_table_is_what_the_inventory_declares(host):
    assert host.check_output('ipvsadm -Sn').splitlines() == [
        '-A -t 192.0.2.100:80 -s wrr',
        '-a -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 1',
        '-a -t 192.0.2.100:80 -r 192.0.2.22:80 -g -w 1',
        '-A -t [2001:db8:2::100]:80 -s rr',
        '-a -t [2001:db8:2::100]:80 -r [2001:db8:2::21]:80 -g -w 1',
        '-a -t [2001:db8:2::100]:80 -r [2001:db8:2::22]:80 -g -w 1',
    ]


@directors
def test_the_director_has_the_vips_on_its_network_card(host):
    addresses = host.check_output('ip -brief address show dev eth0').split()
    assert {'{0}/{1}'.format(vip, prefix) for vip, prefix in VIPS.items()} <= set(addresses)


@directors
def test_the_record_is_the_ruleset_of_the_kernel(host):
    recorded = host.check_output('grep -v "^#" /var/lib/lvs/director.rules').splitlines()
    assert sorted(recorded) == sorted(host.check_output('ipvsadm -Sn').splitlines())


@realservers
def test_a_real_server_has_the_vips_on_lo_only(host):
    assert {'{0}/{1}'.format(vip, prefix) for vip, prefix in VIPS.items()} <= set(
        host.check_output('ip -brief address show dev lo').split()
    )
    assert not any(vip + '/' in host.check_output('ip -brief address show dev eth0') for vip in VIPS)


@realservers
def test_a_real_server_is_silent_now_and_after_a_reboot(host):
    for key, value in (('arp_ignore', 1), ('arp_announce', 2)):
        assert host.sysctl('net.ipv4.conf.all.' + key) == value
        persisted = host.file('/etc/sysctl.d/90-lvs-arp.conf').content_string.replace('/', '.')
        assert 'net.ipv4.conf.all.{0} = {1}'.format(key, value) in persisted


@clients
@pytest.mark.parametrize('url', URLS)
def test_answers_alternate(host, url):
    answers = [host.check_output('curl --silent --fail --max-time 10 %s', url) for _request in range(6)]
    assert sorted(answers[:2]) == ['real1', 'real2']
    assert answers == answers[:2] * 3
