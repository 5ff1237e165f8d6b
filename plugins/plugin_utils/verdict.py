# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judge what clients, directors and real servers saw of a topology: one sentence for each fault. Pure.

Private to this collection. A frame's source MAC says which host sent it, so the data path itself names the culprit.
"""

from __future__ import annotations

import re
from typing import Collection, Iterable, Mapping, NamedTuple

from ..module_utils.iproute import FALLBACK_TUNNELS
from ..module_utils.ipvs import model
from .diagnosis import spread, tables
from .diagnosis.finding import ERROR

# Only these spread connections by weight whatever happened before; the others look at load, source or destination.
BLIND_SCHEDULERS = ('rr', 'wrr')


# Nobody asks for the addresses of these, whichever VIPs a real server has there.
UNHEARD = ('lo', *FALLBACK_TUNNELS)


class Host(NamedTuple):
    """What a host's facts say: its addresses on any interface, those that others hear of, and the MACs of its interfaces."""

    name: str
    addresses: frozenset
    macs: frozenset
    heard: frozenset = frozenset()


class Probe(NamedTuple):
    """What one client saw of one port of a service, and which of its real servers a check has taken out."""

    client: str
    service: Mapping
    port: int
    seen: Mapping
    dead: frozenset = frozenset()

    @property
    def label(self) -> str:
        """The service in messages."""
        protocol = self.service.get('protocol') or 'tcp'
        endpoint = model.endpoint(self.service['vip'], int(self.port))
        return '{0} ({1} {2})'.format(self.service.get('name') or 'service', protocol, endpoint)


def host_of(name: str, facts: Mapping, dummy: str | None = None) -> Host:
    """Return a host as its network facts show it. `dummy` is where a real server has its VIPs, if that is not lo."""
    # Facts spell an interface's name with underscores.
    interfaces = {name: facts.get(re.sub('[-.:]', '_', name)) or {} for name in facts.get('interfaces', ())}
    heard = [address for name, one in interfaces.items() if name not in (*UNHEARD, dummy)
             for address in (one.get('ipv4') or {}, *(one.get('ipv4_secondaries') or ()), *(one.get('ipv6') or ()))]
    return Host(
        name,
        frozenset(list(facts.get('all_ipv4_addresses', ())) + list(facts.get('all_ipv6_addresses', ()))),
        frozenset(one['macaddress'].lower() for one in interfaces.values() if one.get('macaddress')),
        frozenset(one['address'] for one in heard if one.get('address')),
    )


class Topology:
    """The hosts that take part, and which of them a MAC or an address belongs to."""

    def __init__(self, directors: Iterable[Host], realservers: Iterable[Host]) -> None:
        self.directors = {host.name: host for host in directors}
        self.realservers = {host.name: host for host in realservers}
        self._by_mac = {
            mac: host.name for hosts in (self.realservers, self.directors) for host in hosts.values() for mac in host.macs
        }

    def name(self, mac: str) -> str:
        """Return the name of the host that has this MAC."""
        return self._by_mac.get(mac.lower(), 'an unknown host ({0})'.format(mac))

    def realserver(self, server: Mapping) -> str:
        """Return the name of the host that is this real server, or its address if it is not in the inventory."""
        for host in self.realservers.values():
            if server.get('name') == host.name or server['address'] in host.addresses:
                return host.name
        return server['address']


class Verdict(NamedTuple):
    """What is wrong, and what a check has noticed and taken care of."""

    faults: list[str]
    warnings: list[str]


