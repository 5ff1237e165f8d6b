# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses, links and routes as `ip -json` prints them and as `ip` takes them.

Private to this collection. Reading takes a runner; everything else is pure.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import json
import re
from typing import Mapping

from .command import Runner, checked

MARK = 'lvs.direct_routing'
"""The alias of a dummy interface that this collection made: what removal goes by."""

FOREVER = 4294967295
"""The lifetime that `ip -json` prints for an address that does not expire, in seconds."""

INTERFACE_NAME = re.compile(r'^(?!\.{1,2}$)[^\s/:#"\'\\]{1,15}$')
"""What dev_valid_name() of the kernel allows, without the characters that `ip -batch` reads as quotes and comments."""


@dataclasses.dataclass(frozen=True)
class Address:
    """One address entry of an interface. In IPv4 the same address may have several, one per prefix length."""

    local: str
    prefix: int
    label: str | None = None
    broadcast: str | None = None
    scope: str = 'global'
    peer: str | None = None
    metric: int | None = None
    noprefixroute: bool = False
    secondary: bool = False
    dadfailed: bool = False
    valid: int = FOREVER
    preferred: int = FOREVER

    @property
    def version(self) -> int:
        return ipaddress.ip_address(self.local).version

    @property
    def network(self) -> str:
        return str(ipaddress.ip_network((self.peer or self.local, self.prefix), strict=False))

    def _identity(self, interface: str) -> list[str]:
        if self.peer:
            return [self.local, 'peer', '{0}/{1}'.format(self.peer, self.prefix), 'dev', interface]
        return ['{0}/{1}'.format(self.local, self.prefix), 'dev', interface]

    def _attributes(self, interface: str) -> list[str]:
        words = []
        if self.broadcast:
            words += ['broadcast', self.broadcast]
        if self.label and self.label != interface:
            words += ['label', self.label]
        if self.scope != 'global':
            words += ['scope', self.scope]
        if self.metric:
            words += ['metric', str(self.metric)]
        if self.noprefixroute:
            words += ['noprefixroute']
        return words

    def add(self, interface: str) -> list[str]:
        """Return the `ip` command that makes this entry.

        IPv6 without duplicate address detection: with it the address would be unusable for a second, and on a segment
        that another holder of the VIP answers on, for ever.
        """
        words = ['ip', 'address', 'add'] + self._identity(interface) + self._attributes(interface)
        if self.version == 6:
            words += ['nodad']
        if self.valid != FOREVER:
            words += ['valid_lft', str(self.valid), 'preferred_lft', str(min(self.preferred, self.valid))]
        return words

    def delete(self, interface: str) -> list[str]:
        """Return the `ip` command that removes this entry."""
        return ['ip', 'address', 'delete'] + self._identity(interface)

    def lifetime(self, interface: str) -> list[str]:
        """Return the `ip` command that gives an existing entry this one's lifetimes."""
        def seconds(value):
            return 'forever' if value == FOREVER else str(value)

        words = ['ip', 'address', 'change'] + self._identity(interface) + self._attributes(interface)
        if self.version == 6:
            words += ['nodad']
        return words + ['valid_lft', seconds(self.valid), 'preferred_lft', seconds(min(self.preferred, self.valid))]

    def describe(self, interface: str) -> str:
        words = self._identity(interface) + self._attributes(interface)
        if self.valid != FOREVER:
            words += ['expires']
        if self.dadfailed:
            words += ['dadfailed']
        return ' '.join(words)


@dataclasses.dataclass(frozen=True)
class Link:
    """One network interface with its addresses."""

    name: str
    kind: str | None = None
    link_type: str = 'ether'
    mac: str | None = None
    up: bool = True
    arp: bool = True
    alias: str | None = None
    addresses: tuple[Address, ...] = ()

    @property
    def loopback(self) -> bool:
        return self.link_type == 'loopback'

    @property
    def network_card(self) -> bool:
        """Whether other hosts hear this interface: neither the loopback nor a dummy."""
        return not self.loopback and self.kind != 'dummy'

    @property
    def ours(self) -> bool:
        return self.kind == 'dummy' and self.alias == MARK

    def describe(self) -> str:
        words = [self.kind] if self.kind else []
        words += ['up' if self.up else 'down']
        words += ['made by {0}'.format(MARK)] if self.ours else []
        return 'interface {0} ({1})'.format(self.name, ', '.join(words))


def parse_links(text: str) -> dict[str, Link]:
    """Parse `ip -json -details address show`."""
    links = {}
    for entry in json.loads(text or '[]'):
        # Some versions print an empty object for everything that a filter left out.
        if 'ifname' not in entry:
            continue
        flags = entry.get('flags', [])
        links[entry['ifname']] = Link(
            name=entry['ifname'],
            kind=entry.get('linkinfo', {}).get('info_kind'),
            link_type=entry.get('link_type', ''),
            mac=entry.get('address'),
            up='UP' in flags,
            arp='NOARP' not in flags,
            alias=entry.get('ifalias'),
            addresses=tuple(_parse_address(item) for item in entry.get('addr_info', []) if 'local' in item),
        )
    return links


def _parse_address(item: Mapping) -> Address:
    return Address(
        local=item['local'],
        prefix=item['prefixlen'],
        label=item.get('label'),
        broadcast=item.get('broadcast'),
        scope=str(item.get('scope', 'global')),
        peer=item.get('address'),
        metric=item.get('metric'),
        noprefixroute=bool(item.get('noprefixroute')),
        secondary=bool(item.get('secondary')),
        dadfailed=bool(item.get('dadfailed')),
        valid=item.get('valid_life_time', FOREVER),
        preferred=item.get('preferred_life_time', FOREVER),
    )


def parse_host_routes(text: str) -> frozenset[str]:
    """Parse `ip -json -4 route show table main dev <interface>`: the addresses that have a direct host route there."""
    return frozenset(
        entry['dst'] for entry in json.loads(text or '[]')
        if 'dst' in entry and '/' not in entry['dst'] and entry['dst'] != 'default'
        and 'gateway' not in entry and 'via' not in entry and entry.get('type', 'unicast') == 'unicast'
        # The kernel's own: the far end of a point-to-point address.
        and entry.get('protocol') != 'kernel'
    )


def read_links(run: Runner) -> dict[str, Link]:
    """Read every interface with its addresses: one process."""
    return parse_links(checked(run(['ip', '-json', '-details', 'address', 'show'])))


def read_host_routes(run: Runner, interface: str) -> frozenset[str]:
    """Read the IPv4 host routes of one interface: one process."""
    return parse_host_routes(checked(run(['ip', '-json', '-4', 'route', 'show', 'table', 'main', 'dev', interface])))


@dataclasses.dataclass(frozen=True)
class Route:
    """The way that the kernel takes to an address."""

    interface: str
    source: str | None = None
    gateway: str | None = None
    local: bool = False


def parse_route(text: str) -> Route:
    """Parse `ip -json route get <address>`."""
    entry = json.loads(text)[0]
    return Route(
        interface=entry['dev'],
        source=entry.get('prefsrc'),
        # A gateway of the other family is printed as `via`.
        gateway=entry.get('gateway') or entry.get('via', {}).get('host'),
        local=entry.get('type') == 'local',
    )


def route_to(run: Runner, address: str, interface: str | None = None) -> Route | None:
    """Return the route to an address, through one interface if one is given; None if there is no route."""
    result = run(['ip', '-json', 'route', 'get', address] + (['oif', interface] if interface else []))
    if result.rc != 0 and 'unreachable' in result.stderr:
        return None
    return parse_route(checked(result))
