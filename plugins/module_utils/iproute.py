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
from typing import Iterator, Mapping, Sequence

from .command import Runner, checked

MARK = 'lvs.direct_routing'
"""The alias of an interface that this collection made or brought up: what removal goes by."""

FALLBACK_TUNNELS = {'tunl0': 'ipip', 'ip6tnl0': 'ip6tnl'}
"""Tunnels that take every packet of their kind, whoever sent it. The kernel makes them as it loads their module, and
they cannot be deleted."""

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
    def deprecated(self) -> bool:
        """Whether the host still answers here but no longer speaks from here of its own accord."""
        return self.preferred == 0

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
        elif self.deprecated:
            words += ['preferred_lft', '0']
        return words

    def replace(self, interface: str) -> list[str]:
        """Return the `ip` command that makes this entry, one that lasts, or is content where it is there already."""
        words = ['ip', 'address', 'replace'] + self._identity(interface) + self._attributes(interface)
        words += ['nodad'] if self.version == 6 else []
        return words + (['preferred_lft', '0'] if self.deprecated else [])

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
        if self.deprecated:
            words += ['deprecated']
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
    mtu: int | None = None
    up: bool = True
    carrier: bool = True
    arp: bool = True
    alias: str | None = None
    addresses: tuple[Address, ...] = ()

    @property
    def loopback(self) -> bool:
        return self.link_type == 'loopback'

    @property
    def network_card(self) -> bool:
        """Whether other hosts hear this interface: neither the loopback nor a dummy nor a fallback tunnel."""
        return not self.loopback and self.kind != 'dummy' and not self.fallback_tunnel

    @property
    def fallback_tunnel(self) -> bool:
        return self.kind is not None and FALLBACK_TUNNELS.get(self.name) == self.kind

    @property
    def ours(self) -> bool:
        return (self.kind == 'dummy' or self.fallback_tunnel) and self.alias == MARK

    def describe(self) -> str:
        words = [self.kind] if self.kind else []
        words += ['up' if self.up else 'down']
        if self.ours:
            words += ['{0} by {1}'.format('brought up' if self.fallback_tunnel else 'made', MARK)]
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
            mtu=entry.get('mtu'),
            up='UP' in flags,
            carrier='LOWER_UP' in flags,
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
    return _parse_route(json.loads(text)[0])


def _parse_route(entry: Mapping) -> Route:
    return Route(
        interface=entry['dev'],
        source=entry.get('prefsrc'),
        # A gateway of the other family is printed as `via`. A host that is its own, as `ipvs.onlink` has it, is on the link.
        gateway=(entry.get('gateway') or entry.get('via', {}).get('host')) if entry.get('gateway') != entry.get('dst') else None,
        local=entry.get('type') == 'local',
    )


def route_to(run: Runner, address: str, interface: str | None = None) -> Route | None:
    """Return the route to an address, through one interface if one is given; None if there is no route."""
    result = run(['ip', '-json', 'route', 'get', address] + (['oif', interface] if interface else []))
    if result.rc != 0 and 'unreachable' in result.stderr:
        return None
    return parse_route(checked(result))


@dataclasses.dataclass(frozen=True)
class Gateway:
    """One way of a default route: the lowest metric counts. Without an address everything is taken to be on the link."""

    address: str | None
    interface: str
    metric: int = 0


@dataclasses.dataclass(frozen=True)
class Routing:
    """What one address family does with what it sends. `to` has an entry for each address that there is a route to."""

    gateways: tuple[Gateway, ...] = ()
    policy: bool = False
    to: Mapping[str, Route] = dataclasses.field(default_factory=dict)


USUAL_TABLES = ('local', 'main', 'default')


def parse_routing(text: str) -> Routing:
    """Parse what `ip -json -batch` prints for `route show default`, `rule show` and any number of `route get`."""
    gateways, policy, to = [], False, {}
    for entry in _entries(text):
        if 'priority' in entry:
            policy = policy or entry.get('table') not in USUAL_TABLES
        elif entry.get('dst') == 'default':
            gateways += _parse_gateways(entry)
        elif entry.get('type', 'unicast') in ('unicast', 'local'):
            to[str(ipaddress.ip_address(entry['dst']))] = _parse_route(entry)
    return Routing(tuple(sorted(gateways, key=lambda gateway: gateway.metric)), policy, to)


def _entries(text: str) -> Iterator[Mapping]:
    """Yield the entries of lists that stand one after the other."""
    decoder, position = json.JSONDecoder(), 0
    text = text.strip()
    while position < len(text):
        entries, end = decoder.raw_decode(text, position)
        position = end + len(text[end:]) - len(text[end:].lstrip())
        yield from entries


def _parse_gateways(entry: Mapping) -> list[Gateway]:
    if entry.get('type', 'unicast') != 'unicast':
        return []
    return [
        Gateway(hop.get('gateway') or hop.get('via', {}).get('host'), hop['dev'], entry.get('metric', 0))
        for hop in entry.get('nexthops', [entry])
    ]


def read_routing(run: Runner, version: int, addresses: Sequence[str]) -> Routing:
    """Read default routes, rules and the ways to addresses of one IP version: one process.

    An address without a route is an error to `ip`, and the others are to be read all the same: hence `-force`.
    """
    questions = ['route show default', 'rule show'] + ['route get {0}'.format(address) for address in addresses]
    argv = ['ip', '-json', '-{0}'.format(version), '-force', '-batch', '-']
    return parse_routing(run(argv, stdin='\n'.join(questions) + '\n').stdout)


def parse_neighbours(text: str) -> dict[tuple[str, str], str]:
    """Parse `ip -json neighbour show`: the MAC address that the kernel knows for an address on an interface."""
    return {(entry['dst'], entry['dev']): entry['lladdr'] for entry in json.loads(text or '[]') if 'lladdr' in entry}


def read_neighbours(run: Runner) -> dict[tuple[str, str], str]:
    """Read the kernel's neighbour tables: one process."""
    return parse_neighbours(checked(run(['ip', '-json', 'neighbour', 'show'])))
