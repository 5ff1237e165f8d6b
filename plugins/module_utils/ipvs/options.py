# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the ipvs modules and their translation into the model.

Private to this collection. An option that is left out is None here: on an existing entry it keeps its live value, on
a new one it takes the kernel's default.
"""

from __future__ import annotations

from typing import Any

from . import model, nested, settings
from .model import InvalidEntry, RealServer, RealServerKey, ServiceKey, Table, Tunnel, VirtualService
from .settings import SyncDaemon, Timeouts

SERVICE_IDENTITY = {
    'address': {'type': 'str'},
    'port': {'type': 'int'},
    'protocol': {'type': 'str', 'choices': list(model.PROTOCOLS)},
    'fwmark': {'type': 'int'},
    'family': {'type': 'str', 'choices': list(model.FAMILIES)},
}
SERVICE_SETTINGS = {
    'scheduler': {'type': 'str'},
    'scheduler_flags': {'type': 'list', 'elements': 'str'},
    'persistence_timeout': {'type': 'int'},
    'persistence_netmask': {'type': 'str'},
    'persistence_engine': {'type': 'str'},
    'one_packet': {'type': 'bool'},
}
TIMEOUTS = {option: {'type': 'int'} for option in Timeouts._fields}
TIMEOUTS_TASK = dict(
    TIMEOUTS,
    record={'type': 'path'},
    state={'type': 'str', 'choices': ['present', 'absent'], 'default': 'present'},
)
SYNC_DAEMON = {
    'role': {'type': 'str', 'choices': list(settings.ROLES), 'required': True},
    'interface': {'type': 'str'},
    'syncid': {'type': 'int'},
    'maxlen': {'type': 'int'},
    'group': {'type': 'str'},
    'port': {'type': 'int'},
    'ttl': {'type': 'int'},
}
REALSERVER_SETTINGS = {
    'forward': {'type': 'str', 'choices': list(model.FORWARDING_METHODS)},
    'weight': {'type': 'int'},
    'upper_threshold': {'type': 'int'},
    'lower_threshold': {'type': 'int'},
    'tunnel': {
        'type': 'dict',
        'options': {
            'type': {'type': 'str', 'choices': list(model.TUNNEL_TYPES), 'default': 'ipip'},
            'port': {'type': 'int'},
            'checksum': {'type': 'str', 'choices': list(model.TUNNEL_CHECKSUMS), 'default': 'none'},
        },
    },
}
IGNORE = dict(SERVICE_IDENTITY, realserver_address={'type': 'str'}, realserver_port={'type': 'int'})

# What an entry of ipvs_table may say. AnsibleModule does not get to see it, see `nested`.
TABLE_REALSERVER = dict({'address': {'type': 'str', 'required': True}, 'port': {'type': 'int'}}, **REALSERVER_SETTINGS)
TABLE_SERVICE = dict(
    SERVICE_IDENTITY,
    **SERVICE_SETTINGS,
    realservers={'type': 'list', 'elements': 'dict', 'options': TABLE_REALSERVER},
)
_SERVICE = nested.fields(TABLE_SERVICE)
_REALSERVER = nested.fields(TABLE_REALSERVER)


def service_key(params: dict) -> ServiceKey:
    """Return the key of the service that the options name; raise `InvalidEntry`."""
    mark = params.get('fwmark')
    if mark is not None:
        for option in ('address', 'port', 'protocol'):
            if params.get(option) is not None:
                raise InvalidEntry(option, params[option], 'does not go with fwmark; a service has one or the other')
        return ServiceKey('fwmark', params.get('family') or 'ipv4', '', mark)
    if params.get('address') is None:
        raise InvalidEntry('address', None, 'is missing; a service needs address and port, or fwmark')
    address = _address('address', params['address'])
    if params.get('port') is None:
        raise InvalidEntry('port', None, 'is missing; 0..65535, 0 for all ports of a persistent service')
    family = model.family_of(address)
    if params.get('family') not in (None, family):
        raise InvalidEntry('family', params['family'], 'is not the family of {0}'.format(address))
    return ServiceKey(params.get('protocol') or 'tcp', family, address, params['port'])


def service(key: ServiceKey, params: dict, live: VirtualService | None = None) -> VirtualService:
    """Return the wanted service, checked; raise `InvalidEntry`."""
    live = live or VirtualService(key)
    scheduler = _chosen(params, 'scheduler', live.scheduler)
    # Flags belong to their scheduler and a mask to its persistence: neither outlives it.
    kept_flags = live.scheduler_flags if scheduler == live.scheduler else ()
    timeout = _chosen(params, 'persistence_timeout', live.persistence_timeout)
    wanted = VirtualService(
        key,
        scheduler,
        model.normal_flags(scheduler, _chosen(params, 'scheduler_flags', kept_flags)),
        timeout,
        _netmask(key.family, _chosen(params, 'persistence_netmask', live.persistence_netmask if timeout else '')),
        _chosen(params, 'persistence_engine', live.persistence_engine if timeout else ''),
        _chosen(params, 'one_packet', live.one_packet),
    )
    model.check_service(wanted)
    return wanted


def realserver_key(key: ServiceKey, address: str | None, port: int | None) -> RealServerKey:
    """Return the key of a real server; the port defaults to that of the service. Raise `InvalidEntry`."""
    if address is None:
        raise InvalidEntry('address', None, 'is missing; a real server needs one')
    if port is None:
        port = 0 if key.protocol == 'fwmark' else key.number
    return RealServerKey(key, _address('address', address), port)


def realserver(key: RealServerKey, params: dict, live: RealServer | None = None) -> RealServer:
    """Return the wanted real server, checked; raise `InvalidEntry`."""
    live = live or RealServer(key)
    forward = _chosen(params, 'forward', live.forward)
    wanted = RealServer(
        key,
        forward,
        _chosen(params, 'weight', live.weight),
        _chosen(params, 'upper_threshold', live.upper_threshold),
        _chosen(params, 'lower_threshold', live.lower_threshold),
        _tunnel(params.get('tunnel'), live.tunnel, forward),
    )
    model.check_realserver(wanted)
    return wanted


def timeouts(params: dict) -> Timeouts:
    """Return the declared timeouts, 0 for those that are left out; raise `InvalidEntry`."""
    if params.get('state') == 'absent' and params.get('record') is None:
        raise InvalidEntry('record', None, 'is missing; without it nobody knows what was before')
    for option in TIMEOUTS:
        if params.get(option) is None:
            continue
        if params.get('state') == 'absent':
            raise InvalidEntry(option, params[option], 'does not go with state=absent, which gives back what was before')
        settings.check_timeout(option, params[option])
    return Timeouts(*[_chosen(params, option, 0) for option in Timeouts._fields])


def daemon(params: dict, live: SyncDaemon | None = None) -> SyncDaemon:
    """Return the wanted sync daemon, checked; raise `InvalidEntry`."""
    for option in ('maxlen', 'port', 'ttl'):
        if params.get(option) == 0:
            raise InvalidEntry(option, 0, 'is no value; leave the option out for that of the kernel')
    group = None if params.get('group') is None else _address('group', params['group'])
    live = live or SyncDaemon(params['role'], params['interface'])
    wanted = SyncDaemon(
        live.role,
        params['interface'],
        _chosen(params, 'syncid', live.syncid),
        _chosen(params, 'maxlen', live.maxlen),
        _chosen({'group': group}, 'group', live.group),
        _chosen(params, 'port', live.port),
        _chosen(params, 'ttl', live.ttl),
    )
    # The kernel derives the length from interface and group: one that was not asked for does not outlive them.
    if params.get('maxlen') is None and (wanted.interface, wanted.group) != (live.interface, live.group):
        wanted = wanted._replace(maxlen=0)
    settings.check_daemon(wanted)
    return wanted


def drain_times(params: dict) -> tuple[int, int]:
    """Return how long to wait for a drain and how often to look, in seconds; raise `InvalidEntry`."""
    model.in_range('drain_timeout', params['drain_timeout'], 0, 86400)
    model.in_range('drain_interval', params['drain_interval'], 1, 3600)
    return params['drain_timeout'], params['drain_interval']


def table(entries: Any) -> Table:
    """Return the wanted table of a list of services with their real servers; raise `InvalidEntry` with the position."""
    services: dict[ServiceKey, VirtualService] = {}
    realservers: dict[RealServerKey, RealServer] = {}
    seen: dict[ServiceKey | RealServerKey, str] = {}
    for position, entry in enumerate(nested.entries('services', entries)):
        where = 'services[{0}]'.format(position)
        try:
            entry = nested.accepted(entry, _SERVICE, 'a service')
            key = service_key(entry)
            where = '{0} ({1})'.format(where, key)
            _once(seen, key, where, 'address' if key.address else 'fwmark')
            services[key] = service(key, entry)
            servers = nested.entries('realservers', entry.get('realservers'))
        except InvalidEntry as error:
            raise error.at(where + ' ') from error
        for index, server in enumerate(servers):
            here = '{0} realservers[{1}]'.format(where, index)
            try:
                server = nested.accepted(server, _REALSERVER, 'a real server')
                server_key = realserver_key(key, server.get('address'), server.get('port'))
                _once(seen, server_key, here, 'address')
                realservers[server_key] = realserver(server_key, server)
            except InvalidEntry as error:
                raise error.at(here + ' ') from error
    return Table(services.values(), realservers.values())


def _once(seen: dict, key: ServiceKey | RealServerKey, where: str, option: str) -> None:
    first = seen.setdefault(key, where)
    if first is not where:
        raise InvalidEntry(option, str(key), 'is declared twice, first as {0}'.format(first))


def _chosen(params: dict, option: str, otherwise):
    value = params.get(option)
    return otherwise if value is None else value


def _address(option: str, text: str) -> str:
    try:
        return model.normal_address(text)
    except ValueError:
        reason = 'is not a literal IPv4 or IPv6 address (a host name would be resolved without a word)'
        if '/' in text and _is_address(text.partition('/')[0]):
            reason = 'is not an address: leave the prefix length out'
        raise InvalidEntry(option, text, reason)


def _is_address(text: str) -> bool:
    try:
        return bool(model.normal_address(text))
    except ValueError:
        return False


def _netmask(family: str, mask: str) -> str:
    prefix = mask[1:] if mask.startswith('/') else mask
    if family == 'ipv4' and prefix.isascii() and prefix.isdigit() and 1 <= int(prefix) <= 32:
        prefix = model.dotted_netmask(int(prefix))
    return model.normal_netmask(family, prefix)


def _tunnel(wanted: dict | None, live: Tunnel | None, forward: str) -> Tunnel | None:
    if wanted is not None:
        return Tunnel(wanted.get('type') or 'ipip', wanted.get('port') or 0, wanted.get('checksum') or 'none')
    return (live or Tunnel()) if forward == 'tun' else None