def judge(services, probes: Iterable[Probe], topology: Topology, before: Mapping, after: Mapping,
          engines: Mapping[str, str] | None = None) -> Verdict:
    """Return the faults and warnings.

    ``before`` and ``after`` are what ipvs_info returned by director, around the probes, and ``engines`` who keeps its table.
    """
    faults = _missing_vips(services, topology) + _owner_faults(services, topology)
    dead: dict[tables.Dead, None] = {}
    for director in sorted(after):
        live = tables.Director(director, after[director]['services'], engine=(engines or {}).get(director, tables.STATIC))
        found = tables.compare(live, services, topology.realserver)
        faults += ['{0}: {1}'.format(director, one.seen) for one in found.findings if one.severity == ERROR]
        dead.update(dict.fromkeys(found.dead))
        own = topology.directors[director].addresses if director in topology.directors else ()
        faults += _reply_faults(director, before[director], after[director], own)
    for probe in probes:
        probe = probe._replace(dead=frozenset(one.server for one in dead if one.vip == probe.service['vip']))
        faults += _neighbour_faults(probe, topology)
        faults += _answer_faults(probe, topology)
        faults += _spread_faults(probe, topology)
    warnings = ['{0}: is dead by its check, and out of {1}'.format(one.server, one.label) for one in dead]
    return Verdict(list(dict.fromkeys(faults)), warnings)


def summary(probe: Probe, topology: Topology) -> list[str]:
    """Return in two lines what a client saw."""
    seen = probe.seen
    answers = ', '.join('{0} {1}'.format(topology.name(mac), count) for mac, count in sorted(seen['answers'].items()))
    neighbours = ', '.join('{0} ({1})'.format(topology.name(mac), mac) for mac in seen['arp'] or ())
    latency = ''.join(
        ', {0} {1:.1f} ms'.format(name, seen['latency'][name] * 1000) for name in ('p50', 'p95', 'p99', 'max')
    ) if seen.get('latency') else ''
    return [
        '{0}: {1} requests from {2}{3}'.format(probe.label, len(seen['replies']), probe.client, latency),
        'answered by {0}; who has {1}? {2}'.format(
            answers or 'nobody',
            probe.service['vip'],
            neighbours or ('nobody' if seen['on_link'] else 'behind a router'),
        ),
    ]


def _missing_vips(services, topology: Topology) -> list[str]:
    return [
        '{0}: does not have {1}, so it drops what the director sends it for {2}'.format(
            host.name, service['vip'], service.get('name') or service['vip']
        )
        for service in services
        for host in topology.realservers.values()
        if host.name in [topology.realserver(server) for server in service['realservers']]
        and service['vip'] not in host.addresses
        and not any(server.get('forward') == 'nat' for server in service['realservers'])
    ]


def _owner_faults(services, topology: Topology) -> list[str]:
    """VIPs that no director has, or several."""
    faults = []
    for vip in dict.fromkeys(service['vip'] for service in services):
        holders = [host.name for host in topology.directors.values() if vip in host.heard]
        if topology.directors and not holders:
            faults.append('{0}: has {1} on no network card'.format(' and '.join(topology.directors), vip))
        elif len(holders) > 1:
            faults.append('{0}: each has {1}, which only one director may'.format(' and '.join(holders), vip))
    return faults


def _reply_faults(director: str, before: Mapping, after: Mapping, own: Collection[str]) -> list[str]:
    """Replies of dr and tun servers that passed the director, although they must not.

    Of a service that it serves too nothing can be said: its own replies do, and IPVS counts them for whatever server a client's
    port was last sent to.
    """
    earlier = {
        (tables.identity(service), one['address'], one['port']): one['stats']['packets_out']
        for service in before['services']
        for one in service['realservers']
    }
    faults = []
    for service in after['services']:
        if any(one['address'] in own for one in service['realservers']):
            continue
        for one in service['realservers']:
            passed = one['stats']['packets_out'] - earlier.get((tables.identity(service), one['address'], one['port']), 0)
            if one['forward'] != 'nat' and passed > 0:
                faults.append('{0}: {1} reply packets of {2} in {3} came back through the director'.format(
                    director, passed, one['address'], tables.label(service)))
    return faults


