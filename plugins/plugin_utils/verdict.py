# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judge what clients, directors and real servers saw of a topology: one sentence for each fault. Pure.

Private to this collection. A frame's source MAC says which host sent it, so the data path itself names the culprit.
"""

from __future__ import annotations

import math
import re
from typing import Iterable, Mapping, NamedTuple

from ..module_utils.ipvs import model, options, show
from .virtual_services import ipvs_services

# Only these spread connections by weight whatever happened before; the others look at load, source or destination.
BLIND_SCHEDULERS = ('rr', 'wrr')
# So far from its share a healthy real server is once in more than 10,000 probes (normal approximation).
DEVIATIONS = 4


class Host(NamedTuple):
    """What a host's facts say: its addresses on any interface and the MACs of its interfaces."""

    name: str
    addresses: frozenset
    macs: frozenset


class Probe(NamedTuple):
    """What one client saw of one port of a service."""

    client: str
    service: Mapping
    port: int
    seen: Mapping

    @property
    def label(self) -> str:
        """The service in messages."""
        protocol = self.service.get('protocol') or 'tcp'
        endpoint = model.endpoint(self.service['vip'], int(self.port))
        return '{0} ({1} {2})'.format(self.service.get('name') or 'service', protocol, endpoint)


def host_of(name: str, facts: Mapping) -> Host:
    """Return a host as its network facts show it."""
    # Facts spell an interface's name with underscores.
    names = [re.sub('[-.:]', '_', name) for name in facts.get('interfaces', ())]
    interfaces = [facts[name] for name in names if name in facts]
    return Host(
        name,
        frozenset(list(facts.get('all_ipv4_addresses', ())) + list(facts.get('all_ipv6_addresses', ()))),
        frozenset(one['macaddress'].lower() for one in interfaces if one.get('macaddress')),
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


def judge(services, probes: Iterable[Probe], topology: Topology, before: Mapping, after: Mapping) -> list[str]:
    """Return the faults. ``before`` and ``after`` are what ipvs_info returned by director, around the probes."""
    faults = _missing_vips(services, topology)
    for director in sorted(after):
        faults += table_faults(director, services, topology, after[director])
        faults += _reply_faults(director, before[director], after[director])
    for probe in probes:
        faults += _neighbour_faults(probe, topology)
        faults += _answer_faults(probe, topology)
        faults += _spread_faults(probe, topology)
    return list(dict.fromkeys(faults))


def summary(probe: Probe, topology: Topology) -> list[str]:
    """Return in two lines what a client saw."""
    seen = probe.seen
    answers = ', '.join('{0} {1}'.format(topology.name(mac), count) for mac, count in sorted(seen['answers'].items()))
    neighbours = ', '.join('{0} ({1})'.format(topology.name(mac), mac) for mac in seen['arp'] or ())
    return [
        '{0}: {1} requests from {2}'.format(probe.label, len(seen['replies']), probe.client),
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


def table_faults(director: str, services, topology: Topology, live: Mapping) -> list[str]:
    """Return a sentence for each difference between resolved services and what ipvs_info returned on a director."""
    wanted = show.services(options.table(ipvs_services(services)), {})
    there = {service_identity(service): service for service in live['services']}
    faults = []
    for service in wanted:
        label = service_label(service)
        if service_identity(service) not in there:
            faults.append('{0}: has no service {1}'.format(director, label))
            continue
        found = there[service_identity(service)]
        faults += ['{0}: {1} of {2}; the inventory says {3}'.format(director, have, label, want)
                   for have, want in _differences(found, service)]
        servers = {(one['address'], one['port']): one for one in found['realservers']}
        for server in service['realservers']:
            name = _server_label(server, topology)
            one = servers.pop((server['address'], server['port']), None)
            if one is None:
                faults.append('{0}: {1} is not in {2}'.format(director, name, label))
                continue
            faults += ['{0}: {1} for {2} in {3}; the inventory says {4}'.format(director, have, name, label, want)
                       for have, want in _differences(one, server)]
        faults += ['{0}: {1} is in {2}, and not in the inventory'.format(director, _server_label(one, topology), label)
                   for one in servers.values()]
    return faults


def _differences(found: Mapping, wanted: Mapping) -> list[tuple[str, object]]:
    names = sorted((set(found) | set(wanted)) - {'realservers', *show.FIGURES})
    return [
        ('{0} {1}'.format(name, found.get(name)), wanted.get(name)) for name in names if found.get(name) != wanted.get(name)
    ]


def _reply_faults(director: str, before: Mapping, after: Mapping) -> list[str]:
    """Replies of dr and tun servers that passed the director, although they must not."""
    earlier = {
        (service_identity(service), one['address'], one['port']): one['stats']['packets_out']
        for service in before['services']
        for one in service['realservers']
    }
    faults = []
    for service in after['services']:
        for one in service['realservers']:
            passed = one['stats']['packets_out'] - earlier.get((service_identity(service), one['address'], one['port']), 0)
            if one['forward'] != 'nat' and passed > 0:
                faults.append('{0}: {1} reply packets of {2} in {3} came back through the director'.format(
                    director, passed, one['address'], service_label(service)))
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
    silent = [name for name in expected if name not in answered and name not in refused] if seen['on_link'] else []
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
    """Real servers whose part of the answers cannot be an accident of their weight."""
    service, seen = probe.service, probe.seen
    answers = {topology.name(mac): count for mac, count in seen['answers'].items()}
    total = sum(answers.values())
    blind = service.get('scheduler') in BLIND_SCHEDULERS and not service.get('persistence_timeout')
    if not blind or not seen['on_link'] or seen['failures'] or not total:
        return []
    faults = []
    for name, share in sorted(_shares(probe, topology).items()):
        allowed = DEVIATIONS * math.sqrt(total * share * (1 - share))
        if abs(answers.get(name, 0) - total * share) > allowed:
            faults.append('{0}: {1} answered {2} of {3} requests; its weight makes that {4:.0f}'.format(
                probe.label, name, answers.get(name, 0), total, total * share))
    return faults


def service_identity(service: Mapping) -> tuple:
    """Return what tells an IPVS service from others, as ipvs_info or ipvs_table have it."""
    return tuple(service.get(name) for name in ('protocol', 'address', 'port', 'fwmark', 'family'))


def service_label(service: Mapping) -> str:
    """Return an IPVS service in messages."""
    if 'fwmark' in service:
        return 'fwmark {0} {1}'.format(service['fwmark'], service['family'])
    return '{0} {1}'.format(service['protocol'], model.endpoint(service['address'], service['port']))


def _server_label(server: Mapping, topology: Topology) -> str:
    name = topology.realserver(server)
    return name if name == server['address'] else '{0} ({1})'.format(name, server['address'])
