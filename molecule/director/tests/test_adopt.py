# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A director and real servers that were made by hand become ours, and no request is lost meanwhile."""

from __future__ import annotations

import os

import pytest
from declared import web
from nodes import REALSERVERS, VIPS, Play, on

SERVERS = 'ipvsadm -a -t 192.0.2.100:80 -r 192.0.2.21:80 -g; ipvsadm -a -t 192.0.2.100:80 -r 192.0.2.22:80 -g\n'
REAL = """
echo 1 > /proc/sys/net/ipv4/conf/lo/arp_ignore; echo 2 > /proc/sys/net/ipv4/conf/lo/arp_announce
echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore; echo 2 > /proc/sys/net/ipv4/conf/all/arp_announce
"""

# What five guides have people type on the director and on real servers, with the addresses of the lab; and as what it is
# declared.
HANDMADE = {
    'an alias, persistence and timeouts': (
        'ip address add 192.0.2.100/24 broadcast 192.0.2.255 dev eth0 label eth0:1\n'
        'ipvsadm --set 5 0 0; ipvsadm -A -t 192.0.2.100:80 -s wrr -p 20\n' + SERVERS,
        REAL + 'ip address add 192.0.2.100/32 dev lo label lo:221',
        {'scheduler': 'wrr', 'persistence_timeout': 20},
        {'director_timeouts': {'tcp': 5}, 'director_vip_prefix': 24, 'realserver_vip_label': 'lo:221'},
    ),
    'a host route and forwarding': (
        'ip address add 192.0.2.100/32 broadcast 192.0.2.100 dev eth0 label eth0:0\n'
        'ip route add 192.0.2.100 dev eth0; echo 1 > /proc/sys/net/ipv4/ip_forward\n'
        'ipvsadm -A -t 192.0.2.100:80 -s rr\n' + SERVERS,
        REAL + 'ip address add 192.0.2.100/32 dev lo label lo:0',
        {'scheduler': 'rr'},
        {'director_host_route': True, 'director_ip_forward': 'on'},
    ),
    'parameters in sysctl.conf': (
        'ip address add 192.0.2.100/32 dev eth0 label eth0:0\n'
        'sysctl -qw net.ipv4.ip_forward=0 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.eth0.send_redirects=0\n'
        'ipvsadm -A -t 192.0.2.100:80 -s rr\n' + SERVERS,
        REAL + 'ip address add 192.0.2.100/32 dev lo label lo:0; ip route add 192.0.2.100 dev lo',
        {'scheduler': 'rr'},
        {'realserver_host_route': True},
    ),
    'the VIP as an address of the card': (
        'ip address add 192.0.2.100/24 dev eth0; echo 1 > /proc/sys/net/ipv4/ip_forward\n'
        'ipvsadm -A -t 192.0.2.100:80 -s wlc\n' + SERVERS,
        REAL + 'ip address add 192.0.2.100/32 dev lo',
        {'scheduler': 'wlc'},
        {'director_vip_prefix': 24, 'director_ip_forward': 'on'},
    ),
    'a dummy interface': (
        'ip address add 192.0.2.100/24 dev eth0\nipvsadm -A -t 192.0.2.100:80 -s rr\n' + SERVERS,
        REAL + 'ip link add ipvs0 type dummy; ip address add 192.0.2.100/32 dev ipvs0; ip link set ipvs0 up',
        {'scheduler': 'rr'},
        {'director_vip_prefix': 24, 'realserver_vip_interface': 'ipvs0'},
    ),
}
# In short the last one, whose real servers are the most unlike.
TAKEN = HANDMADE if os.environ.get('LVS_EVERY_WAY') else dict(list(HANDMADE.items())[-1:])
CLEAN = """
for device in eth0 lo; do for prefix in 24 32; do ip address delete 192.0.2.100/$prefix dev $device 2>/dev/null; done; done
ip link delete ipvs0 2>/dev/null; ip route delete 192.0.2.100 2>/dev/null
sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.{all,lo}.arp_ignore=0 net.ipv4.conf.{all,lo}.arp_announce=0
if [ -e /proc/net/ip_vs ] && command -v ipvsadm; then ipvsadm -C; ipvsadm --set 900 120 300; fi
true
"""


@pytest.fixture(autouse=True)
def hosts_of_nobody(torn_down):
    on('director', 'apt-get install --yes --quiet ipvsadm > /dev/null')
    yield
    play = Play('playbooks/teardown.yml').run()
    assert play.status == 0, play.output
    for node in ('director', *REALSERVERS):
        on(node, "bash -c '{0}'".format(CLEAN))


def table():
    return on('director', 'ipvsadm -Sn')


@pytest.mark.parametrize(('director', 'real', 'settings', 'variables'), TAKEN.values(), ids=TAKEN)
def test_what_was_made_by_hand_is_taken_over_without_a_lost_request(site, asking, director, real, settings, variables):
    for node in REALSERVERS:
        on(node, real)
    on('director', director)
    before = table()
    declared = dict({'lvs_virtual_services': web(**settings)[:1]}, **variables)
    with asking('take-over of ' + director.split('\n', maxsplit=1)[0][:40], at_least=0, vips=VIPS[:1]) as figures:
        done = site(**declared)
    assert figures['failed'] == figures['broken'] == [] and figures['made'] == figures['answered'] > 20
    assert all(done.changed[node] for node in ('director', *REALSERVERS))
    assert table() == before
    again = site(**declared)
    assert not any(again.changed.values()), again.output


def test_the_inventory_that_adopt_writes_changes_nothing(site, tmp_path):
    services = web({'real1': 3}, persistence_timeout=90)
    site(lvs_virtual_services=services, director_timeouts={'tcp': 700, 'tcp_fin': 120, 'udp': 300})
    path = tmp_path / 'adopted.yml'
    play = Play('playbooks/adopt.yml', adopt_dest=str(path)).run()
    assert play.status == 0, play.output
    assert path.exists()
    again = Play('playbooks/site.yml', '-i', str(path)).run()
    assert again.status == 0, again.output
    assert not any(again.changed.values()), again.output
