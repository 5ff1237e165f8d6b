# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What would break the service is found for real, said in a sentence, and nothing has been changed."""

from __future__ import annotations

import contextlib

import pytest
from nodes import REALSERVERS, VIPS, Play, on

WAY = 'ip -4 route show default | grep . > /root/default || true; ip route replace default via 192.0.2.10'
BACK = 'ip route del default; if [ -s /root/default ]; then ip route add $(cat /root/default); fi; rm /root/default'

FAULTS = {
    'somebody else has the VIP': (
        'client',
        'ip address add 192.0.2.100/32 dev eth0',
        'ip address delete 192.0.2.100/32 dev eth0',
        {},
        'answers for 192.0.2.100 on eth0, and is none of the directors',
    ),
    'the director is the gateway': ('real1', WAY, BACK, {}, 'default gateway'),
    'no director on the segment': (
        'real1',
        'ip route add 192.0.2.10/32 via 192.0.2.22',
        'ip route delete 192.0.2.10/32',
        {},
        'segment',
    ),
    'the VIP is on the network card': (
        'real1',
        'sysctl -q -w net.ipv4.conf.all.arp_ignore=8; ip address add 192.0.2.100/32 dev eth0',
        'ip address delete 192.0.2.100/32 dev eth0; sysctl -q -w net.ipv4.conf.all.arp_ignore=0',
        {},
        'eth0',
    ),
    'a tunnel and parameters that cannot be set': (
        'real1',
        'echo 1 > /proc/sys/net/ipv4/conf/all/rp_filter; mount --bind -o ro /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys',
        'umount /proc/sys; echo 0 > /proc/sys/net/ipv4/conf/all/rp_filter',
        {'realserver_forward': 'tun'},
        'rp_filter',
    ),
}


@contextlib.contextmanager
def broken(node, break_it, mend_it):
    on(node, break_it)
    try:
        yield
    finally:
        on(node, mend_it)


pytestmark = pytest.mark.usefixtures('torn_down')


def kernel(node):
    return on(node, 'ip -brief address; ip -brief link; sysctl --all 2> /dev/null | grep arp_; ls /etc/systemd/system /etc/sysctl.d')


@pytest.mark.parametrize(('node', 'break_it', 'mend_it', 'variables', 'sentence'), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_said_before_anything_is_changed(node, break_it, mend_it, variables, sentence):
    with broken(node, break_it, mend_it):
        before = [kernel(host) for host in REALSERVERS]
        play = Play('playbooks/site.yml', **variables).run()
        assert [kernel(host) for host in REALSERVERS] == before
    assert play.status != 0, play.output
    assert sentence in play.output


def test_another_host_with_the_vip_as_its_own_address_is_found_in_the_inventory():
    service = {'name': 'web', 'vip': '192.0.2.200', 'port': 80, 'realservers': 'realservers'}
    play = Play('playbooks/site.yml', lvs_virtual_services=[service]).run()
    assert play.status != 0
    assert 'lvs_virtual_services[0] (web).vip: 192.0.2.200 is the address of the host client itself' in play.output


@pytest.mark.parametrize(
    ('variables', 'sentence'),
    [
        ({'realserver_vip_interface': 'ipvs0', 'realserver_forward': 'tun'}, 'realserver_vip_interface'),
        ({'realserver_arp_method': 'arptables', 'realserver_address': ''}, 'realserver_address'),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_reason(variables, sentence):
    play = Play('playbooks/site.yml', **variables).run()
    assert play.status != 0
    assert sentence in play.output


def test_a_port_that_nobody_listens_on_is_a_warning():
    with broken('real1', 'systemctl stop nginx', 'systemctl start nginx'):
        play = Play('playbooks/site.yml', '--check').run()
    assert play.status == 0, play.output
    assert 'real1' in play.output
    assert VIPS[0] in play.output
    assert 'listen' in play.output
