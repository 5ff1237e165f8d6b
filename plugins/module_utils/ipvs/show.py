# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Show the model in the terms of the options: what `ipvs_info` returns.

Private to this collection. What does not apply is left out, so that a shown service can be declared as it is.
"""

from __future__ import annotations

import socket
from typing import Iterable, Mapping, NamedTuple

from .dump import Connection
from .model import RealServerKey, ServiceKey, Table
from .settings import SyncDaemon


# What an entry has beside its settings.
FIGURES = ('connections', 'stats', 'rates')


def services(table: Table | None, figures: Mapping[str, Mapping[ServiceKey | RealServerKey, NamedTuple]]) -> list[dict]:
    """Return services with their real servers, sorted: their settings if there is a table, and their figures by name."""
    # Figures are read after the table, so they may know entries that it does not have yet.
    known = figures.values() if table is None else (table.services, table.realservers)
    keys = {key for entries in known for key in entries}
    servers: dict[ServiceKey, list[dict]] = {}
    for key in sorted(key for key in keys if isinstance(key, RealServerKey)):
        entry = {} if table is None else _settings(table.realservers[key])
        entry.update(address=key.address, port=key.port, **_figures(key, figures))
        servers.setdefault(key.service, []).append(entry)
    shown = []
    for key in sorted(key for key in keys if isinstance(key, ServiceKey)):
        entry = {} if table is None else _settings(table.services[key])
        entry.update(_identity(key), **_figures(key, figures))
        shown.append(dict(entry, realservers=servers.get(key, [])))
    return shown


def connections(entries: Iterable[Connection]) -> list[dict]:
    """Return the connection table, in the kernel's order."""
    return [_connection(entry) for entry in entries]


def daemons(running: Mapping[str, SyncDaemon]) -> list[dict]:
    """Return the sync daemons that run; an old kernel does not say all their settings."""
    shown = [running[role]._asdict() for role in sorted(running)]
    return [{name: value for name, value in daemon.items() if value or name == 'syncid'} for daemon in shown]


def _identity(key: ServiceKey) -> dict:
    if key.protocol == 'fwmark':
        return {'fwmark': key.number, 'family': key.family}
    return {'protocol': key.protocol, 'address': key.address, 'port': key.number, 'family': key.family}


def _settings(entry: NamedTuple) -> dict:
    settings = entry._asdict()
    del settings['key']
    if settings.get('tunnel'):
        settings['tunnel'] = settings['tunnel']._asdict()
    if settings.get('scheduler_flags'):
        # As it comes back from a host, where nothing is a tuple.
        settings['scheduler_flags'] = list(settings['scheduler_flags'])
    return {name: value for name, value in settings.items() if value not in ('', (), None)}


def _figures(key: ServiceKey | RealServerKey, figures: Mapping[str, Mapping]) -> dict:
    return {name: of_name[key]._asdict() for name, of_name in figures.items() if key in of_name}


def _connection(entry: Connection) -> dict:
    (client, client_port), (address, port), (realserver, realserver_port) = entry.client, entry.virtual, entry.realserver
    virtual = {'fwmark': _mark(address)} if entry.protocol == 'ip' else {'address': address, 'port': port}
    shown = {
        'protocol': entry.protocol,
        'state': entry.state,
        'expires': entry.expires,
        'client_address': client,
        'client_port': client_port,
        'realserver_address': realserver,
        'realserver_port': realserver_port,
        'template': client_port == 0,
    }
    if entry.engine:
        # Bytes from the network, which need not be text.
        data = entry.engine_data.encode('ascii', 'backslashreplace').decode('ascii')
        shown.update(persistence_engine=entry.engine, persistence_engine_data=data)
    return dict(shown, **virtual)


def _mark(address: str) -> int:
    """Return the mark that the template of a firewall-mark service has in place of an address, in its first 32 bits."""
    packed = socket.inet_pton(socket.AF_INET6 if ':' in address else socket.AF_INET, address)
    return int.from_bytes(packed[:4], 'big')
