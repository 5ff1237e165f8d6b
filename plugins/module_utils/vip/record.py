# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The VIPs that a task put up, kept on the host: what we own, and what the host takes at boot.

Private to this collection. The file is a marker line and then what `ip -force -batch` takes, any number of times. It has to be
forced because a device that is there already is refused.
"""

from __future__ import annotations

import dataclasses
import ipaddress
from typing import Mapping, NamedTuple, Sequence

from .. import record_file
from ..iproute import FOREVER, INTERFACE_NAME, MARK, Address
from ..record_file import RecordError

VERSION = 1
_MARKER = '# lvs.direct_routing VIPs, version '
_KINDS = ('dummy', 'ipip', 'ip6tnl')


class Device(NamedTuple):
    """An interface that has to be made or brought up for the VIPs, and whether it is for us to undo that."""

    kind: str
    ours: bool


@dataclasses.dataclass(frozen=True)
class Record:
    """What is recorded: devices by name, entries by interface and address, and the host routes through interfaces."""

    devices: Mapping[str, Device] = dataclasses.field(default_factory=dict)
    entries: Mapping[tuple[str, str], Address] = dataclasses.field(default_factory=dict)
    routes: frozenset[tuple[str, str]] = frozenset()

    @property
    def interfaces(self) -> list[str]:
        return sorted(set(self.devices) | {name for name, _vip in self.entries} | {name for name, _vip in self.routes})

    def lines(self) -> list[str]:
        """Return the commands, devices first, for `ip -force -batch`."""
        commands: list[Sequence[str]] = []
        for name in sorted(self.devices):
            device = self.devices[name]
            commands.append(['link', 'add', 'dev', name, 'type', device.kind])
            if device.ours:
                commands.append(['link', 'set', 'dev', name, 'alias', MARK])
            commands.append(['link', 'set', 'dev', name, 'up'])
        commands += [self.entries[key].replace(key[0])[1:] for key in sorted(self.entries, key=_order)]
        commands += [['route', 'replace', vip, 'dev', name] for name, vip in sorted(self.routes, key=_order)]
        return [' '.join(words) for words in commands]

    def union(self, other: Record) -> Record:
        """Return what is in either; where both have something, that of the other."""
        devices = dict(self.devices, **other.devices)
        return Record(devices, {**self.entries, **other.entries}, self.routes | other.routes)


def _order(key: tuple[str, str]) -> tuple:
    address = ipaddress.ip_address(key[1])
    return key[0], address.version, address


def lasting(entry: Address, interface: str) -> Address:
    """Return an entry as it is recorded: without what belongs to the moment or goes without saying."""
    label = None if entry.label == interface else entry.label
    return Address(entry.local, entry.prefix, label, entry.broadcast, entry.scope, None, entry.metric,
                   entry.noprefixroute, preferred=0 if entry.deprecated else FOREVER)


def render(record: Record) -> str:
    """Return the text of a record."""
    return ''.join(line + '\n' for line in [_MARKER + str(VERSION)] + record.lines())


def parse(text: str, path: str) -> Record:
    """Return what a record's text says; raise `RecordError`."""
    advice = 'Compare it with `ip address`, then mend it or remove it (what it recorded is then nobody\'s)'
    lines = record_file.body(text, path, _MARKER, VERSION, advice).splitlines()
    try:
        found = _parse([line.split(' ') for line in lines])
    except (LookupError, ValueError):
        found = None
    # There is one way to write a record: what does not come back as it is was not written by us.
    if found is None or render(found) != text:
        known = found.lines() if found else []
        odd = next((line for line in lines if line not in known), 'the order or number of its lines')
        raise RecordError('{0} is damaged: {1!r}. {2}'.format(path, odd[:80], advice))
    return found


def _parse(lines: Sequence[Sequence[str]]) -> Record:
    devices: dict[str, Device] = {}
    entries: dict[tuple[str, str], Address] = {}
    routes = set()
    for words in lines:
        if words[:2] == ['link', 'add']:
            devices[_interface(words[3])] = Device(_kind(words[5]), False)
        elif words[:2] == ['link', 'set'] and words[4] == 'alias':
            devices[words[3]] = devices[words[3]]._replace(ours=True)
        elif words[:2] == ['address', 'replace']:
            entry = _entry(words)
            entries[_interface(words[4]), entry.local] = entry
        elif words[:2] == ['route', 'replace']:
            routes.add((_interface(words[4]), str(ipaddress.IPv4Address(words[2]))))
    return Record(devices, entries, frozenset(routes))


def _interface(word: str) -> str:
    if not INTERFACE_NAME.match(word):
        raise ValueError(word)
    return word


def _kind(word: str) -> str:
    if word not in _KINDS:
        raise ValueError(word)
    return word


def _entry(words: Sequence[str]) -> Address:
    address = ipaddress.ip_interface(words[2])
    rest = list(words[5:])
    given = {}
    for name in ('broadcast', 'label', 'scope', 'metric'):
        if name in rest:
            at = rest.index(name)
            given[name] = rest[at + 1]
            del rest[at:at + 2]
    return Address(
        str(address.ip),
        address.network.prefixlen,
        label=given.get('label'),
        broadcast=str(ipaddress.IPv4Address(given['broadcast'])) if 'broadcast' in given else None,
        scope=given.get('scope', 'global'),
        metric=int(given['metric']) if 'metric' in given else None,
        noprefixroute='noprefixroute' in rest,
        preferred=0 if 'preferred_lft' in rest else FOREVER,
    )


def read(path: str) -> Record:
    """Return what is recorded, nothing where there is no record yet; raise `RecordError`."""
    text = record_file.read('record', path)
    return Record() if text is None else parse(text, path)


def write(path: str, record: Record) -> None:
    """Replace the record in one step; one of nothing goes. Raise `RecordError`."""
    record_file.write('record', path, None if record == Record() else render(record))
