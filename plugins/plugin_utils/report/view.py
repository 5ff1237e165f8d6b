# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a page about a topology shows: services as declared, beside what the tables of their directors hold. Pure.

Private to this collection. Nothing here knows how a page looks.
"""

from __future__ import annotations

import collections
from typing import Iterable, Mapping, Sequence

from ...module_utils.ipvs import options, show
from .. import inventory
from ..diagnosis import tables as difference
from ..diagnosis.topology import Topology
from ..virtual_services import ipvs_services
from .shown import GONE, SEVERITIES, Director, Host, Member, Rates, Service, Trouble, View, Vip, counted

MOST_ERRORS = 3
"""So many errors that the doctor found are among the troubles one by one, or one more."""


def build(services: Sequence[Mapping], groups: Mapping, hostvars: Mapping, seen: Mapping, findings: Iterable[Mapping]) -> View:
    """Return the view of resolved services.

    ``seen`` has by the name of a director `before` and `after`, each with `info`, the result of ipvs_info, and `at`, the
    time in seconds, and `host`, the result of lvs_host_info with the VIPs. What failed has `msg` and nothing to show.
    """
    directors = list(groups.get('directors') or ())
    tables = {name: _Table(seen.get(name) or {}) for name in directors}
    named = {host: inventory.addresses(hostvars[host]) for host in groups.get('realservers') or ()}
    topology = Topology(services, {'realservers': list(named)}, hostvars)
    vips = _vips(services, tables, {name: _engine(hostvars[name]) for name in directors}, topology)
    shown = [_director(name, hostvars[name], tables[name], vips) for name in directors]
    hosts = _hosts(vips, named)
    worst_first = sorted(findings, key=lambda one: SEVERITIES.index(one['severity']))
    drift = [
        '{0}: {1}'.format(name, one.seen)
        for name, table in tables.items() if table.services is not None
        for one in difference.compare(
            difference.Director(name, table.without_sorry(services), engine=_engine(hostvars[name])), services, topology.server_name,
        ).findings if one.kind != 'foreign'
    ]
    return View(
        list(groups.get('clients') or ()), shown, vips, hosts, worst_first, drift,
        _troubles(shown, vips, hosts, worst_first, drift),
    )  # fmt: skip


class _Table:
    """The table of a director as it was seen, by identities of services and addresses of real servers."""

    def __init__(self, seen: Mapping) -> None:
        after, before = seen.get('after') or {}, seen.get('before') or {}
        info, host = after.get('info') or {}, seen.get('host') or {}
        self.services = info.get('services')
        self.placements = {vip: found.get('placements') or () for vip, found in (host.get('vips') or {}).items()}
        self.problem = '' if self.services is not None and 'vips' in host else str(
            (info if self.services is None else host).get('msg') or 'it was not reached')
        self.by_identity = {difference.identity(service): service for service in self.services or ()}
        self._seconds = (after.get('at') or 0) - (before.get('at') or 0)
        self._earlier = {
            (difference.identity(service), server['address'], server['port']): server.get('stats')
            for service in (before.get('info') or {}).get('services') or ()
            for server in service['realservers']
        }

    def holds(self, vip: str) -> bool:
        """Say whether the director has a VIP where others can ask for it."""
        return any(place.get('heard') for place in self.placements.get(vip) or ())

    def rates(self, identity: tuple, server: Mapping) -> Rates:
        earlier = self._earlier.get((identity, server['address'], server['port']))
        later = server.get('stats')
        if not earlier or not later or self._seconds <= 0:
            return Rates()
        gains = [later[name] - earlier[name] for name in ('connections', 'packets_in', 'bytes_in')]
        # An entry that was made anew counts from 0.
        return Rates() if min(gains) < 0 else Rates(*(gain / self._seconds for gain in gains))

    def without_sorry(self, services: Iterable[Mapping]) -> list[dict]:
        """Return the table to compare: a sorry server that answers is no difference from the inventory."""
        sorry = {
            difference.identity(entry): _sorry_address(service)
            for service in services if _sorry_address(service) for entry in _wanted(service)
        }
        return [
            dict(one, realservers=[s for s in one['realservers'] if s['address'] != sorry.get(difference.identity(one))])
            for one in self.services or ()
        ]


def _vips(services, tables: Mapping[str, _Table], engines: Mapping[str, str], topology: Topology) -> list[Vip]:
    vips: dict[str, Vip] = {}
    for service in services:
        address = service['vip']
        holders = [name for name, table in tables.items() if table.holds(address)]
        readable = [name for name, table in tables.items() if table.services is not None]
        director = next((name for name in holders + readable if name in readable), '')
        table = tables.get(director)
        checked = engines.get(director) == 'keepalived' and bool(service.get('inhibit_on_failure'))
        vip = vips.setdefault(address, Vip(address, holders, []))
        for entry in _wanted(service):
            vip.services.append(_service(service, entry, director, table, checked, topology))
    return list(vips.values())


def _service(service: Mapping, entry: Mapping, director: str, table: _Table | None, checked: bool, topology: Topology) -> Service:
    identity = difference.identity(entry)
    live = table.by_identity.get(identity) if table else None
    there = {(one['address'], one['port']): one for one in live['realservers']} if live else {}
    members = []
    for wanted in entry['realservers']:
        found = there.pop((wanted['address'], wanted['port']), None)
        members.append(_member(wanted, found, _state(wanted, found, table, checked), table, identity, topology))
    sorry = _sorry_address(service)
    for found in there.values():
        state = 'sorry' if found['address'] == sorry else 'stranger'
        members.append(_member(None, found, state, table, identity, topology))
    if sorry and 'sorry' not in [member.state for member in members]:
        given = service['sorry_server']
        wanted = {'address': sorry, 'port': given.get('port') or entry.get('port') or 0,
                  'forward': given.get('forward') or service.get('forward') or 'dr'}
        members.append(_member(wanted, None, 'standby' if table else 'unknown', table, identity, topology))
    return Service(
        str(service.get('name') or service['vip']), service['vip'], difference.label(entry), (live or entry)['scheduler'],
        (live or entry).get('persistence_timeout') or 0, director, members,
    )  # fmt: skip


def _state(wanted: Mapping, found: Mapping | None, table: _Table | None, checked: bool) -> str:
    if table is None:
        return 'unknown'
    if found is None:
        return 'out'
    if found['weight'] > 0:
        return 'serving'
    # With inhibit_on_failure keepalived leaves a real server that failed in the table.
    return 'failed' if checked and wanted['weight'] > 0 else 'drained'


def _member(wanted: Mapping | None, found: Mapping | None, state: str, table: _Table | None, identity, topology: Topology) -> Member:
    known = found or wanted
    figures = (found or {}).get('connections') or {}
    return Member(
        topology.server_name(known), known['address'], known['port'], state, (found or {}).get('weight'),
        (wanted or {}).get('weight'), known['forward'], figures.get('active'), figures.get('inactive'),
        table.rates(identity, found) if table and found else Rates(),
    )  # fmt: skip


def _director(name: str, own: Mapping, table: _Table, vips: Sequence[Vip]) -> Director:
    held = [vip.address for vip in vips if name in vip.holders]
    if held:
        role = 'active'
    elif table.problem:
        role = 'unknown'
    else:
        role = 'backup' if any(vip.holders for vip in vips) else 'idle'
    declared = {service.endpoint for vip in vips for service in vip.services}
    there = [difference.label(service) for service in table.services or ()]
    known = sum(endpoint in declared for endpoint in there)
    return Director(
        name, next(iter(inventory.addresses(own)), ''), _engine(own), role, held, table.problem, known, len(there) - known)


def _hosts(vips: Sequence[Vip], named: Mapping[str, Sequence[str]]) -> list[Host]:
    members: dict[str, list[Member]] = {host: [] for host in named}
    for vip in vips:
        for service in vip.services:
            for member in service.members:
                members.setdefault(member.name, []).append(member)
    return [Host(name, (named.get(name) or [found[0].address])[0], found) for name, found in members.items() if found]


def _troubles(directors, vips: Sequence[Vip], hosts, findings: Sequence[Mapping], drift: Sequence[str]) -> list[Trouble]:
    services = [service for vip in vips for service in vip.services]
    found = [
        Trouble('error', '{0} could not be read: {1}'.format(one.name, one.problem), 'directors')
        for one in directors if one.problem
    ]
    if not all(one.problem for one in directors):
        ownerless = [vip.address for vip in vips if not vip.holders]
        if ownerless:
            read = ' that could be read' if any(one.problem for one in directors) else ''
            found.append(Trouble('error', 'No director{0} has {1}'.format(read, listed(ownerless)), 'directors'))
    for owners in dict.fromkeys(tuple(vip.holders) for vip in vips if len(vip.holders) > 1):
        shared = [vip.address for vip in vips if tuple(vip.holders) == owners]
        found.append(Trouble('error', '{0} all have {1}'.format(listed(owners), listed(shared)), 'directors'))
    readable = [one for one in services if one.director]
    silent = [one.label for one in readable if not one.answered]
    sorry = [one.label for one in readable if one.answered and not one.serving]
    if silent:
        found.append(Trouble('error', 'Nobody serves {0}'.format(listed(silent)), 'services'))
    if sorry:
        found.append(Trouble('error', 'Only the sorry server answers for {0}'.format(listed(sorry)), 'services'))
    for state in GONE:
        gone = _gone(hosts, state, [one for one in services if one.answered])
        if gone:
            found.append(Trouble('warning', '{0} {1} {2}'.format(
                listed(gone), 'is' if len(gone) == 1 else 'are', 'out of the table' if state == 'out' else 'failed'), 'hosts'))
    errors = [one for one in findings if one['severity'] == 'error']
    shown = errors if len(errors) <= MOST_ERRORS + 1 else errors[:MOST_ERRORS]
    found += [Trouble('error', '{0}: {1}'.format(one['host'], one['seen']), 'findings') for one in shown]
    for severity, count in (('error', len(errors) - len(shown)), ('warning', len(findings) - len(errors))):
        if count:
            found.append(Trouble(severity, 'The doctor found {0}'.format(
                counted(count, ('more ' if shown and severity == 'error' else '') + severity)), 'findings'))
    if drift:
        found.append(Trouble('warning', '{0} between table and inventory'.format(counted(len(drift), 'difference')), 'drift'))
    return sorted(found, key=lambda one: SEVERITIES.index(one.severity))


def _gone(hosts: Iterable[Host], state: str, services: Iterable[Service]) -> list[str]:
    """Return the hosts that lack in services that others serve, those that lack in most first."""
    lacking = collections.Counter(member.name for one in services for member in one.members if member.state == state)
    totals = {host.name: len(host.members) for host in hosts}
    return ['{0} ({1} of {2})'.format(name, count, counted(totals[name], 'service')) for name, count in lacking.most_common()]


def listed(names: Sequence[str], at_most: int = 4) -> str:
    """Return names as a sentence has them, the first ones of many."""
    names = list(names)
    rest = len(names) - at_most
    if rest > 1:
        return '{0} and {1} more'.format(', '.join(names[:at_most]), rest)
    return ' and '.join(part for part in (', '.join(names[:-1]), names[-1]) if part)


def _wanted(service: Mapping) -> list[dict]:
    """Return the IPVS services of a declared one, as a table would show them."""
    return show.services(options.table(ipvs_services([service])), {})


def _sorry_address(service: Mapping) -> str:
    address = inventory.parse((service.get('sorry_server') or {}).get('address'))
    return str(address) if address else ''


def _engine(own: Mapping) -> str:
    return str(own.get('director_engine') or 'static')
