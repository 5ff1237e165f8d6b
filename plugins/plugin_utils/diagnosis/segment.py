# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who answers for a VIP on the segment, and what clients take for its MAC address. Pure."""

from __future__ import annotations

from typing import Iterator

from .. import preflight
from .finding import ERROR, Finding, listed
from .topology import Host, Topology, names


def judge(topology: Topology) -> Iterator[Finding]:
    for vip in topology.vips:
        claims = _claims(topology, vip)
        for mac, observers in claims.items():
            yield from _judge_claim(topology, vip, mac, observers)
        yield from _judge_silence(topology, vip, claims)
    yield from _judge_neighbours(topology)


def _claims(topology: Topology, vip: str) -> dict[str, list[Host]]:
    """Return who heard each MAC address answer for a VIP."""
    found: dict[str, list[Host]] = {}
    for host in _observers(topology):
        for macs in (host.info['vips'][vip]['answers'] or {}).values():
            for mac in macs:
                found.setdefault(mac, []).append(host)
    return found


def _observers(topology: Topology) -> list[Host]:
    """Return who may have been asked, clients first."""
    return list(dict.fromkeys(topology.clients + topology.looked_at))


def _judge_claim(topology: Topology, vip: str, mac: str, observers: list[Host]) -> Iterator[Finding]:
    owner = topology.owner(mac)
    holders = topology.holders(vip)
    # A director that serves too has a VIP that is another one's turn on lo, and is to be as silent as any real server.
    if mac.startswith(preflight.VRRP) or (owner and topology.is_director(owner) and (owner in holders or not holders)):
        return
    if owner:
        yield Finding(
            'duplicate', ERROR, owner.name, '{0} answers for {1} on the segment'.format(mac, vip),
            'clients that hear it first send to this host alone, past the director',
            'silence its ARP: run site.yml, or take the VIP off its network cards', (vip,))
    elif topology.complete:
        yield Finding(
            'stranger', ERROR, observers[0].name,
            '{0}, which is no host of the inventory that was looked at, answers for {1} on the segment'.format(mac, vip),
            'clients that hear it first never come to the director',
            'find the host with this MAC and take the VIP off it, or choose another VIP', (vip,))


def _judge_silence(topology: Topology, vip: str, claims: dict) -> Iterator[Finding]:
    holders = topology.holders(vip)
    asked = [host for host in topology.clients if host.info['vips'][vip]['answers']]
    if holders and asked and not any(host in observers for observers in claims.values() for host in asked):
        yield Finding(
            'silent_director', ERROR, names(holders),
            'has {0}, and nobody answered for it when {1} asked'.format(vip, names(asked)),
            'clients cannot find the director',
            'look at arp_ignore and arptables of the director, and whether its network card has a link', (vip,))


def _judge_neighbours(topology: Topology) -> Iterator[Finding]:
    for host in topology.clients:
        for vip in topology.vips:
            holders = topology.holders(vip)
            if not holders or not topology.complete:
                continue
            right = set().union(*(director.macs for director in holders))
            for interface, mac in host.info['vips'][vip]['neighbours'].items():
                if mac in right or mac.startswith(preflight.VRRP):
                    continue
                owner = topology.owner(mac)
                yield Finding(
                    'neighbour', ERROR, host.name,
                    'takes {0} for the MAC of {1}, which is {2}'.format(
                        mac, vip, "{0}'s".format(owner.name) if owner else 'that of no known host'),
                    'its requests go there, and not to {0}, which has the VIP'.format(listed(one.name for one in holders)),
                    '`ip neighbour delete {0} dev {1}` there; the director announces its VIPs with `systemctl reload '
                    'lvs-director`'.format(vip, interface), (vip,))
