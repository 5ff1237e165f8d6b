# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The interfaces that a plan is about, as they will be: what is asked of them is noted as a command with its undoing.

Private to this collection.
"""

from __future__ import annotations

import dataclasses
import ipaddress
from typing import Mapping, Sequence

from ..iproute import MARK, Address, Link
from .options import Vips
from .record import Device, Record, lasting


@dataclasses.dataclass(frozen=True)
class Change:
    """One command of a plan and the command that takes it back."""

    argv: tuple[str, ...]
    undo: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ' '.join(self.argv)


def doomed_vips(wanted: Vips, owned: Record) -> dict[str, list[str]]:
    """Return the VIPs that each interface is to lose."""
    if wanted.present and wanted.purge == 'none':
        return {}
    there = wanted.by_interface
    doomed = {} if wanted.present else {name: list(vips) for name, vips in there.items()}
    for name in owned.interfaces:
        recorded = [vip for interface, vip in owned.entries if interface == name]
        if wanted.present:
            recorded = [vip for vip in recorded if vip not in there.get(name, ())]
        elif wanted.addresses:
            recorded = [vip for vip in recorded if vip in wanted.addresses]
        if recorded:
            doomed[name] = list(dict.fromkeys(doomed.get(name, []) + recorded))
    return doomed


class Side:
    """One interface as it will be, while a plan is being made."""

    def __init__(self, name: str, link: Link | None, routes: frozenset[str], changes: list[Change]) -> None:
        self.name = name
        self.link = link
        self.routes = set(routes)
        self.addresses = list(link.addresses) if link else []
        self.changes = changes
        self.promote = False

    def do(self, argv: Sequence[str], undo: Sequence[str] = ()) -> None:
        self.changes.append(Change(tuple(argv), tuple(undo)))

    def set(self, *words: str, undo: Sequence[str] = ()) -> None:
        command = ['ip', 'link', 'set', 'dev', self.name]
        self.do(command + list(words), command + list(undo) if undo else ())

    def entries(self, vip: str) -> list[Address]:
        return [entry for entry in self.addresses if entry.local == vip]

    def add(self, entry: Address) -> None:
        self.do(entry.add(self.name), entry.delete(self.name))
        self.addresses.append(entry)

    def delete(self, entry: Address) -> None:
        self.do(entry.delete(self.name), entry.add(self.name))
        self.addresses.remove(entry)

    def delete_all(self, doomed: Sequence[Address]) -> None:
        """Delete secondary addresses before primary ones, and see to it that a primary does not take others along."""
        for entry in sorted(doomed, key=lambda entry: not entry.secondary):
            self.delete(entry)
            if entry.version == 4 and not entry.secondary:
                self.promote = self.promote or any(
                    other.secondary and other.network == entry.network for other in self.addresses)

    def route(self, vip: str) -> list[str]:
        return [vip, 'dev', self.name]

    def drop_route(self, vip: str) -> None:
        self.do(['ip', 'route', 'delete'] + self.route(vip), ['ip', 'route', 'replace'] + self.route(vip))
        self.routes.discard(vip)

    def depends_on(self, entry: Address) -> bool:
        """Return whether the host would lose a network without this entry."""
        host = entry.prefix == ipaddress.ip_address(entry.local).max_prefixlen
        alone = not any(other.network == entry.network and other.local != entry.local for other in self.addresses)
        return self.link.network_card and not host and alone

    def lines(self, vips: Sequence[str]) -> list[str]:
        if self.link is None:
            return []
        entries = [entry for vip in vips for entry in sorted(self.entries(vip), key=lambda entry: entry.prefix)]
        return ([self.link.describe()] + [entry.describe(self.name) for entry in entries]
                + ['route ' + ' '.join(self.route(vip)) for vip in vips if vip in self.routes])


class Draft:
    """The interfaces that a plan is about."""

    def __init__(self, links: Mapping[str, Link], routes: Mapping[str, frozenset[str]], wanted: Vips,
                 owned: Record) -> None:
        self.links = links
        self.wanted = wanted
        self.owned = owned
        self.changes: list[Change] = []
        self.doomed = doomed_vips(wanted, owned)
        self.sides = {
            name: Side(name, _known(links.get(name), owned.devices.get(name)), routes.get(name, frozenset()),
                       self.changes)
            for name in dict.fromkeys([*wanted.by_interface, *self.doomed])
        }

    def side_of(self, vip: str) -> Side:
        return self.sides[self.wanted.interface_of(vip)]

    @property
    def wanted_sides(self) -> list[Side]:
        return [self.sides[name] for name in self.wanted.by_interface]

    def text(self) -> str:
        vips = list(dict.fromkeys([*self.wanted.addresses, *(vip for gone in self.doomed.values() for vip in gone)]))
        return ''.join(line + '\n' for side in self.sides.values() for line in side.lines(vips))

    def elsewhere(self) -> tuple[dict, ...]:
        return tuple(
            {'address': entry.local, 'prefix': entry.prefix, 'interface': name}
            for vip in self.wanted.addresses for name, link in self.links.items()
            if name != self.wanted.interface_of(vip)
            for entry in (self.sides[name].addresses if name in self.sides else link.addresses) if entry.local == vip
        )

    def record(self) -> Record:
        """Return what is ours in the end."""
        wanted, owned = self.wanted, self.owned
        if not wanted.present:
            def stays(key: tuple[str, str]) -> bool:
                return key[1] not in self.doomed.get(key[0], ())

            entries = {key: entry for key, entry in owned.entries.items() if stays(key)}
            devices = {name: device for name, device in owned.devices.items() if name in {key[0] for key in entries}}
            return Record(devices, entries, frozenset(filter(stays, owned.routes)))
        devices = {side.name: Device(side.link.kind, side.link.ours) for side in self.wanted_sides
                   if wanted.create or side.link.ours}
        here = [(self.side_of(vip), vip) for vip in wanted.addresses]
        declared = Record(
            devices,
            {(side.name, vip): lasting(entry, side.name) for side, vip in here for entry in side.entries(vip)},
            frozenset((side.name, vip) for side, vip in here if wanted.host_route and vip in side.routes),
        )
        if wanted.purge != 'none':
            return declared
        both = owned.union(declared)
        gone = {(name, vip) for name, vip in owned.routes if name in self.sides and vip not in self.sides[name].routes}
        return dataclasses.replace(both, routes=both.routes - gone)


def _known(link: Link | None, device: Device | None) -> Link | None:
    """Return a link with our mark if the record says so, since the task may have been killed before it was marked."""
    if link and device and device.ours and link.kind == device.kind and not link.alias:
        return dataclasses.replace(link, alias=MARK)
    return link
