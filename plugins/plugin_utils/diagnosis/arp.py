# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real servers whose ARP is not silenced. Pure."""

from __future__ import annotations

from typing import Iterator, Mapping

from .finding import ERROR, Finding, listed
from .topology import Host, Topology, version

SILENT = (1, 2, 8)
"""Values of arp_ignore with which a network card answers for no address of another interface."""

ANNOUNCE = 2


def judge(topology: Topology) -> Iterator[Finding]:
    for host in topology.realservers:
        # A neighbour solicitation is answered for addresses of the receiving interface only: IPv6 needs nothing.
        vips = [vip for vip in topology.vips_of(host) if version(vip) == 4 and not host.info['vips'][vip]['filtered']]
        if not vips:
            continue
        own = (host.interface('lo').get('sysctl') or {})
        for name in cards(host, vips):
            weak = _weak(host.interface(name).get('sysctl') or {})
            if not weak:
                continue
            seen = '{0} of {1}'.format(' and '.join('{0} is effectively {1}'.format(*one) for one in weak.items()), name)
            if own and not _weak(own):
                seen += ', since only those of lo are set, which nobody is asked on'
            yield Finding(
                'arp', ERROR, host.name, seen,
                'asked on {0}, this host answers or speaks for {1} and takes clients away from the director'.format(
                    name, listed(vips)),
                'run site.yml, or set net.ipv4.conf.all.arp_ignore = 1 and net.ipv4.conf.all.arp_announce = 2; of all and '
                'the card itself the higher value counts', tuple(vips))


def cards(host: Host, vips: list[str]) -> list[str]:
    """Return the network cards on which somebody may ask a host for a VIP."""
    found = [name for vip in vips for name in host.info['vips'][vip]['connected']]
    found += [one['interface'] for one in host.info['directors'].values() if one['on_link']]
    return list(dict.fromkeys(found or [host.info['default_interface']]))


def _weak(effective: Mapping[str, int]) -> dict[str, int]:
    weak = {}
    if effective and effective['arp_ignore'] not in SILENT:
        weak['arp_ignore'] = effective['arp_ignore']
    if effective and effective['arp_announce'] < ANNOUNCE:
        weak['arp_announce'] = effective['arp_announce']
    return weak
