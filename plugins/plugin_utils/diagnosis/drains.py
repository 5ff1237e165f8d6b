# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is drained, as directors have it on record, and until when that was meant to be. Pure."""

from __future__ import annotations

import contextlib
import datetime
import re
from typing import Iterable, Iterator, Mapping

from ...module_utils import drains_record
from .. import drains
from .finding import ERROR, WARNING, Finding
from .topology import Host, Topology

RECORD = '/var/lib/lvs/drained.json'


def drained(hosts: Iterable[Host]) -> list[Mapping]:
    """Return what counts of the records of some directors; one that cannot be read is a finding of its own."""
    records = []
    for host in hosts:
        with contextlib.suppress(drains_record.RecordError):
            records.append(_record(host)._asdict())
    return drains.newest(records)['drains']


def judge(topology: Topology) -> Iterator[Finding]:
    for host in topology.directors:
        try:
            _record(host)
        except drains_record.RecordError as error:
            seen, _stop, do = str(error).partition('. ')
            yield Finding('drain_record', ERROR, host.name, seen, 'site.yml and drain.yml refuse to guess who is drained', do[:1].lower() + do[1:])
    now = max((host.info.get('time') or 0 for host in topology.directors), default=0)
    for drain in drained(topology.directors):
        end = _seconds(drain.get('until') or '')
        if end is not None and end <= now:
            yield Finding(
                'drain', WARNING, drain['host'],
                'is drained, and that was meant to end at {0}{1}'.format(
                    drain['until'], ' ({0})'.format(drain['reason']) if drain.get('reason') else ''),
                'it gets no new connection, and the others carry its part',
                'put it back with drain.yml, or say there until when it is to stay out')


def applied(services: Iterable[Mapping], hosts: Iterable[Host], everybody: Iterable[Host]) -> list[dict]:
    """Return services in which the drained hosts have weight 0."""
    addresses = {host.name: host.addresses for host in everybody}
    out = [one['host'] for one in drained(hosts)]
    return [
        dict(service, realservers=[
            dict(server, weight=0)
            if any(server.get('name') == name or server['address'] in addresses.get(name, ()) for name in out) else server
            for server in service['realservers']
        ])
        for service in services
    ]  # fmt: skip


def idle(topology: Topology) -> set[str]:
    """Return the real servers that nobody is sent to: who is drained, and who has weight 0 wherever it serves."""
    services = applied(topology.services, topology.directors, topology.hosts)
    weights: dict[str, list] = {}
    for service in services:
        for server in service['realservers']:
            weights.setdefault(topology.server_name(server), []).append(server.get('weight', 1))
    return {name for name, found in weights.items() if not any(found)}


def _record(host: Host) -> drains_record.Record:
    """Return who is drained as a director has it on record; raise `RecordError`."""
    text = (host.info.get('texts') or {}).get(RECORD)
    return drains_record.Record() if text is None else drains_record.parse(text, RECORD)


def _seconds(text: str) -> float | None:
    """Return a time such as 2026-07-01T18:00:00Z in seconds since 1970."""
    try:
        # Python before 3.11 does not know the Z.
        when = datetime.datetime.fromisoformat(re.sub('Z$', '+00:00', text))
    except ValueError:
        return None
    return when.timestamp() if when.tzinfo else None
