# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judge a topology by what clients and the counters of directors saw, beside what was read on all hosts. Pure.

Private to this collection. A frame's source MAC says which host sent it, so the data path itself names the culprit. What is
only the consequence of something that was found on a host is not said a second time.
"""

from __future__ import annotations

from typing import Collection, Iterable, Iterator, Mapping, NamedTuple, Sequence

from . import diagnosis, preflight
from .diagnosis import spread, tables
from .diagnosis.finding import ERROR, SILENCING, WARNING, Finding, listed, worst_first
from .diagnosis.topology import Host, Topology, label, version

BEFORE, AFTER, PROBES = 'lvs_table_before', 'lvs_table_after', 'lvs_probes'
"""The variables in which playbooks/verify.yml keeps the table of a director around the probes, and those of a client."""

BLIND_SCHEDULERS = ('rr', 'wrr')
"""Only these spread connections by weight whatever happened before; the others look at load, source or destination."""

CLINGING_SCHEDULERS = ('sh', 'dh', 'mh', 'lblc', 'lblcr', 'fo', 'ovf')
"""These may send all that one client asks for to the same real server."""

MISLEADING = ('duplicate', 'arp', 'vip_on_card', 'stranger', 'neighbour', 'two_masters')
"""Kinds of findings, anywhere, by which requests come to another host than the one that the director chose."""

SILENCING_ALL = ('no_master', 'silent_director', 'ip_vs', 'table', 'scheduler', 'service_missing', 'marks', 'quorum', 'firewall')
"""Kinds of findings, on a director, by which nobody answers."""


class Known:
    """What was found wrong on the hosts, as causes of what is seen on the wire."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self._errors = [one for one in findings if one.severity == ERROR]

    def explains(self, vip: str | None, kinds: Collection[str], hosts: Collection[str] | None = None) -> bool:
        """Return whether something of these kinds is wrong with a VIP, or with any, on one of some hosts, or on any."""
        return any(
            one.kind in kinds and (not one.about or vip is None or vip in one.about)
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
    probes = _probes(topology, hostvars)
    findings = [one for one in diagnosis.diagnose(services, groups, hostvars) if not _is_disproved(topology, one, probes)]
    known = Known(findings)
    wire = list(_judge_replies(topology, known, hostvars))
    for probe in probes:
        for judge_it in (_judge_neighbours, _judge_failures, _judge_answers, _judge_spread):
            wire += judge_it(topology, known, probe)
    wire += _judge_unasked(topology, hostvars)
    found = worst_first([*findings, *wire])
    return Verdict(
        [one.sentence for one in found if one.severity == ERROR],
        [one.sentence for one in found if one.severity != ERROR],
        [line for probe in probes for line in _summary(topology, probe)],
    )


def _results(host: Host, hostvars: Mapping) -> Sequence[Mapping]:
    return (hostvars[host.name].get(PROBES) or {}).get('results') or ()


def _probes(topology: Topology, hostvars: Mapping) -> list[Probe]:
    dead: dict[str, set[str]] = {}
    for director, compared in tables.comparisons(topology):
        for one in compared.dead:
            if director.holds(one.vip):
                dead.setdefault(one.label, set()).add(one.server)

    def probe(host: Host, seen: Mapping) -> Probe:
        service, port = seen['item'][:2]
        mark = tables.label({'fwmark': service.get('fwmark'), 'family': preflight.FAMILIES[version(service['vip'])]})
        return Probe(host.name, service, port, seen, frozenset(
            server for one in (mark, label(service, service.get('protocol') or 'tcp', int(port))) for server in dead.get(one, ())))

    return [probe(host, seen) for host in topology.clients for seen in _results(host, hostvars) if 'replies' in seen]


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


def _names(topology: Topology, macs: Iterable[str]) -> set[str]:
    """Return who these MACs belong to; not those of nobody known while one of the inventory was not looked at, who may have them."""
    everybody = len(topology.looked_at) == len(topology.hosts)
    return {_name(topology, mac) for mac in macs if everybody or topology.owner(mac)}


def _directors(topology: Topology) -> list[str]:
    return [host.name for host in topology.declared_directors]


def _holders(topology: Topology, vip: str) -> list[str]:
    """Return the directors that have a VIP, or all where none has it."""
    return [host.name for host in topology.holders(vip)] or _directors(topology)


def _kinds(failures: Mapping[str, int]) -> str:
    return ', '.join('{0} {1}'.format(count, kind) for kind, count in sorted(failures.items()))


def _is_disproved(topology: Topology, finding: Finding, probes: Sequence[Probe]) -> bool:
    """Return whether a host did answer at all that clients asked it for, as where the kernel redirects a port that nobody listens on."""
    about = [probe for probe in probes if probe.vip in finding.about and finding.host in _shares(topology, probe)]
    return finding.kind in ('listener', 'firewall') and bool(about) and all(
        probe.seen['on_link'] and finding.host in _names(topology, probe.seen['answers']) for probe in about)


def _judge_unasked(topology: Topology, hostvars: Mapping) -> Iterator[Finding]:
    """What was not asked for, which proves nothing."""
    results = {host: _results(host, hostvars) for host in topology.hosts if host.name in topology.client_names}
    for host, seen in results.items():
        failed = [one for one in seen if 'replies' not in one]
        if failed:
            yield Finding(
                'unasked', ERROR, host.name, 'asked nothing: {0}'.format(' '.join(str(failed[0].get('msg') or 'no reason was given').split())),
                'requests that were not made prove nothing', 'run this again once it can')
        for one in seen:
            if one.get('interface') == 'lo':
                yield Finding(
                    'unasked', ERROR, host.name, 'has {0} itself, so its requests never left it'.format(one['item'][0]['vip']),
                    'they prove nothing', 'put another host into the group clients', (one['item'][0]['vip'],))
    if not any(results.values()):
        yield Finding(
            'unasked', WARNING, listed(topology.client_names), 'asked nothing, since no service has a port that can be asked for',
            'nothing is proven from the side of clients', 'ask for it yourself')


def _judge_replies(topology: Topology, known: Known, hostvars: Mapping) -> Iterator[Finding]:
    """Replies of dr and tun servers that passed the director, although they must not.

    Of a service that it serves too nothing can be said: its own replies do, and IPVS counts them for whatever server a client's
    port was last sent to.
    """
    for director in topology.directors:
        before, after = ((hostvars[director.name].get(name) or {}).get('services') for name in (BEFORE, AFTER))
        if before is None or after is None:
            if not known.explains(None, ['table', 'ip_vs'], [director.name]):
                yield Finding(
                    'table', ERROR, director.name, 'its table could not be read around the requests',
                    'whether replies came back through it is unknown', 'run this again')
            continue
        earlier = {(tables.identity(service), one['address'], one['port']): one['stats']['packets_out']
                   for service in before for one in service['realservers']}
        for service in after:
            if any(one['address'] in director.addresses for one in service['realservers']):
                continue
            for one in service['realservers']:
                passed = one['stats']['packets_out'] - earlier.get((tables.identity(service), one['address'], one['port']), 0)
                whose = topology.server_name(one)
                if one['forward'] != 'nat' and passed > 0 and not known.explains(None, ['gateway'], [whose]):
                    yield Finding(
                        'replies', ERROR, director.name, '{0} reply packets of {1} in {2} came back through it'.format(
                            passed, tables.server_label(one, topology.server_name), tables.label(service)),
                        'real servers must answer clients directly', 'look at the routes of {0} to clients'.format(whose))


def _judge_neighbours(topology: Topology, known: Known, probe: Probe) -> Iterator[Finding]:
    """Who answers for a VIP as a client asks several times for its MAC address."""
    vip, macs, directors = probe.vip, probe.seen['arp'], _directors(topology)
    if not probe.seen['on_link'] or macs is None:
        return
    # The MAC of a virtual router is that of whichever director has it.
    names = _names(topology, (mac for mac in macs if not mac.startswith(preflight.VRRP)))
    for name in sorted(names - set(directors)):
        if not known.explains(vip, ['duplicate'], [name]) and not known.explains(vip, ['stranger']):
            yield Finding(
                'duplicate', ERROR, name, 'answers for {0} on the segment'.format(vip),
                'only a director may, and clients that hear this host first send to it alone', 'silence its ARP: run site.yml', (vip,))
    answering = [name for name in directors if name in names]
    if len(answering) > 1 and not known.explains(vip, ['two_masters'], answering):
        yield Finding(
            'two_masters', ERROR, listed(answering), 'all answer for {0}'.format(vip),
            'connections break as clients change from one to the other', 'see that they hear each other', (vip,))
    if topology.complete and len(macs) == len(names) and not answering \
            and not known.explains(vip, ['no_master', 'silent_director'], directors):
        yield Finding(
            'silent_director', ERROR, listed(directors), 'is not heard to answer for {0} as {1} asks'.format(vip, probe.client),
            'clients cannot find the director', 'see that one has the VIP on the segment of its clients', (vip,))


def _judge_failures(topology: Topology, known: Known, probe: Probe) -> Iterator[Finding]:
    seen, vip, total = probe.seen, probe.vip, len(probe.seen['replies'])
    shares, holders = _shares(topology, probe), _holders(topology, vip)
    misled = known.explains(vip, SILENCING_ALL, holders) or known.explains(vip, MISLEADING)
    refused = {_name(topology, mac): count for mac, count in seen['refused'].items()}
    for name, count in sorted(refused.items()):
        if not known.explains(vip, ['listener', 'firewall'], [name]) and (name in shares or not misled):
            yield Finding(
                'refused', ERROR, name, 'refused {0} of {1} requests to {2}'.format(count, total, probe.label),
                'clients get an error at once', 'look at what serves there' if name in shares else
                'see in its table whether anybody has a weight' if name in holders else 'find out why they come there', (vip,))
    # Refusals have their finding if it is known who refused.
    failures = {kind: count for kind, count in seen['failures'].items() if not (kind == 'refused' and refused)}
    if failures and not misled:
        answered = _names(topology, seen['answers'])
        named = _is_attributable(topology, probe) and not probe.service.get('persistence_timeout') \
            and probe.service.get('scheduler') not in CLINGING_SCHEDULERS
        silent = [name for name in shares if name not in {*answered, *refused, *probe.dead}] if named else []
        unknown = [name for name in silent if not known.explains(vip, SILENCING, [name])]
        if unknown or not silent and (named or not known.explains(vip, SILENCING, shares)):
            yield Finding(
                'failed', ERROR, probe.client, '{0} of {1} requests to {2} failed ({3})'.format(
                    sum(failures.values()), total, probe.label, _kinds(failures)),
                '{0} never answered'.format(' and '.join(unknown)) if unknown else 'clients see these as errors or wait',
                'look at {0}'.format(listed(unknown) or 'the real servers and at what is between'), (vip,))
    if seen['unsent']:
        yield Finding(
            'unsent', ERROR, probe.client, '{0} requests to {1} were not sent before the deadline'.format(seen['unsent'], probe.label),
            'requests that were not made prove nothing', 'ask for fewer with -e verify_requests=', (vip,))


def _judge_answers(topology: Topology, known: Known, probe: Probe) -> Iterator[Finding]:
    """Answers of who is no real server, the directors among them."""
    if not _is_attributable(topology, probe):
        return
    expected, directors = _shares(topology, probe), _directors(topology)
    for name in sorted(_names(topology, probe.seen['answers']) - set(expected)):
        if name in directors and not known.explains(probe.vip, ['gateway'], expected):
            yield Finding(
                'replies', ERROR, name, 'replies of {0} come through it'.format(probe.label),
                'real servers must answer clients directly', 'look at the routes of {0} to clients'.format(listed(expected)), (probe.vip,))
        elif name not in directors and not known.explains(probe.vip, ['server_undeclared', 'quorum', *MISLEADING]):
            yield Finding(
                'intruder', ERROR, name, 'answers {0} and is no real server of it'.format(probe.label),
                'clients get what the inventory does not know of', 'find out how requests come there', (probe.vip,))


def _is_attributable(topology: Topology, probe: Probe) -> bool:
    """Return whether the MAC of each answer is that of the real server: replies of nat and tun may come by way of others, and
    those of an address without a host are nobody's."""
    servers = probe.service['realservers']
    return bool(probe.seen['on_link']) and all(
        (server.get('forward') or 'dr') == 'dr' and topology.server_name(server) != server['address'] for server in servers)


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
            'spread', ERROR, listed(_holders(topology, probe.vip)), 'of {0} requests to {1} {2}'.format(
                total, probe.label, ', '.join('{0} answered {1} (its weight makes that {2:.0f})'.format(
                    name, chosen.get(name, 0), total * shares[name]) for name in outliers)),
            'that is no accident, so requests are not spread as declared', 'compare `ipvsadm -Ln` there with the weights', (probe.vip,))
