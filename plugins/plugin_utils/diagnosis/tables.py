# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The live table of a director, what site.yml recorded there, and the inventory: compared entry by entry. Pure."""

from __future__ import annotations

from typing import Callable, Iterator, Mapping, NamedTuple, Sequence

from ...module_utils.ipvs import model, options, record, rules, show
from ..virtual_services import ipvs_services
from . import drains, modules
from .finding import ERROR, WARNING, Finding, listed
from .topology import KEEPALIVED, STATIC, Host, Topology

RECORD = '/var/lib/lvs/director.rules'
SENT_ASTRAY = 'clients are sent as the table says, and not as declared'


class Director(NamedTuple):
    """A director to compare: `live` and `recorded` are services as ipvs_info returns them, no record being None."""

    name: str
    live: Sequence[Mapping]
    recorded: Sequence[Mapping] | None = None
    engine: str = STATIC
    lacks: Callable[[str], bool] = lambda scheduler: False


class Dead(NamedTuple):
    """A real server that a check has taken out of a service."""

    server: str
    label: str
    vip: str


class Comparison(NamedTuple):
    """What differs, and who is dead by a check, which is no mistake of the table."""

    findings: list[Finding]
    dead: list[Dead]


def compare(director: Director, services: Sequence[Mapping], name: Callable[[Mapping], str]) -> Comparison:
    """Compare the table of a director with resolved services; `name` names the host of a real server."""
    found = Comparison([], [])
    wanted = [(service, dict(entry, vip=service['vip']))
              for service in services for entry in show.services(options.table(ipvs_services([service])), {})]
    live, recorded = _by_identity(director.live), _by_identity(director.recorded or ())
    for service, entry in wanted:
        key = identity(entry)
        _compare_service(director, service, entry, live.pop(key, None), recorded.pop(key, None), name, found)
    for key, entry in live.items():
        found.findings.append(_undeclared(director, entry, recorded.pop(key, None)))
    for entry in recorded.values():
        found.findings.append(_finding(
            director, 'record', WARNING, 'the record has {0}, which is neither in the table nor in the inventory'.format(label(entry)),
            'a reboot or a reload brings it back', 'run site.yml', entry))
    return found


def label(service: Mapping) -> str:
    """Return what an IPVS service is called in messages."""
    if 'fwmark' in service:
        return 'fwmark {0} {1}'.format(service['fwmark'], service['family'])
    return '{0} {1}'.format(service['protocol'], model.endpoint(service['address'], service['port']))


def server_label(server: Mapping, name: Callable[[Mapping], str]) -> str:
    """Return what a real server is called in messages: its host if it is known, and its address."""
    known = name(server)
    return known if known == server['address'] else '{0} ({1})'.format(known, server['address'])


def _by_identity(services: Sequence[Mapping]) -> dict[tuple, Mapping]:
    return {identity(service): service for service in services}


def identity(service: Mapping) -> tuple:
    """Return what tells an IPVS service apart from others."""
    return tuple(service.get(name) for name in ('protocol', 'address', 'port', 'fwmark', 'family'))


def _servers(service: Mapping | None) -> dict[tuple, Mapping]:
    return {(one['address'], one['port']): one for one in service['realservers']} if service else {}


def _settings(entry: Mapping | None) -> dict:
    """Return what an entry says of itself, without its figures and its real servers."""
    return {name: value for name, value in (entry or {}).items() if name not in ('vip', 'realservers', *show.FIGURES)}


def _differences(found: Mapping, wanted: Mapping) -> list[tuple[str, object, object]]:
    found, wanted = _settings(found), _settings(wanted)
    return [(name, found.get(name), wanted.get(name))
            for name in sorted(set(found) | set(wanted)) if found.get(name) != wanted.get(name)]


def _vips(entry: Mapping) -> tuple:
    vip = entry.get('vip') or entry.get('address')
    return (vip,) if vip else ()


def _finding(director: Director, kind: str, severity: str, seen: str, why: str, do: str, entry: Mapping) -> Finding:
    return Finding(kind, severity, director.name, seen, why, do, _vips(entry))


def _story(director: Director, live: Mapping | None, recorded: Mapping | None, wanted: Mapping | None) -> tuple[str, str]:
    """Return what the record tells of how an entry came to differ, and what to do."""
    if director.engine == KEEPALIVED:
        return '', '`systemctl reload keepalived`, or run site.yml'
    if director.recorded is None:
        return '', 'run site.yml'
    if _settings(recorded) == _settings(wanted):
        return '; the record agrees with the inventory, so somebody changed the table by hand', \
            '`systemctl reload lvs-director`, or run site.yml'
    if _settings(recorded) == _settings(live):
        return '; the record agrees with the table, so the inventory has changed since site.yml', 'run site.yml'
    return '; the record has it in yet another way', 'run site.yml'


