# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judge a topology by what clients and the counters of directors saw, beside what was read on all hosts. Pure.

Private to this collection. A frame's source MAC says which host sent it, so the data path itself names the culprit. What is
only the consequence of something that was found on a host is not said a second time.
"""

from __future__ import annotations

from typing import Collection, Iterator, Mapping, NamedTuple, Sequence

from . import diagnosis, preflight
from .diagnosis import spread, tables
from .diagnosis.finding import ERROR, Finding, listed, worst_first
from .diagnosis.topology import Topology, label

BEFORE, AFTER, PROBES = 'lvs_table_before', 'lvs_table_after', 'lvs_probes'
"""The variables in which playbooks/verify.yml keeps the table of a director around the probes, and those of a client."""

BLIND_SCHEDULERS = ('rr', 'wrr')
"""Only these spread connections by weight whatever happened before; the others look at load, source or destination."""

MISLEADING = ('duplicate', 'arp', 'vip_on_card', 'stranger', 'neighbour', 'two_masters')
"""Kinds of findings, anywhere, by which requests come to another host than the one that the director chose."""

SILENCING_ALL = ('no_master', 'silent_director', 'ip_vs', 'table', 'scheduler', 'service_missing', 'marks', 'quorum', 'firewall')
"""Kinds of findings, on a director, by which nobody answers."""

SILENCING = ('vip_missing', 'vip_prefix', 'listener', 'firewall', 'gateway', 'segment', 'rp_filter', 'mtu', 'unreachable', 'unread')
"""Kinds of findings, on a real server, by which it does not answer."""


class Known:
    """What was found wrong on the hosts, as causes of what is seen on the wire."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self._errors = [one for one in findings if one.severity == ERROR]

    def explains(self, vip: str, kinds: Collection[str], hosts: Collection[str] | None = None) -> bool:
        """Return whether something of these kinds is wrong with a VIP on one of some hosts, or on any."""
        return any(
            one.kind in kinds and (not one.about or vip in one.about)
            and (hosts is None or not set(hosts).isdisjoint(one.host.split(', ')))
            for one in self._errors
        )  # fmt: skip


class Probe(NamedTuple):
    """What one client saw of one port of a service, and which of its real servers a check has taken out."""

    client: str
    service: Mapping
    port: int
    seen: Mapping
    dead: frozenset = frozenset()

    @property
    def vip(self) -> str:
        return self.service['vip']

    @property
    def label(self) -> str:
        """The service in messages."""
        name = self.service.get('name') or 'service'
        return '{0} ({1})'.format(name, label(self.service, self.service.get('protocol') or 'tcp', int(self.port)))


class Verdict(NamedTuple):
    """One sentence for each fault, one for what may become one, and two lines for each probe."""

    faults: list[str]
    warnings: list[str]
    summary: list[str]


def judge(services: Sequence[Mapping], groups: Mapping, hostvars: Mapping) -> Verdict:
    """Return what is wrong. `hostvars` have what the diagnosis reads, and the variables of this file."""
    topology = Topology(services, groups, hostvars)
    findings = diagnosis.diagnose(services, groups, hostvars)
    known = Known(findings)
    probes = _probes(topology, hostvars)
    wire = list(_judge_replies(topology, known, hostvars))
    for probe in probes:
        for judge_it in (_judge_neighbours, _judge_failures, _judge_answers, _judge_spread):
            wire += judge_it(topology, known, probe)
    found = worst_first([*findings, *wire])
    return Verdict(
        [one.sentence for one in found if one.severity == ERROR],
        [one.sentence for one in found if one.severity != ERROR],
        [line for probe in probes for line in _summary(topology, probe)],
    )


def _probes(topology: Topology, hostvars: Mapping) -> list[Probe]:
    dead: dict[str, set[str]] = {}
    for _director, compared in tables.comparisons(topology):
        for one in compared.dead:
            dead.setdefault(one.vip, set()).add(one.server)
    return [
        Probe(host.name, *seen['item'], seen, frozenset(dead.get(seen['item'][0]['vip'], ())))
        for host in topology.clients
        for seen in (hostvars[host.name].get(PROBES) or {}).get('results', ())
        # Of a client that cannot be reached there is nothing else than that.
        if 'replies' in seen
    ]


