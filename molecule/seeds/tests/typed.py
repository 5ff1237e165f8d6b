# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each deployment has people type, with its typos mended, and without what the lab's nodes have already.

`ip` in place of `ifconfig` and `route`, the lab's name of the network card, and nothing that saves or loads a ruleset. Where a
deployment does not say what is typed, or where that cannot work, a remark says what is here instead.
"""

from __future__ import annotations

from typing import NamedTuple

SILENT_LO = 'echo 1 > /proc/sys/net/ipv4/conf/lo/arp_ignore; echo 2 > /proc/sys/net/ipv4/conf/lo/arp_announce\n'
SILENT = 'echo 1 > /proc/sys/net/ipv4/conf/all/arp_ignore; echo 2 > /proc/sys/net/ipv4/conf/all/arp_announce\n'
SERVICE_002 = """
    ipvsadm -C
    ipvsadm -A -t 192.168.73.100:80 -s rr
    ipvsadm -a -t 192.168.73.100:80 -r 192.168.73.188:80 {0}
    ipvsadm -a -t 192.168.73.100:80 -r 192.168.73.166:80 {0}
"""
REDIRECTS = """
    sysctl -qw net.ipv4.ip_forward=0 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.default.send_redirects=0
    sysctl -qw net.ipv4.conf.eth0.send_redirects=0
"""
DIRECTOR_004 = """
    ip address add 10.0.0.8/24 dev eth0
    ipvsadm -A -t 10.0.0.8:80 -s rr
    ipvsadm -a -t 10.0.0.8:80 -r 10.0.0.42:80 -g
    ipvsadm -a -t 10.0.0.8:80 -r 10.0.0.43:80 -g
"""


class Typed(NamedTuple):
    """The VIP, and the commands for the director and for a real server, whose own address is $REALIP."""

    vip: str
    director: str
    realserver: str


TYPED = {
    'persistence': Typed(
        '172.28.95.245',
        """
            # It leaves out the netmask; this is the card's.
            ip address add 172.28.95.245/20 broadcast 172.28.95.255 dev eth0 label eth0:1
            ipvsadm --set 5 0 0
            ipvsadm -A -t 172.28.95.245:80 -s wrr -p 20
            ipvsadm -a -t 172.28.95.245:80 -r 172.28.95.221:80 -g -w 1
            ipvsadm -a -t 172.28.95.245:80 -r 172.28.95.222:80 -g -w 1
        """,
        'ip address add 172.28.95.245/32 dev lo label lo:${REALIP##*.}\n' + SILENT_LO + SILENT,
    ),
    'host_route': Typed(
        '192.168.1.200',
        """
            ip address add 192.168.1.200/32 broadcast 192.168.1.200 dev eth0 label eth0:0
            ip route add 192.168.1.200 dev eth0
            echo 1 > /proc/sys/net/ipv4/ip_forward
            ipvsadm -C
            ipvsadm -A -t 192.168.1.200:80 -s rr
            ipvsadm -a -t 192.168.1.200:80 -r 192.168.1.193 -g
            ipvsadm -a -t 192.168.1.200:80 -r 192.168.1.195 -g
        """,
        # It does not say how; they are as in the other ones.
        'ip address add 192.168.1.200/32 dev lo label lo:0\n' + SILENT,
    ),
    'firewalled': Typed(
        '192.168.73.100',
        'systemctl stop firewalld\nip address add 192.168.73.100/32 dev eth0 label eth0:0'
        + REDIRECTS + SERVICE_002.format('-g'),
        'systemctl stop firewalld\nip address add 192.168.73.100/32 dev lo label lo:0\nip route add 192.168.73.100 dev lo\n'
        + SILENT_LO + SILENT,
    ),
    'tunnel': Typed(
        '192.168.73.100',
        'ip link set tunl0 up; ip address add 192.168.73.100/32 dev tunl0' + REDIRECTS + SERVICE_002.format('-i'),
        # It leaves the VIP on lo, where no packet comes out of the tunnel.
        'ip link set tunl0 up; ip address add 192.168.73.100/32 dev tunl0\n'
        'sysctl -qw net.ipv4.conf.tunl0.rp_filter=2\n' + SILENT_LO + SILENT,
    ),
    'two_networks': Typed(
        '172.16.1.50',
        """
            ip address add 172.16.1.50/16 dev eth0
            ipvsadm -A -t 172.16.1.50:80 -s wlc
            ipvsadm -a -t 172.16.1.50:80 -r 172.16.1.101 -g
            ipvsadm -a -t 172.16.1.50:80 -r 172.16.1.102 -g
            echo 1 > /proc/sys/net/ipv4/ip_forward
        """,
        'ip address add 172.16.1.50/32 dev lo\n' + SILENT,
    ),
    'dummy': Typed(
        '10.0.0.8',
        DIRECTOR_004,
        'ip link add ipvs0 type dummy\n' + SILENT + SILENT.replace('/all/', '/ipvs0/') + 'ip address add 10.0.0.8/32 dev ipvs0',
    ),
    'arptables': Typed(
        '10.0.0.8',
        DIRECTOR_004,
        """
            arptables -I INPUT -j DROP -d 10.0.0.8
            arptables -I OUTPUT -j mangle -s 10.0.0.8 --mangle-ip-s $REALIP
            ip link add ipvs0 type dummy
            ip address add 10.0.0.8/32 brd + dev ipvs0
        """,
    ),
}
