# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judge whether a host can be a real server, from what lvs_host_info read there: one sentence for each fault. Pure.

Private to this collection. A sentence says which host, what is seen, why it breaks direct routing, and what to do.
What cannot be judged for sure is no fault.
"""

from __future__ import annotations

import ipaddress
from typing import Iterable, Mapping, NamedTuple, Sequence

from ..module_utils.ipvs import model

FAMILIES = {4: 'ipv4', 6: 'ipv6'}
WILDCARDS = {4: '0.0.0.0', 6: '::'}
STRICT = 1
VRRP = ('00:00:5e:00:01:', '00:00:5e:00:02:')
"""How virtual MACs of VRRP begin, for IPv4 and IPv6 (RFC 5798, section 7.3): they do not say which host it is."""


class Server(NamedTuple):
    """A host that is to be a real server: what was read there and how it is to be one."""

    name: str
    info: Mapping
    forward: str = 'dr'
    interface: str = 'lo'
    services: Sequence[Mapping] = ()
    others: Mapping[str, Iterable[str]] = {}
    checks: Sequence[Mapping] = ()

    @property
    def vips(self) -> Mapping[str, Mapping]:
        return self.info['vips']

    @property
    def macs(self) -> set[str]:
        """The MACs of this host."""
        return {one['mac'] for one in self.info['interfaces'].values() if one['mac']}

    @property
    def directs(self) -> bool:
        """Whether the host is a director as well, which may have VIPs on its network card."""
        return any(one['local'] for one in self.directors().values())

    def directors(self, version: int | None = None) -> dict[str, Mapping]:
        return {address: one for address, one in self.info['directors'].items()
                if version is None or _version(address) == version}


class Judgement(NamedTuple):
    """What is wrong, and what may be."""

    faults: list[str]
    warnings: list[str]


def judge(server: Server) -> Judgement:
    """Return the faults and warnings of a host that is to be a real server."""
    found = Judgement([], [])
    for vip in server.vips:
        _judge_placement(server, vip, found)
        _judge_answers(server, vip, found)
    _judge_segment(server, found)
    _judge_gateways(server, found)
    _judge_tunnel(server, found)
    _judge_listeners(server, found)
    _judge_checks(server, found)
    return found


def _version(address: str) -> int:
    return ipaddress.ip_address(address).version


def _same(address: str) -> str:
    """Return the one spelling of an address."""
    return str(ipaddress.ip_address(address))


def _list(words: Iterable[str]) -> str:
    return ', '.join(sorted(words))


def _judge_placement(server: Server, vip: str, found: Judgement) -> None:
    for place in server.vips[vip]['placements']:
        if place['heard'] and not server.directs:
            found.faults.append(
                '{0}: the VIP {1}/{2} is on the network card {3}, which answers for it on the segment beside the '
                'director; take it off there, since the VIP of a real server belongs on {4}, or choose another VIP if '
                'this is the own address of the host'.format(
                    server.name, vip, place['prefix'], place['interface'],
                    'lo' if server.interface == place['interface'] else server.interface))
    for other, addresses in sorted(server.others.items()):
        if other != server.name and vip in [_same(address) for address in addresses]:
            found.faults.append(
                '{0}: {1} is to be its VIP and is the own address of {2}, which would no longer reach this host and '
                'answers for it on the segment; choose a VIP that no host has'.format(server.name, vip, other))


def _judge_answers(server: Server, vip: str, found: Judgement) -> None:
    for interface, answering in sorted((server.vips[vip]['answers'] or {}).items()):
        own = server.macs.intersection(answering)
        if own and not server.directs:
            found.warnings.append(
                '{0}: asked on {1}, this host itself answers for {2} from {3}, and takes the service away from the '
                'director until it is silent'.format(server.name, interface, vip, _list(own)))
        theirs = set().union(*(one['macs'] for one in server.directors().values()))
        peers = {mac: address for address, macs in server.info['peers'].items() for mac in macs if mac not in theirs}
        for mac in sorted(set(peers).intersection(answering)):
            found.warnings.append(
                '{0}: the real server {1} ({2}) answers for {3} on {4}, and takes the service away from the director '
                'until it is silent'.format(server.name, peers[mac], mac, vip, interface))
        strangers = set(answering) - own - set(peers) - theirs
        if not strangers:
            continue
        unknown = _unknown(server, vip, interface, strangers)
        if unknown:
            found.warnings.append('{0}: {1} answers for {2} on {3}; whether that is a director was not checked, since '
                                  '{4}'.format(server.name, _list(strangers), vip, interface, unknown))
        else:
            found.faults.append(
                '{0}: {1} answers for {2} on {3}, and is none of the directors ({4}); it takes the service away from '
                'them; find the host with this MAC and take the VIP off it, or silence its ARP'.format(
                    server.name, _list(strangers), vip, interface, _list(theirs)))


def _unknown(server: Server, vip: str, interface: str, strangers: set[str]) -> str:
    """Return why these MACs could be a director's after all; empty if they could not."""
    directors = server.directors(_version(vip)) or server.directors()
    if not directors:
        return 'no address of a director is known'
    elsewhere = [address for address, one in directors.items() if not one['on_link'] or one['interface'] != interface]
    if elsewhere:
        return '{0} is not on this segment'.format(_list(elsewhere))
    if not any(one['macs'] for one in directors.values()):
        return 'no director answered for its own address'
    if all(mac.startswith(VRRP) for mac in strangers):
        return 'it is a virtual MAC of VRRP, which any host of its group may have'
    return ''


