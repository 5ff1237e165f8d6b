# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts that let no new packet in to a service, and directors that drop what ends a connection. Pure."""

from __future__ import annotations

from typing import Iterator, Mapping, Sequence

from ..firewall import sees_both_directions
from .finding import ERROR, WARNING, Finding, listed
from .marks import differs
from .packets import Packet, is_stopped
from .topology import MARKS, Host, Topology, endpoints, label, version


def judge(topology: Topology) -> Iterator[Finding]:
    for host in topology.directors:
        card = next((place['interface'] for vip in topology.vips for place in host.placements(vip) if place['heard']), '')
        card = card or str(host.variable('lvs_interface') or host.info['default_interface'])

        def card_of(_service, card=card):
            return card

        closed = _closed(host, topology.services, card_of)
        if closed:
            yield _finding(host, closed, 'IPVS comes after the filter of incoming packets, so it never sees these')
        yield from _endless(host, topology.services, card_of, closed)
    for host in topology.realservers:
        served = {one.vip: one for one in topology.served(host)}
        services = list({id(one.service): one.service for one in topology.served(host)}.values())

        def card_of(service, host=host, served=served):
            if served[service['vip']].forward == 'tun':
                return 'tunl0' if version(service['vip']) == 4 else 'ip6tnl0'
            return next((one['interface'] for one in host.info['directors'].values() if one['on_link']),
                        host.info['default_interface'])

        closed = _closed(host, services, card_of)
        if closed:
            yield _finding(host, closed, 'requests that a director sends here are dropped')


_ADVICE = {
    'untracked': 'accept packets that are untracked as those that are new, `ct state { new, untracked }`',
    'invalid': 'run site.yml, which has them untracked; that needs nft on the director',
}
"""Of what connection tracking takes the end of a connection for, what to do where it is dropped."""


def _endless(host: Host, services: Sequence, card_of, closed: Mapping) -> Iterator[Finding]:
    """Find connections whose end surely does not come in, though their beginning may."""
    seen = host.variable(MARKS) or {}
    state = 'untracked' if 'commands' in seen and not differs(seen, ' notrack') else 'invalid'
    sysctls = host.variable('director_sysctls') or {}
    one_way = [service for service in services
               if service.get('protocol') != 'udp' and not sees_both_directions(service, sysctls, host.addresses)]
    lost = {what: vip for what, vip in _closed(host, one_way, card_of, state).items() if what not in closed}
    if lost:
        yield Finding(
            'endings', WARNING, host.name, 'its firewall drops the packets that end connections to {0}'.format(listed(lost)),
            'it sees one direction only, and such a packet is {0} to connection tracking; IPVS and real servers never hear that a client '
            'has gone'.format(state), _ADVICE[state], tuple(dict.fromkeys(lost.values())))


def _closed(host: Host, services: Sequence, card_of, state: str = 'new') -> dict[str, str]:
    """Return where packets of this state surely do not come in, each with its VIP."""
    rules = host.info.get('input') or {}
    return {
        label(service, protocol, port): service['vip']
        for service in services for protocol, port in endpoints(service)
        if is_stopped(Packet(protocol, service['vip'], port, card_of(service), state), rules)
    }  # fmt: skip


def _finding(host: Host, closed: dict[str, str], why: str) -> Finding:
    return Finding(
        'firewall', ERROR, host.name, 'its firewall lets nobody in to {0}'.format(listed(closed)), why,
        'open these in the chain that filters incoming packets; where firewalld runs, site.yml does so',
        tuple(dict.fromkeys(closed.values())))
