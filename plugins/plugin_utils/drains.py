# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is drained, what that makes of the virtual services, and whether it would leave one without a real server. Pure.

Private to this collection. A drain is a host's, by its name in the inventory, and holds for all its services. It is kept in a
record on each director, as lvs_drains returns it: a serial number and a list of drains.
"""

from __future__ import annotations

import datetime
import re
from typing import Iterable, Mapping, NamedTuple, Sequence

from ..module_utils.ipvs import model, options
from .virtual_services import addresses, ipvs_services

STATES = ('drained', 'undrained')
TIME = '%Y-%m-%dT%H:%M:%SZ'
_DURATION = re.compile(r'([1-9][0-9]{0,5})([mhd])', re.ASCII)
_UNITS = {'m': 'minutes', 'h': 'hours', 'd': 'days'}
_PATTERN = re.compile(r'[*?!&~:\[\]]')


class DrainError(Exception):
    """What is asked cannot be done; the message says what would be right."""


class Member(NamedTuple):
    """One real server of one IPVS service, as it is declared."""

    host: str
    label: str
    vip: str
    key: model.RealServerKey
    weight: int
    quorum: int
    """With less than this weight in all, without hysteresis, keepalived has the sorry server in their place; 0 if there is none."""
    hysteresis: int = 0

    def target(self) -> dict:
        """Return it in the terms of drain_wait."""
        service = self.key.service
        marked = service.protocol == 'fwmark'
        identity = {'fwmark': service.number} if marked else {
            'protocol': service.protocol, 'address': service.address, 'port': service.number}  # fmt: skip
        return dict(identity, family=service.family, name=self.host, service=self.label, vip=self.vip, weight=self.weight,
                    realserver_address=self.key.address, realserver_port=self.key.port)


def newest(records: Iterable[Mapping]) -> dict:
    """Return what counts of the records of several directors: the newest; of several that differ, what any of them has."""
    records = list(records)
    serial = max((record['serial'] for record in records), default=0)
    latest = [record['drains'] for record in records if record['serial'] == serial]
    by_host = {drain['host']: dict(drain) for drains in latest for drain in drains}
    merged = [by_host[host] for host in sorted(by_host)]
    return {'serial': serial + any(drains != merged for drains in latest), 'drains': merged}


def change(record: Mapping, state: str, hosts: Iterable[str], **texts: str) -> dict:
    """Return the record after hosts have been drained, or put back.

    Who is drained already keeps since when and by whom; an ``until`` or ``reason`` that is given is new.
    """
    if state not in STATES:
        raise DrainError('drain_state: {0} is none of {1}'.format(model.shown(state), ', '.join(STATES)))
    before = {drain['host']: drain for drain in record['drains']}
    after = dict(before)
    for host in hosts:
        if state == 'undrained':
            after.pop(host, None)
        elif host in before:
            after[host] = dict(before[host], **{name: texts[name] for name in ('until', 'reason') if texts.get(name)})
        else:
            after[host] = dict(dict.fromkeys(('since', 'by', 'until', 'reason'), ''), **texts, host=host)
    drains = [after[host] for host in sorted(after)]
    return {'serial': record['serial'] + (after != before), 'drains': drains}


def end(text: object, now: datetime.datetime) -> str:
    """Return when a drain is meant to end, for ``4h`` or a time with its time zone; raise `DrainError`."""
    if text in (None, ''):
        return ''
    found = _DURATION.fullmatch(str(text))
    if found:
        return (now + datetime.timedelta(**{_UNITS[found.group(2)]: int(found.group(1))})).strftime(TIME)
    try:
        when = _parse(str(text))
    except ValueError:
        when = None
    if when is None or when.tzinfo is None:
        raise DrainError('drain_until: {0} is neither a time with its time zone, as 2026-07-01T18:00:00Z, nor a number of '
                         'minutes, hours or days from now, as 30m, 4h or 2d'.format(model.shown(text)))
    if when <= now:
        raise DrainError('drain_until: {0} is over already'.format(text))
    return when.astimezone(datetime.timezone.utc).strftime(TIME)


def _parse(text: str) -> datetime.datetime:
    # Python before 3.11 does not know the Z.
    return datetime.datetime.fromisoformat(re.sub('Z$', '+00:00', text))


def expired(record: Mapping, now: datetime.datetime) -> list[dict]:
    """Return the drains that were meant to have ended by now. They are in force all the same."""
    return [drain for drain in record['drains'] if drain.get('until') and _parse(drain['until']) <= now]


def sentences(record: Mapping, now: datetime.datetime) -> list[str]:
    """Say of each drained host since when, by whom, why and until when."""
    over = [drain['host'] for drain in expired(record, now)]
    return ['{0}{1}'.format(_sentence(drain), ', which is over; it stays drained until it is put back'
                            if drain['host'] in over else '') for drain in record['drains']]


def _sentence(drain: Mapping) -> str:
    words = [('since', drain.get('since')), ('by', drain.get('by')), ('until', drain.get('until'))]
    text = ' '.join(['{0} is drained'.format(drain['host']), *('{0} {1}'.format(*one) for one in words if one[1])])
    return '{0} ({1})'.format(text, drain['reason']) if drain.get('reason') else text


def unknown_hosts(pattern: str, groups: Mapping) -> list[str]:
    """Return the names in a pattern of hosts that are neither a host nor a group; what is more than a name is not judged."""
    names = [name.strip() for name in pattern.split(',')]
    known = set(groups).union(*groups.values()) if groups else set()
    return [name for name in names if name and name not in known and not _PATTERN.search(name)]


def drained(services: Iterable[Mapping], record: Mapping, hostvars: Mapping) -> list[dict]:
    """Return resolved services in which the drained hosts have weight 0."""
    names = _names((drain['host'] for drain in record['drains']), hostvars)
    return [
        dict(service, realservers=[
            dict(server, weight=0) if _host_of(server, names) else server for server in service['realservers']
        ])
        for service in services
    ]  # fmt: skip


def members(services: Iterable[Mapping], hostvars: Mapping) -> list[Member]:
    """Return every real server of every IPVS service of resolved services; one that is no host has its address as name."""
    found = []
    names = _names(hostvars, hostvars)
    for service in services:
        quorum, hysteresis = (int(service.get(key) or least) for key, least in (('quorum', 1), ('hysteresis', 0)))
        if not service.get('sorry_server'):
            quorum = hysteresis = 0
        for entry in ipvs_services([service]):
            service_key = options.service_key(entry)
            for given, server in zip(service['realservers'], entry['realservers']):
                key = options.realserver_key(service_key, server['address'], server.get('port'))
                host = _host_of(given, names) or given.get('name') or server['address']
                label = '{0} ({1})'.format(service['name'], service_key) if service.get('name') else str(service_key)
                found.append(Member(host, label, service['vip'], key, int(server.get('weight', 1)), quorum, hysteresis))
    return found


def targets(services: Iterable[Mapping], hosts: Iterable[str], hostvars: Mapping) -> list[dict]:
    """Return what these hosts are in the IPVS tables, in the terms of drain_wait."""
    hosts = set(hosts)
    return [member.target() for member in members(services, hostvars) if member.host in hosts]


def _names(hosts: Iterable[str], hostvars: Mapping) -> dict[str, str]:
    """Return by which names and addresses real servers are known to be which of the hosts."""
    hosts = list(hosts)
    by_address = {address: host for host in hosts if host in hostvars for address in addresses(hostvars[host])}
    return dict(by_address, **{host: host for host in hosts})


def _host_of(server: Mapping, names: Mapping[str, str]) -> str | None:
    return names.get(server.get('name') or '') or names.get(server['address'])


def emptied(services: Sequence[Mapping], batches: Iterable[Sequence[str]], hostvars: Mapping, tables: Mapping[str, Mapping],
            record: Mapping, back: Iterable[str] = ()) -> list[str]:
    """Return a sentence for each service that would have no real server left while a batch of hosts is out.

    ``tables`` are what ipvs_info returned, by director: who is dead there is no help, whatever is declared. A service that
    has none of the hosts at work loses nothing. Those who are to be ``back`` before help though they have no weight yet.
    With keepalived it is as bad to leave less than the quorum where there is a sorry server. And a scheduler that gives each client
    a real server by a hash may refuse those of the hosts at work.
    """
    declared: dict[model.ServiceKey, list[Member]] = {}
    for member in members(services, hostvars):
        declared.setdefault(member.key.service, []).append(member)
    why = {drain['host']: _sentence(drain) for drain in record['drains']}
    found: dict[str, None] = {}
    for batch in batches:
        for director in sorted(tables):
            live = weights(tables[director])
            refusing = _refusing(tables[director])
            checked = hostvars.get(director, {}).get('director_engine') == 'keepalived'
            for mine in declared.values():
                if not any(live.get(member.key) for member in mine if member.host in batch):
                    continue
                out = [member.host for member in mine if member.host in batch]
                rest = [member for member in mine if member.host not in batch]
                left = sum(live.get(member.key) or (member.weight if member.host in back else 0) for member in rest if member.weight)
                without = '{0}: without {1}, {2} has '.format(
                    director, ' and '.join(out), mine[0].label)
                if mine[0].key.service in refusing:
                    found[_refused(director, mine[0], out, refusing[mine[0].key.service])] = None
                if not left:
                    reasons = [_reason(member, live, why) for member in rest] or ['there is no other']
                    found[without + 'no real server left: ' + '; '.join(reasons)] = None
                elif checked and left < _floor(mine[0], rest):
                    found[without + 'a weight of {0} left, and with less than {1} (quorum, without hysteresis) all clients get its '
                                    'sorry server'.format(left, _floor(mine[0], rest))] = None
    return list(found)


def _floor(service: Member, rest: Iterable[Member]) -> int:
    """Return the least weight with which clients do not get the sorry server. A quorum above all weights together is lowered."""
    quorum = min(service.quorum, sum(member.weight for member in rest))
    return quorum - min(service.hysteresis, max(quorum - 1, 0))


def _refusing(table: Mapping) -> dict[model.ServiceKey, str]:
    """Return the scheduler of each service that refuses the clients of a real server without weight."""
    return {options.service_key(service): service['scheduler'] for service in table['services']
            if model.refuses_clients(service['scheduler'], service.get('scheduler_flags') or ())}


def _refused(director: str, member: Member, hosts: Sequence[str], scheduler: str) -> str:
    flag = model.FALLBACKS.get(scheduler)
    return '{0}: {1} would refuse new clients of {2}, as its scheduler {3} gives them to nobody else{4}'.format(
        director, member.label, ' and '.join(hosts), scheduler,
        ' without {0}; run site.yml, without scheduler_fallback: false'.format(flag) if flag else '; sh and mh do, choose one of them')


def _reason(member: Member, live: Mapping[model.RealServerKey, int], why: Mapping[str, str]) -> str:
    if member.host in why:
        return why[member.host]
    if not member.weight:
        return '{0} has weight 0 in the inventory'.format(member.host)
    if member.key not in live:
        return '{0} is not in the table, dead or not made yet'.format(member.host)
    return '{0} has weight 0 in the table'.format(member.host)


def weights(table: Mapping) -> dict[model.RealServerKey, int]:
    """Return the weight of each real server of a table as ipvs_info returns it."""
    return {
        model.RealServerKey(options.service_key(service), server['address'], server['port']): server['weight']
        for service in table['services'] for server in service['realservers']
    }  # fmt: skip


def reweighted(live: Iterable[Mapping], wanted: Iterable[Mapping]) -> list[dict]:
    """Return the live services that have these targets, with nothing but them in their declared weight, for ipvs_table.

    ``live`` is what ipvs_info shows. What is not there is not made.
    """
    wanted = _by_key(wanted)
    made = []
    for service in live:
        key = options.service_key(service)
        servers = [
            dict(_settings(server), weight=wanted[model.RealServerKey(key, server['address'], server['port'])])
            for server in service['realservers']
            if model.RealServerKey(key, server['address'], server['port']) in wanted
        ]
        if servers:
            made.append(dict(_settings(service), realservers=servers))
    return made


def _settings(entry: Mapping) -> dict:
    return {name: value for name, value in entry.items() if name not in ('connections', 'stats', 'rates')}


def _by_key(wanted: Iterable[Mapping]) -> dict[model.RealServerKey, int]:
    return {
        options.realserver_key(options.service_key(target), target['realserver_address'], target['realserver_port']):
            int(target['weight'])
        for target in wanted
    }  # fmt: skip


def reweighted_configuration(text: str, wanted: Iterable[Mapping]) -> str:
    """Return a keepalived.conf as this collection writes it, with these targets in their declared weight."""
    wanted = _by_key(wanted)
    lines = text.split('\n')
    service: dict = {}
    server = None
    for number, line in enumerate(lines):
        words = line.split()
        if words[:1] == ['virtual_server']:
            marked = words[1] == 'fwmark'
            service = {'fwmark': int(words[2])} if marked else {'address': words[1], 'port': int(words[2])}
            server = None
        elif words[:1] == ['ip_family']:
            service['family'] = 'ipv6' if words[1] == 'inet6' else 'ipv4'
        elif words[:1] == ['protocol']:
            service['protocol'] = words[1].lower()
        elif words[:1] == ['real_server']:
            server = options.realserver_key(options.service_key(service), words[1], int(words[2]))
        elif words[:1] == ['weight'] and server in wanted:
            lines[number] = '{0}weight {1}'.format(line[:len(line) - len(line.lstrip())], wanted[server])
    return '\n'.join(lines)


def left(look: Mapping) -> list[dict]:
    """Return the real servers of a look of drain_wait that there is still something to wait for."""
    return [one for one in look['realservers'] if not one['done']]


def progress(where: str, look: Mapping, waited: float, timeout: float) -> str:
    """Return a line about what is waited for, for people who watch."""
    return '{0}: {1}; {2:.0f} s of at most {3:.0f} s'.format(where, remains(look) or 'nothing is left', waited, timeout)


def remains(look: Mapping) -> str:
    """Say of each host what there is still to wait for, and in which service; nothing if all is done."""
    by_host: dict[str, list[dict]] = {}
    for one in left(look):
        by_host.setdefault(one['name'], []).append(one)
    return '; '.join(_remains(host, those) for host, those in by_host.items())


def _remains(host: str, those: Sequence[Mapping]) -> str:
    total = sum(one['left'] for one in those)
    if not total:
        return '{0} has {1}'.format(host, ', '.join('{0} in {1}'.format(_weight(one), one['service']) for one in those))
    detail = ', '.join('{0} in {1}'.format(one['left'], one['service']) for one in those if one['left'])
    return '{0} has {1} connection{2} left ({3})'.format(host, total, '' if total == 1 else 's', detail)


def _weight(one: Mapping) -> str:
    return 'no entry' if one['weight'] is None else 'weight {0}'.format(one['weight'])