def _summary(topology: Topology, probe: Probe) -> list[str]:
    """Return in two lines what a client saw."""
    seen = probe.seen
    answers = ', '.join('{0} {1}'.format(_name(topology, mac), count) for mac, count in sorted(seen['answers'].items()))
    neighbours = ', '.join('{0} ({1})'.format(_name(topology, mac), mac) for mac in seen['arp'] or ())
    failed = ', {0} failed ({1})'.format(sum(seen['failures'].values()), _kinds(seen['failures'])) if seen['failures'] else ''
    latency = ''.join(
        ', {0} {1:.1f} ms'.format(name, seen['latency'][name] * 1000) for name in ('p50', 'p95', 'p99', 'max')
    ) if seen.get('latency') else ''
    return [
        '{0}: {1} requests from {2}{3}{4}'.format(probe.label, len(seen['replies']), probe.client, failed, latency),
        'answered by {0}; who has {1}? {2}'.format(
            answers or 'nobody', probe.vip, neighbours or ('nobody' if seen['on_link'] else 'behind a router')),
    ]  # fmt: skip


def _name(topology: Topology, mac: str) -> str:
    owner = topology.owner(mac)
    return owner.name if owner else 'an unknown host ({0})'.format(mac)


def _directors(topology: Topology) -> list[str]:
    return [host.name for host in topology.declared_directors]


def _kinds(failures: Mapping[str, int]) -> str:
    return ', '.join('{0} {1}'.format(count, kind) for kind, count in sorted(failures.items()))


def _judge_replies(topology: Topology, known: Known, hostvars: Mapping) -> Iterator[Finding]:
    """Replies of dr and tun servers that passed the director, although they must not.

    Of a service that it serves too nothing can be said: its own replies do, and IPVS counts them for whatever server a client's
    port was last sent to.
    """
    for director in topology.directors:
        before, after = (hostvars[director.name].get(name) or {} for name in (BEFORE, AFTER))
        earlier = {
            (tables.identity(service), one['address'], one['port']): one['stats']['packets_out']
            for service in before.get('services') or ()
            for one in service['realservers']
        }
        for service in after.get('services') or ():
            if any(one['address'] in director.addresses for one in service['realservers']):
                continue
            for one in service['realservers']:
                passed = one['stats']['packets_out'] - earlier.get((tables.identity(service), one['address'], one['port']), 0)
                whose = topology.server_name(one)
                if one['forward'] == 'nat' or passed <= 0 or known.explains(service.get('address', ''), ['gateway'], [whose]):
                    continue
                yield Finding(
                    'replies', ERROR, director.name,
                    '{0} reply packets of {1} in {2} came back through it'.format(
                        passed, tables.server_label(one, topology.server_name), tables.label(service)),
                    'real servers must answer clients directly', 'look at the routes of {0} to clients'.format(whose))


def _judge_neighbours(topology: Topology, known: Known, probe: Probe) -> Iterator[Finding]:
    """Who answers for a VIP as a client asks several times for its MAC address."""
    seen, vip, directors = probe.seen, probe.vip, _directors(topology)
    if not seen['on_link']:
        return
    # The MAC of a virtual router is that of whichever director has it.
    names = sorted({directors[0] if mac.startswith(preflight.VRRP) and directors else _name(topology, mac) for mac in seen['arp']})
    answering = [name for name in names if name in directors]
    for name in sorted(set(names) - set(directors)):
        if not known.explains(vip, ['duplicate'], [name]) and not known.explains(vip, ['stranger']):
            yield Finding(
                'duplicate', ERROR, name, 'answers for {0} on the segment'.format(vip),
                'only a director may, and clients that hear this host first send to it alone', 'silence its ARP: run site.yml', (vip,))
    if len(answering) > 1 and not known.explains(vip, ['two_masters'], answering):
        yield Finding(
            'two_masters', ERROR, listed(answering), 'all answer for {0}'.format(vip),
            'connections break as clients change from one to the other', 'see that they hear each other', (vip,))
    if not answering and not known.explains(vip, ['no_master', 'silent_director'], directors):
        yield Finding(
            'silent_director', ERROR, listed(directors), 'does not answer for {0} as {1} asks'.format(vip, probe.client),
            'clients cannot find the director', 'see that it has the VIP on the segment of its clients', (vip,))


