# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What live directors hold, as ipvs_info and lvs_host_info returned it, without what is a default anyway. Pure.

Private to this collection.
"""

from __future__ import annotations

import ipaddress
from typing import Iterable, Mapping, NamedTuple

from ...module_utils.ipvs import model, options
from ...module_utils.ipvs.model import ServiceKey

KUBE_PROXY = 'kube-ipvs0'
OWNERS = ('keepalived', 'ldirectord')
HOST_PREFIX = {4: 32, 6: 128}


class Service(NamedTuple):
    """A virtual service in the terms of the options; real servers by address and port."""

    key: ServiceKey
    settings: Mapping
    servers: Mapping[tuple[str, int], Mapping]

    @property
    def addresses(self) -> list[str]:
        """The addresses of its real servers, each once."""
        return list(dict.fromkeys(server['address'] for server in self.servers.values()))

    def declaration(self) -> dict:
        """Return the service as `ipvs_table` takes it."""
        key = self.key
        if key.protocol == 'fwmark':
            identity = {'fwmark': key.number, 'family': key.family}
        else:
            identity = {'address': key.address, 'port': key.number, 'protocol': key.protocol}
        return dict(identity, **self.settings, realservers=list(self.servers.values()))


class Place(NamedTuple):
    """An address on an interface of a director; heard if others can ask for it there."""

    interface: str
    address: str
    prefix: int
    heard: bool

    @property
    def version(self) -> int:
        return version(self.address)

    @property
    def alone(self) -> bool:
        """Whether it carries no network."""
        return self.prefix == HOST_PREFIX[self.version]

    @property
    def network(self) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
        return ipaddress.ip_interface('{0}/{1}'.format(self.address, self.prefix)).network


class Director(NamedTuple):
    """One director: its services, its timeouts if they were read, and what its host has; `owners` are programs that keep the table."""

    name: str
    services: Mapping[ServiceKey, Service]
    timeouts: Mapping | None
    places: list[Place]
    interfaces: list[str]
    connected: Mapping[str, list[str]]
    forwards: bool = False
    owners: tuple[str, ...] = ()

    def of(self, address: str) -> list[Place]:
        """Return where the director has an address."""
        return [place for place in self.places if place.address == address]


def version(address: str) -> int:
    """Return the IP version of an address."""
    return 6 if ':' in address else 4


def order(address: str) -> tuple[int, int]:
    """Return what puts addresses into the order of their numbers."""
    parsed = ipaddress.ip_address(address)
    return parsed.version, int(parsed)


def director(name: str, info: Mapping, host: Mapping) -> Director:
    """Return a director as the results of ipvs_info and lvs_host_info show it."""
    services = [_service(entry) for entry in info['services']]
    interfaces = host.get('interfaces') or {}
    return Director(
        name,
        {service.key: service for service in services},
        info.get('timeouts'),
        [
            Place(interface, address['address'], address['prefix'], bool(link.get('heard')))
            for interface, link in interfaces.items() for address in link.get('addresses') or ()
        ],
        list(interfaces),
        {vip: found.get('connected') or [] for vip, found in (host.get('vips') or {}).items()},
        host.get('ip_forward') == 1,
        tuple(one for one in OWNERS if ((host.get('units') or {}).get(one + '.service') or {}).get('active') == 'active'),
    )


def union(directors: Iterable[Director]) -> dict[ServiceKey, Service]:
    """Return every service, as the first director that has it has it."""
    found: dict[ServiceKey, Service] = {}
    for one in directors:
        for key, service in one.services.items():
            found.setdefault(key, service)
    return {key: found[key] for key in sorted(found, key=_service_order)}


def _service_order(key: ServiceKey) -> tuple:
    return key.protocol, order(key.address) if key.address else (key.family, 0), key.number


def _service(entry: Mapping) -> Service:
    key = options.service_key({name: entry.get(name) for name in options.SERVICE_IDENTITY})
    default = model.VirtualService(key)
    settings = {'scheduler': entry.get('scheduler') or default.scheduler}
    for name in options.SERVICE_SETTINGS:
        # Neither 0 nor false nor an empty list is more than the default here.
        if entry.get(name):
            settings[name] = list(entry[name]) if name == 'scheduler_flags' else entry[name]
    servers = [_server(key, server) for server in entry.get('realservers') or ()]
    ordered = sorted(servers, key=lambda server: (order(server['address']), server.get('port', -1)))
    usual = 0 if key.protocol == 'fwmark' else key.number
    return Service(key, settings, {(server['address'], server.get('port', usual)): server for server in ordered})


def _server(key: ServiceKey, entry: Mapping) -> dict:
    usual = options.realserver_key(key, entry['address'], None)
    default = model.RealServer(usual)._asdict()
    server = {'address': usual.address}
    if entry.get('port', usual.port) != usual.port:
        server['port'] = entry['port']
    for name in options.REALSERVER_SETTINGS:
        value = entry.get(name, default[name])
        if name == 'tunnel':
            value = _tunnel(value)
        if value != default[name]:
            server[name] = value
    return server


def _tunnel(entry: Mapping | None) -> dict | None:
    default = model.Tunnel()._asdict()
    said = {name: value for name, value in (entry or {}).items() if value != default[name]}
    return dict({'type': entry['type']}, **said) if said else None