def _judge_segment(server: Server, found: Judgement) -> None:
    if server.forward != 'dr':
        return
    for version in sorted({_version(vip) for vip in server.vips}):
        known = server.directors(version)
        if known and not any(one['on_link'] for one in known.values()):
            ways = ', '.join(way(address, one) for address, one in sorted(known.items()))
            found.faults.append(
                '{0}: is on no segment with a director: {1}; direct routing (dr) changes only the MAC of a frame, which '
                'no router passes on; give the host an IPv{2} address on the segment of the directors, or use forward: '
                'tun'.format(server.name, ways, version))
        if known or any(one['on_link'] for one in server.directors().values()):
            continue
        for vip, one in server.vips.items():
            if _version(vip) == version and not one['connected']:
                found.faults.append(
                    '{0}: has no address in a network that {1} belongs to, so it is not on the segment of the VIP, and '
                    'direct routing (dr) does not pass a router; give it one, say which addresses the directors have '
                    'there, or use forward: tun'.format(server.name, vip))


def way(address: str, director: Mapping) -> str:
    """Say how a host reaches a director that is not on its segment."""
    if director['gateway']:
        return '{0} is behind the router {1}'.format(address, director['gateway'])
    if director['local']:
        return '{0} is an address of this host'.format(address)
    if director['interface']:
        return '{0} is reached through {1}, which is no Ethernet'.format(address, director['interface'])
    return 'there is no route to {0}'.format(address)


def _judge_gateways(server: Server, found: Judgement) -> None:
    for version in sorted({_version(vip) for vip in server.vips}):
        family = FAMILIES[version]
        gateways = server.info['gateways'][family]
        for gateway in gateways:
            if gateway['metric'] != gateways[0]['metric'] or not gateway['address']:
                continue
            directors = [address for address, one in server.directors().items()
                         if address == gateway['address'] or set(one['macs']).intersection(gateway['macs'])]
            if not directors:
                continue
            seen = '{0}: its default gateway {1} on {2} is a director ({3})'.format(
                server.name, gateway['address'], gateway['interface'], _list(directors))
            if server.info['policy_routing'][family]:
                found.warnings.append('{0}; whether replies go there was not checked, since there are policy routing '
                                      'rules; they must not'.format(seen))
            else:
                found.faults.append(
                    '{0}; replies come there with the VIP as their source, which is an address of the director itself, '
                    'so it drops them as martians; set a default gateway that is no director'.format(seen))


def _judge_tunnel(server: Server, found: Judgement) -> None:
    info = server.info
    if server.forward != 'tun' or not info['sysctl']['read_only'] or all(_version(vip) == 6 for vip in server.vips):
        return
    effective = info['interfaces'].get('tunl0', {}).get('sysctl') or info['sysctl']['new_interface']
    if effective['rp_filter'] == STRICT:
        found.faults.append(
            '{0}: rp_filter of tunl0 is effectively 1 (strict) and /proc/sys is read-only; what leaves the tunnel comes '
            'from clients that no route through tunl0 leads to, and is dropped; set net.ipv4.conf.all.rp_filter to 2 '
            '(loose) from outside, or make /proc/sys writable'.format(server.name))


def _judge_listeners(server: Server, found: Judgement) -> None:
    for service in server.services:
        vip, port = _same(service['vip']), str(service['port'])
        protocol = service.get('protocol') or 'tcp'
        # Of many ports nobody has to listen on each, and the kernel's tables of listeners are those of TCP and UDP.
        if port == '0' or not port.isdigit() or protocol not in ('tcp', 'udp'):
            continue
        port = int(port)
        there = [one for one in server.info['listeners'] if (one['protocol'], one['port']) == (protocol, port)]
        if any(serves(one, vip) for one in there):
            continue
        elsewhere = {one['address'] for one in there if _version(one['address']) == _version(vip)}
        seen = 'nothing listens on {0} {1}'.format(protocol, model.endpoint(vip, port))
        if elsewhere:
            seen = '{0} port {1} is listened on at {2} only, not at {3}'.format(protocol, port, _list(elsewhere), vip)
        found.warnings.append(
            '{0}: {1}; requests that a director sends are refused; have the service listen on {2} or {3}'.format(
                server.name, seen, vip, WILDCARDS[_version(vip)]))


def _judge_checks(server: Server, found: Judgement) -> None:
    """Find health checks that firewalld lets in for nobody, since only directors may ask."""
    if not server.info.get('firewall'):
        return
    for version in sorted({_version(check['address']) for check in server.checks}):
        if not server.directors(version):
            found.warnings.append(
                '{0}: firewalld runs, and no IPv{1} address of a director is known; health checks in IPv{1} are not let in, so directors '
                'take this host for dead; set {2} of the directors'.format(
                    server.name, version, 'lvs_address' if version == 4 else 'lvs_address_ipv6'))


def serves(listener: Mapping, vip: str) -> bool:
    """Return whether a socket takes what is sent to a VIP."""
    address = listener['address']
    return address in (vip, WILDCARDS[_version(vip)]) or (address == '::' and listener['dual_stack'])