def _judge_failures(topology: Topology, known: Known, probe: Probe) -> Iterator[Finding]:
    seen, vip = probe.seen, probe.vip
    total, directors = len(seen['replies']), _directors(topology)
    refused = {_name(topology, mac): count for mac, count in seen['refused'].items()}
    for name, count in sorted(refused.items()):
        if not known.explains(vip, ['listener', 'firewall'], [name]):
            yield Finding(
                'refused', ERROR, name, 'refused {0} of {1} requests to {2}'.format(count, total, probe.label),
                'clients that are sent there get an error', 'look at what serves there', (vip,))
    # Refusals have their finding if it is known who refused.
    failures = {kind: count for kind, count in seen['failures'].items() if not (kind == 'refused' and refused)}
    if failures:
        answered = {_name(topology, mac) for mac in seen['answers']}
        silent = [name for name in _shares(topology, probe) if name not in {*answered, *refused, *probe.dead}] if seen['on_link'] else []
        unknown = [name for name in silent if not known.explains(vip, SILENCING, [name])]
        misled = known.explains(vip, SILENCING_ALL, directors) or known.explains(vip, MISLEADING)
        if not silent or (unknown and not misled):
            yield Finding(
                'failed', ERROR, probe.client, '{0} of {1} requests to {2} failed ({3})'.format(
                    sum(failures.values()), total, probe.label, _kinds(failures)),
                '{0} never answered'.format(' and '.join(unknown)) if unknown else 'clients see these as errors or wait',
                'look at {0}'.format(listed(unknown) or 'the real servers and at what is between'), (vip,))
    if seen['unsent']:
        yield Finding(
            'unsent', ERROR, probe.client, '{0} requests to {1} were not sent before the deadline'.format(seen['unsent'], probe.label),
            'nothing is proven by requests that were not made', 'ask for fewer with -e verify_requests=', (vip,))


def _judge_answers(topology: Topology, known: Known, probe: Probe) -> Iterator[Finding]:
    """Answers of who is no real server, the directors among them."""
    if not probe.seen['on_link']:
        return
    expected, directors = _shares(topology, probe), _directors(topology)
    for name in sorted({_name(topology, mac) for mac in probe.seen['answers']} - set(expected)):
        if name in directors and not known.explains(probe.vip, ['gateway'], expected):
            yield Finding(
                'replies', ERROR, name, 'replies of {0} come through it'.format(probe.label),
                'real servers must answer clients directly', 'look at the routes of {0} to clients'.format(listed(expected)), (probe.vip,))
        elif name not in directors and not known.explains(probe.vip, ['server_undeclared', 'settings', 'quorum', *MISLEADING]):
            yield Finding(
                'intruder', ERROR, name, 'answers {0} and is no real server of it'.format(probe.label),
                'clients get what the inventory does not know of', 'find out how requests come there', (probe.vip,))


def _shares(topology: Topology, probe: Probe) -> dict[str, float]:
    weights = {topology.server_name(one): float(one.get('weight', 1)) for one in probe.service['realservers']}
    if (probe.service.get('scheduler') or 'wlc') == 'rr':
        weights = {name: float(weight > 0) for name, weight in weights.items()}
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items() if weight}


def _judge_spread(topology: Topology, known: Known, probe: Probe) -> Iterator[Finding]:
    """Real servers whose part of the requests cannot be an accident of their weight."""
    service, seen = probe.service, probe.seen
    if service.get('scheduler') not in BLIND_SCHEDULERS or service.get('persistence_timeout') or not seen['on_link'] \
            or known.explains(probe.vip, MISLEADING):
        return
    chosen: dict[str, int] = {}
    for counts in (seen['answers'], seen['refused']):
        for mac, count in counts.items():
            name = _name(topology, mac)
            chosen[name] = chosen.get(name, 0) + count
    shares = _shares(topology, probe)
    alive = {name: share for name, share in shares.items() if name not in probe.dead}
    total = sum(chosen.values())
    # Who did not answer is not known to have been chosen, and who answers without a share has a finding of its own.
    if not alive or total < len(seen['replies']) or set(chosen) - set(alive):
        return
    shares = {name: share / sum(alive.values()) for name, share in alive.items()}
    outliers = spread.outliers(chosen, shares)
    if outliers:
        yield Finding(
            'spread', ERROR, listed(_directors(topology)), 'of {0} requests to {1} {2}'.format(
                total, probe.label, ', '.join('{0} answered {1} (its weight makes that {2:.0f})'.format(
                    name, chosen.get(name, 0), total * shares[name]) for name in outliers)),
            'that is no accident, so requests are not spread as declared', 'compare `ipvsadm -Ln` there with the weights', (probe.vip,))