def _stray(director: Director, service: Mapping, live: Mapping, recorded: Mapping | None) -> tuple[str, str]:
    """Return how a real server that is not declared came there, and what to do. Who was added by hand is left alone by site.yml."""
    if recorded is not None:
        return _story(director, live, recorded, None)
    key = options.realserver_key(options.service_key(service), live['address'], live['port'])
    by_hand = 'declare it, or take it out with `ipvsadm {0}`'.format(rules.delete_realserver_rule(key))
    if director.engine == KEEPALIVED or director.recorded is None:
        return '', 'run site.yml; if it is there still, somebody added it by hand: ' + by_hand
    return '; it is not on record, so somebody added it by hand', by_hand


def _compare_service(director: Director, service: Mapping, wanted: Mapping, live: Mapping | None, recorded: Mapping | None,
                     name: Callable[[Mapping], str], found: Comparison) -> None:
    what = label(wanted)
    if live is None:
        found.findings.append(_missing(director, wanted, recorded))
        return
    for setting, have, want in _differences(live, wanted):
        story, do = _story(director, live, recorded, wanted)
        found.findings.append(_finding(
            director, 'settings', ERROR, '{0} {1} of {2}; the inventory says {3}'.format(setting, have, what, want),
            SENT_ASTRAY + story, do, wanted))
    if director.recorded is not None and _settings(live) == _settings(wanted) != _settings(recorded):
        found.findings.append(_outdated(director, what, wanted))
    there, kept = _servers(live), _servers(recorded)
    sorry = _sorry(service) if director.engine == KEEPALIVED else ''
    answers = [there.pop(key) for key in list(there) if key[0] == sorry and key not in _servers(wanted)]
    declared = list(_servers(wanted).items())
    gone = [key for key, one in declared if _is_dead(director, service, one, there.get(key))]
    # One that is inhibited is there all the time, with weight 0 until its turn.
    answers = [one for one in answers if one['weight']]
    lost = director.engine == KEEPALIVED and declared and (bool(answers) or len(gone) == len(declared))
    if lost:
        found.findings.append(_quorum_lost(director, wanted, [server_label(one, name) for key, one in declared if key in gone],
                                           [one['address'] for one in answers]))
    for key, one in declared:
        if key in gone:
            there.pop(key, None)
            if not lost:
                found.dead.append(Dead(name(one), what, service['vip']))
        else:
            _compare_server(director, what, wanted, one, there.pop(key, None), kept.get(key), name, found)
        kept.pop(key, None)
    found.findings.extend(_refused(director, wanted, live, name))
    for key, one in there.items():
        story, do = _stray(director, wanted, one, kept.pop(key, None))
        found.findings.append(_finding(
            director, 'server_undeclared', ERROR, '{0} is in {1}, and not in the inventory'.format(server_label(one, name), what),
            SENT_ASTRAY + story, do, wanted))
    for one in kept.values():
        found.findings.append(_finding(
            director, 'record', WARNING, 'the record has {0} in {1}, which is neither in the table nor in the inventory'.format(
                server_label(one, name), what), 'a reboot or a reload brings it back', 'run site.yml', wanted))


def _compare_server(director: Director, what: str, service: Mapping, wanted: Mapping, live: Mapping | None,
                    recorded: Mapping | None, name: Callable[[Mapping], str], found: Comparison) -> None:
    whom = server_label(wanted, name)
    story, do = _story(director, live, recorded, wanted)
    if live is None:
        found.findings.append(_finding(
            director, 'server_missing', ERROR, '{0} is not in {1}'.format(whom, what),
            'it gets no requests, and the others carry its part' + story, do, service))
        return
    for setting, have, want in _differences(live, wanted):
        found.findings.append(_finding(
            director, 'settings', ERROR, '{0} {1} for {2} in {3}; the inventory says {4}'.format(setting, have, whom, what, want),
            SENT_ASTRAY + story, do, service))
    if director.recorded is not None and _settings(live) == _settings(wanted) != _settings(recorded):
        found.findings.append(_outdated(director, '{0} in {1}'.format(whom, what), service))


def _refused(director: Director, wanted: Mapping, live: Mapping, name: Callable[[Mapping], str]) -> Iterator[Finding]:
    """Find clients that a scheduler maps to a real server without weight, and to nobody else."""
    there, declared = _servers(live), _servers(wanted)
    out = [server_label(one, name) for key, one in declared.items() if key in there and not one['weight'] and not there[key]['weight']]
    scheduler = live['scheduler']
    if not out or len(out) == len(declared) or not model.refuses_clients(scheduler, live.get('scheduler_flags') or ()):
        return
    yield _finding(
        # One that had no weight from the beginning has no place in the table of mh.
        director, 'refused', WARNING if scheduler == 'mh' else ERROR, '{0} has scheduler {1}{2}, and {3} {4} weight 0'.format(
            label(wanted), scheduler, '' if scheduler == 'dh' else ' without fallback', listed(out), 'have' if len(out) > 1 else 'has'),
        'IPVS refuses the new clients that the scheduler maps there',
        'put back who is drained with drain.yml, or declare {0} and run site.yml'.format(
            'scheduler mh or sh' if scheduler == 'dh' else 'scheduler_fallback: true'), wanted)