def _neighbour_faults(probe: Probe, topology: Topology) -> list[str]:
    seen = probe.seen
    vip = probe.service['vip']
    if not seen['on_link']:
        return []
    if not seen['arp']:
        return ['{0}: nobody answers for {1} on the segment; no director has the VIP'.format(probe.label, vip)]
    names = sorted({topology.name(mac) for mac in seen['arp']})
    faults = [
        '{0}: answers for {1} on the segment, which only a director may; its ARP is not silenced'.format(name, vip)
        for name in names
        if name not in topology.directors
    ]
    answering = [name for name in names if name in topology.directors]
    if len(answering) > 1:
        faults.append('{0}: {1} all answer for {2}'.format(probe.label, ' and '.join(answering), vip))
    if not answering:
        faults.append('{0}: no director answers for {1} on the segment'.format(probe.label, vip))
    return faults


def _answer_faults(probe: Probe, topology: Topology) -> list[str]:
    seen = probe.seen
    total = len(seen['replies'])
    expected = _shares(probe, topology)
    answered = {topology.name(mac): count for mac, count in seen['answers'].items()} if seen['on_link'] else {}
    refused = {topology.name(mac): count for mac, count in seen['refused'].items()}
    faults = [
        '{0}: {1} refused {2} of {3} requests; nothing listens there'.format(probe.label, name, count, total)
        for name, count in sorted(refused.items())
    ]
    silent = [name for name in expected if name not in {*answered, *refused, *probe.dead}] if seen['on_link'] else []
    # Refusals have their sentence if it is known who refused.
    failures = {kind: count for kind, count in sorted(seen['failures'].items()) if not (kind == 'refused' and refused)}
    if failures:
        kinds = ', '.join('{0} {1}'.format(count, kind) for kind, count in failures.items())
        fault = '{0}: {1} of {2} requests failed ({3})'.format(probe.label, sum(failures.values()), total, kinds)
        faults.append('{0}; {1} never answered'.format(fault, ' and '.join(silent)) if silent else fault)
    for name in sorted(answered):
        if name not in expected and name in topology.directors:
            faults.append('{0}: replies come through {1}; real servers must answer directly'.format(probe.label, name))
        elif name not in expected:
            faults.append('{0}: {1} answers and is no real server of it'.format(probe.label, name))
    if seen['unsent']:
        faults.append('{0}: {1} requests were not sent before the deadline'.format(probe.label, seen['unsent']))
    return faults


def _shares(probe: Probe, topology: Topology) -> dict[str, float]:
    weights = {topology.realserver(one): float(one.get('weight', 1)) for one in probe.service['realservers']}
    if (probe.service.get('scheduler') or 'wlc') == 'rr':
        weights = {name: float(weight > 0) for name, weight in weights.items()}
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items() if weight}


def _spread_faults(probe: Probe, topology: Topology) -> list[str]:
    """Real servers whose part of the requests cannot be an accident of their weight."""
    service, seen = probe.service, probe.seen
    if service.get('scheduler') not in BLIND_SCHEDULERS or service.get('persistence_timeout') or not seen['on_link']:
        return []
    chosen: dict[str, int] = {}
    for counts in (seen['answers'], seen['refused']):
        for mac, count in counts.items():
            name = topology.name(mac)
            chosen[name] = chosen.get(name, 0) + count
    shares = _shares(probe, topology)
    alive = {name: share for name, share in shares.items() if name not in probe.dead}
    total = sum(chosen.values())
    # Who did not answer is not known to have been chosen, and who answers without a share has a sentence of its own.
    if not alive or total < len(seen['replies']) or set(chosen) - set(alive):
        return []
    shares = {name: share / sum(alive.values()) for name, share in alive.items()}
    return [
        '{0}: {1} answered {2} of {3} requests; its weight makes that {4:.0f}'.format(
            probe.label, name, chosen.get(name, 0), total, total * shares[name])
        for name in spread.outliers(chosen, shares)
    ]
