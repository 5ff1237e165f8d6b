# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ways between directors, real servers and clients. Pure."""

from __future__ import annotations

from typing import Iterator

from .. import preflight
from .finding import ERROR, WARNING, Finding, listed
from .topology import Host, Topology, names, version

ENCAPSULATION = {4: 20, 6: 40}
"""Bytes that a tunnel adds in front of a packet, by the version of the real server's address."""

MINIMUM_MTU = {4: 576, 6: 1280}


def judge(topology: Topology) -> Iterator[Finding]:
    for host in topology.realservers:
        if topology.served(host):
            yield from _judge_segment(topology, host)
            yield from _judge_gateways(topology, host)
            yield from _judge_mtu(topology, host)
        yield from _judge_tunnel(topology, host)
    for host in topology.realservers + topology.directors:
        yield from _judge_rp_filter(topology, host)


def _judge_segment(topology: Topology, host: Host) -> Iterator[Finding]:
    direct = {version(one.vip): one.vip for one in topology.served(host) if one.forward == 'dr'}
    server = preflight.Server(host.name, host.info)
    for family, vip in sorted(direct.items()):
        known = {address: one for address, one in server.directors(family).items() if not one['local']}
        if not known or any(one['on_link'] for one in known.values()):
            continue
        ways = ', '.join(preflight.way(address, one) for address, one in sorted(known.items()))
        yield Finding(
            'segment', ERROR, host.name, 'is on no segment with a director: {0}'.format(ways),
            'direct routing (dr) changes only the MAC of a frame, which no router passes on',
            'give the host an IPv{0} address on the segment of the directors, or say forward: tun'.format(family), (vip,))


def _judge_gateways(topology: Topology, host: Host) -> Iterator[Finding]:
    for family in sorted({version(vip) for vip in topology.vips_of(host)}):
        name = preflight.FAMILIES[family]
        gateways = host.info['gateways'][name]
        for gateway in gateways:
            if gateway['metric'] != gateways[0]['metric'] or not gateway['address']:
                continue
            directors = [one for one in topology.directors
                         if gateway['address'] in one.addresses or one.macs.intersection(gateway['macs'])]
            if not directors:
                continue
            policy = host.info['policy_routing'][name]
            yield Finding(
                'gateway', WARNING if policy else ERROR, host.name,
                'its default gateway {0} on {1} is the director {2}{3}'.format(
                    gateway['address'], gateway['interface'], names(directors),
                    '; there are policy routing rules, by which replies may take another way' if policy else ''),
                'replies come there with the VIP as their source, which is an address of the director itself, so it drops '
                'them as martians', 'set a default gateway that is no director',
                tuple(vip for vip in topology.vips_of(host) if version(vip) == family))


def _judge_rp_filter(topology: Topology, host: Host) -> Iterator[Finding]:
    """A strict filter drops packets of whom the way back leads through another card, as that of clients behind a router."""
    routed = [one['interface'] for one in host.info['gateways']['ipv4']]
    if topology.is_director(host):
        cards = [place['interface'] for vip in topology.vips if version(vip) == 4
                 for place in host.placements(vip) if place['heard']]
    elif any(version(vip) == 4 for vip in topology.vips_of(host)):
        cards = [one['interface'] for address, one in host.info['directors'].items() if version(address) == 4 and one['on_link']]
    else:
        cards = []
    for name in dict.fromkeys(cards):
        effective = host.interface(name).get('sysctl') or {}
        if effective.get('rp_filter') == preflight.STRICT and routed and name not in routed:
            yield Finding(
                'rp_filter', ERROR, host.name,
                'rp_filter of {0} is effectively 1 (strict), and the default route is through {1}'.format(name, listed(routed)),
                'requests of clients behind a router come in on a card that no route to them leads through, and are dropped',
                'set net.ipv4.conf.{0}.rp_filter = 2 (loose)'.format(name.replace('.', '/')))


def _judge_tunnel(topology: Topology, host: Host) -> Iterator[Finding]:
    vips = tuple(dict.fromkeys(
        one.vip for one in topology.served(host) if one.forward == 'tun' and version(one.server['address']) == 4))
    if not vips:
        return
    effective = host.interface('tunl0').get('sysctl') or {}
    if effective.get('rp_filter') == preflight.STRICT:
        yield Finding(
            'rp_filter', ERROR, host.name, 'rp_filter of tunl0 is effectively 1 (strict)',
            'what leaves the tunnel comes from clients that no route through tunl0 leads to, and is dropped',
            'run site.yml, or set net.ipv4.conf.tunl0.rp_filter = 2 (loose); of all and tunl0 the higher value counts', vips)


def _judge_mtu(topology: Topology, host: Host) -> Iterator[Finding]:
    """No router is between them that could say that a packet is too big, so one that is goes without a word."""
    tunnels = [one for one in topology.served(host) if one.forward == 'tun']
    # No packet is longer than whoever sends it can make it.
    longest = max((one['mtu'] for client in topology.clients for one in client.info['interfaces'].values()
                   if one['heard'] and one['up'] and one['mtu']), default=0)
    for director in topology.directors:
        for address, way in host.info['directors'].items():
            card = director.interface_of(address)
            if not way['on_link'] or not card:
                continue
            theirs, own = director.interface(card)['mtu'], host.interface(way['interface']).get('mtu')
            if own and theirs and own < min(theirs, longest or theirs):
                yield Finding(
                    'mtu', ERROR, host.name,
                    'the MTU of {0} is {1}, and that of {2} on {3} is {4}'.format(way['interface'], own, card, director.name, theirs),
                    'it drops the larger packets of a director without a word, so that long requests hang while short ones '
                    'work' + (', and a tunnel makes all of them larger' if tunnels else ''),
                    'give both the same MTU')
                return
            for one in tunnels:
                left = (theirs or 0) - ENCAPSULATION[version(one.server['address'])]
                if theirs and left < MINIMUM_MTU[version(one.vip)]:
                    yield Finding(
                        'mtu', ERROR, director.name,
                        'the MTU of {0} is {1}, and a tunnel to {2} leaves {3} of it'.format(card, theirs, host.name, left),
                        'no packet of IPv{0} may have to be smaller than {1}, so long requests hang'.format(
                            version(one.vip), MINIMUM_MTU[version(one.vip)]),
                        'give the network card a larger MTU', (one.vip,))
                    return