def _missing(director: Director, wanted: Mapping, recorded: Mapping | None) -> Finding:
    what, scheduler = label(wanted), wanted['scheduler']
    if director.lacks(scheduler):
        return _finding(
            director, 'scheduler', ERROR, 'has no service {0}, and no scheduler {1} in its kernel'.format(what, scheduler),
            'IPVS makes no service without its scheduler', '`modprobe ip_vs_{0}` (for a container on its host), and run '
            'site.yml; or choose a scheduler that this kernel has'.format(scheduler), wanted)
    story, do = _story(director, None, recorded, wanted)
    return _finding(director, 'service_missing', ERROR, 'has no service {0}'.format(what), 'it forwards no request to it' + story,
                    do, wanted)


def _undeclared(director: Director, live: Mapping, recorded: Mapping | None) -> Finding:
    what = label(live)
    if recorded is not None:
        return _finding(
            director, 'leftover', WARNING, 'has the service {0}, which the inventory does not have any more'.format(what),
            'it serves until site.yml is run', 'run site.yml, which removes it, or declare it', live)
    return _finding(
        director, 'foreign', WARNING, 'has the service {0}, which is somebody else\'s: neither recorded nor in the inventory'.format(
            what), 'who made it may change the rest of the table as well (Docker, kube-proxy, a boot script), and site.yml leaves '
        'it alone', 'declare it (adopt.yml writes an inventory of a live table), or find out who made it and remove it there', live)


def _outdated(director: Director, what: str, entry: Mapping) -> Finding:
    return _finding(
        director, 'record', WARNING, 'the record does not have {0} as the table and the inventory do'.format(what),
        'after a reboot the table would be another one', 'run site.yml', entry)


def _sorry(service: Mapping) -> str:
    sorry = service.get('sorry_server')
    return str(sorry.get('address') or '') if isinstance(sorry, Mapping) else ''


def _is_dead(director: Director, service: Mapping, wanted: Mapping, live: Mapping | None) -> bool:
    """Return whether a check has taken a real server out, or has given it weight 0 where the service says so."""
    if director.engine != KEEPALIVED:
        return False
    return live is None or bool(service.get('inhibit_on_failure') and wanted['weight'] and not live['weight'])


def _quorum_lost(director: Director, wanted: Mapping, dead: list[str], sorry: list[str]) -> Finding:
    return _finding(
        director, 'quorum', ERROR, '{0} has lost its quorum: {1} dead by the check{2}'.format(
            label(wanted), '{0} {1}'.format(listed(dead), 'are' if len(dead) > 1 else 'is') if dead else 'too many servers are',
            ', and the sorry server {0} answers'.format(listed(sorry)) if sorry else ''),
        'clients get the sorry server' if sorry else 'clients get no answer',
        'look at these servers, at the check of the service, and at `journalctl -u keepalived`', wanted)


def comparisons(topology: Topology) -> Iterator[tuple[Host, Comparison]]:
    """Compare the table of each director that could be read."""
    services = drains.applied(topology.services, topology.directors, topology.hosts)
    for host in topology.directors:
        live = host.table.get('services')
        if live is None or (not live and 'ip_vs' not in host.info['modules']):
            continue
        recorded, unread = _recorded(host, bool(topology.services)) if host.engine != KEEPALIVED else (None, [])
        director = Director(host.name, live, recorded, host.engine,
                            lambda scheduler, host=host: modules.lacks_scheduler(host, scheduler))
        found = compare(director, services, topology.server_name)
        yield host, found._replace(findings=unread + found.findings)


def _recorded(host: Host, expected: bool) -> tuple[list[Mapping] | None, list[Finding]]:
    """Return the table that a director has on record, or else what is wrong with it."""
    text = (host.info.get('texts') or {}).get(RECORD)
    try:
        if text is not None or not expected:
            return show.services(record.parse(text, RECORD), {}) if text is not None else None, []
        seen = 'there is no record of a table, {0}'.format(RECORD)
    except record.RecordError as error:
        seen = str(error)
    return None, [Finding('record', WARNING, host.name, seen, 'after a reboot there would be no table', 'run site.yml')]


def judge(topology: Topology) -> Iterator[Finding]:
    compared = list(comparisons(topology))
    dead: dict[Dead, list[Host]] = {}
    for host, found in compared:
        yield from found.findings
        for one in found.dead:
            dead.setdefault(one, []).append(host)
    for one, directors in dead.items():
        yield _dead(one, directors, [host for host, _found in compared if host not in directors])


def _dead(one: Dead, directors: list[Host], others: list[Host]) -> Finding:
    who = listed(host.name for host in directors)
    if others:
        rest = listed(host.name for host in others)
        return Finding(
            'unequal', WARNING, who, 'has taken {0} out of {1}, and {2} has not'.format(one.server, one.label, rest),
            'the directors see different servers, so one of them is mistaken, or cannot reach {0}'.format(one.server),
            'let {0} ask {1} what its check asks for'.format(who, one.server), (one.vip,))
    return Finding(
        'dead', WARNING, one.server, 'is dead by its check: {0} has taken it out of {1}'.format(who, one.label),
        'it gets no requests, and the others carry its part', 'look at what serves there, and at what the check asks for; it is '
        'put back by itself', (one.vip,))
