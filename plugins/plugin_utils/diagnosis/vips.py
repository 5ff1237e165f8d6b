# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real servers without a VIP, or with one where it does harm. Pure."""

from __future__ import annotations

from typing import Iterator

from .finding import ERROR, Finding, listed
from .topology import HOST_PREFIX, Host, Topology, version


def judge(topology: Topology) -> Iterator[Finding]:
    for host in topology.servers:
        for vip, served in topology.vips_of(host).items():
            if not host.placements(vip):
                yield _missing(host, vip, listed(one.name for one in served))
            # A director has it on its network card when it is its turn.
            for place in host.placements(vip) if host in topology.realservers else ():
                if place['heard']:
                    yield Finding(
                        'vip_on_card', ERROR, host.name,
                        'has {0}/{1} on the network card {2}'.format(vip, place['prefix'], place['interface']),
                        'it answers for it there beside the director, whatever arp_ignore says',
                        '`ip address delete {0}/{1} dev {2}`, and run site.yml, which puts it on {3}'.format(
                            vip, place['prefix'], place['interface'], _interface(host, served[0].forward, vip)), (vip,))
                elif place['prefix'] != HOST_PREFIX[version(vip)]:
                    yield Finding(
                        'vip_prefix', ERROR, host.name,
                        'has {0}/{1} on {2}'.format(vip, place['prefix'], place['interface']),
                        'with that prefix it takes the whole network for its own, and reaches nobody there any more',
                        '`ip address delete {0}/{1} dev {2}`, and run site.yml, which makes it /{3}'.format(
                            vip, place['prefix'], place['interface'], HOST_PREFIX[version(vip)]), (vip,))


def _missing(host: Host, vip: str, services: str) -> Finding:
    down = [one['interface'] for one in host.info['vips'][vip]['placements']]
    seen = 'has {0} on {1}, which is down'.format(vip, listed(down)) if down else 'does not have {0}'.format(vip)
    do = '`ip link set {0} up`'.format(down[0]) if down else '`systemctl restart lvs-realserver`, or run site.yml'
    return Finding('vip_missing', ERROR, host.name, seen,
                   'it drops what a director sends it for {0}, and those clients wait for ever'.format(services), do, (vip,))


def _interface(host: Host, forward: str, vip: str) -> str:
    if forward == 'tun':
        return 'tunl0' if version(vip) == 4 else 'ip6tnl0'
    return str(host.variable('realserver_vip_interface') or 'lo')
