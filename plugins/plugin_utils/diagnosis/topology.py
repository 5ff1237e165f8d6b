# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts of an inventory, what was read on each, and which services they have. Pure.

Private to this collection.
"""

from __future__ import annotations

import functools
import ipaddress
from typing import Any, Iterable, Mapping, NamedTuple, Sequence

from ...module_utils.ipvs import model
from .. import inventory

HOST, TABLE, MARKS, BEGAN, ENDED = ('lvs_doctor_host', 'lvs_doctor_table', 'lvs_doctor_marks', 'lvs_doctor_began', 'lvs_doctor_ended')
"""The variables of hosts that playbooks/doctor.yml keeps what it read in."""

KEEPALIVED, STATIC = 'keepalived', 'static'
HOST_PREFIX = {4: 32, 6: 128}


class Host:
    """A host: its variables, what lvs_host_info returned there and, on a director, what ipvs_info did.

    Each variable is read once, since Ansible may work out a value anew each time.
    """

    def __init__(self, name: str, variables: Mapping) -> None:
        self.name = name
        self._variables = variables
        self._read: dict[str, object] = {}
        self.info: Mapping = variables.get(HOST) or {}
        self.table: Mapping = variables.get(TABLE) or {}

    def variable(self, name: str) -> Any:
        if name not in self._read:
            self._read[name] = self._variables.get(name)
        return self._read[name]

    @property
    def looked_at(self) -> bool:
        """Whether what its kernel does was read."""
        return 'interfaces' in self.info

    @functools.cached_property
    def engine(self) -> str:
        return str(self.variable('director_engine') or STATIC)

    @functools.cached_property
    def macs(self) -> set[str]:
        return {one['mac'] for one in self.info['interfaces'].values() if one['mac']} if self.looked_at else set()

    @functools.cached_property
    def declared(self) -> list[str]:
        """Its addresses as the inventory has them, the most particular first."""
        return inventory.addresses({key: self.variable(key) for key in inventory.ADDRESS_KEYS})

    @functools.cached_property
    def addresses(self) -> set[str]:
        """Its addresses as the inventory has them, and those on its interfaces."""
        found = set(self.declared)
        if self.looked_at:
            found.update(entry['address'] for one in self.info['interfaces'].values() for entry in one['addresses'])
        return found

    def interface(self, name: str) -> Mapping:
        return self.info['interfaces'].get(name) or {}

    def interface_of(self, address: str) -> str:
        """Return the name of the interface that has an address; empty if none has."""
        return next((name for name, one in self.info['interfaces'].items()
                     if address in [entry['address'] for entry in one['addresses']]), '')

    def placements(self, vip: str) -> list[Mapping]:
        """Return where this host has a VIP in effect: one on an interface that is down is none."""
        return [one for one in self.info['vips'].get(vip, {}).get('placements', ())
                if self.interface(one['interface']).get('up')]

    def holds(self, vip: str) -> bool:
        """Return whether others can hear that this host has a VIP."""
        return any(one['heard'] for one in self.placements(vip))


class Served(NamedTuple):
    """A service that a host is a real server of, and how."""

    service: Mapping
    server: Mapping

    @property
    def vip(self) -> str:
        return self.service['vip']

    @property
    def forward(self) -> str:
        return self.server.get('forward') or 'dr'

    @property
    def name(self) -> str:
        return name_of(self.service)


class Topology:
    """All hosts that take part, with explicit services. A host that was not looked at is left out of all but `hosts`."""

    def __init__(self, services: Sequence[Mapping], groups: Mapping, hostvars: Mapping) -> None:
        self.services = services

        known: dict[str, Host] = {}

        def members(group: str) -> list[Host]:
            names = groups.get(group) or ()
            known.update((name, Host(name, hostvars[name])) for name in names if name not in known)
            return [known[name] for name in names]

        self.declared_directors = members('directors')
        everybody = self.declared_directors + members('realservers') + members('clients')
        self.hosts = list(dict.fromkeys(everybody))
        self._served: dict[str, list[Served]] = {}
        self.directors = [host for host in self.declared_directors if host.looked_at]
        self.servers = [host for host in members('realservers') if host.looked_at]
        # A director that serves as well has the VIPs on its network card, and is no real server like the others.
        self.realservers = [host for host in self.servers if host not in self.declared_directors]
        self.client_names = list(groups.get('clients') or ())
        self.clients = [host for host in members('clients') if host.looked_at]

    @property
    def complete(self) -> bool:
        """Whether every director was looked at."""
        return len(self.directors) == len(self.declared_directors)

    @property
    def looked_at(self) -> list[Host]:
        return [host for host in self.hosts if host.looked_at]

    @functools.cached_property
    def vips(self) -> list[str]:
        return list(dict.fromkeys(service['vip'] for service in self.services))

    @functools.cached_property
    def _owners(self) -> dict[str, Host]:
        # Directors last, so that of a host that is in two groups the same one is found.
        return {mac: host for host in reversed(self.looked_at) for mac in host.macs}

    def owner(self, mac: str) -> Host | None:
        """Return the host that has a MAC address."""
        return self._owners.get(mac.lower())

    def is_director(self, host: Host) -> bool:
        return host in self.declared_directors

    def holders(self, vip: str) -> list[Host]:
        return [host for host in self.directors if host.holds(vip)]

    def served(self, host: Host) -> list[Served]:
        """Return what a host serves. With nat a director rewrites the address, so there it needs no VIP."""
        if host.name not in self._served:
            own = host.addresses
            found = [Served(service, server) for service in self.services for server in service['realservers']
                     if server.get('name') == host.name or server['address'] in own]
            self._served[host.name] = [one for one in found if one.forward != 'nat']
        return self._served[host.name]

    def vips_of(self, host: Host) -> dict[str, list[Served]]:
        """Return what a host serves, by VIP."""
        found: dict[str, list[Served]] = {}
        for one in self.served(host):
            found.setdefault(one.vip, []).append(one)
        return found

    def server_name(self, server: Mapping) -> str:
        """Return the name of the host that is this real server, or its address if no host is."""
        name = server.get('name')
        return name if name in self._names else self._by_address.get(server['address'], server['address'])

    @functools.cached_property
    def _names(self) -> set[str]:
        return {host.name for host in self.hosts}

    @functools.cached_property
    def _by_address(self) -> dict[str, str]:
        return {address: host.name for host in reversed(self.hosts) for address in host.addresses}


def version(address: str) -> int:
    return ipaddress.ip_address(address).version


def name_of(service: Mapping) -> str:
    return str(service.get('name') or service['vip'])


def endpoints(service: Mapping) -> list[tuple[str, int]]:
    """Return protocol and port of everything single that a service has to be listened for at."""
    protocol = service.get('protocol') or 'tcp'
    if protocol not in ('tcp', 'udp'):
        return []
    return [(protocol, int(port)) for port in service.get('ports') or () if str(port).isdigit() and int(port)]


def label(service: Mapping, protocol: str, port: int) -> str:
    return '{0} {1}'.format(protocol, model.endpoint(service['vip'], port))


def names(hosts: Iterable[Host]) -> str:
    return ', '.join(host.name for host in hosts)
