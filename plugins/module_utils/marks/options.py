# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the module ipvs_marks, validated.

Private to this collection.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Any, Callable, Mapping, NamedTuple, Sequence

from .. import record_file
from ..ipvs.model import MAX_FWMARK, MAX_PORT, PROTOCOLS, InvalidEntry, family_of, in_range, normal_address, unusable
from .rules import Mark, Table, Untracked, in_order, ports

DEFAULT_RECORD = '/var/lib/lvs/director.nft'

ENTRY = {
    'vip': {'type': 'str', 'required': True},
    'protocol': {'type': 'str', 'choices': list(PROTOCOLS), 'default': 'tcp'},
    'ports': {'type': 'list', 'elements': 'str', 'default': []},
    'mark': {'type': 'int', 'required': True},
}
UNTRACKED_ENTRY = {
    'vip': ENTRY['vip'],
    'protocol': {'type': 'str', 'choices': ['tcp', 'sctp'], 'default': 'tcp'},
    'ports': ENTRY['ports'],
}
OPTIONS = {
    'marks': {'type': 'list', 'elements': 'dict', 'options': ENTRY},
    'untracked': {'type': 'list', 'elements': 'dict', 'options': UNTRACKED_ENTRY, 'default': []},
    'record': {'type': 'path', 'default': DEFAULT_RECORD},
    'state': {'type': 'str', 'choices': ['present', 'absent'], 'default': 'present'},
}

_PORTS = re.compile(r'([0-9]{1,5})(?:-([0-9]{1,5}))?')


@dataclasses.dataclass(frozen=True)
class Wanted:
    """The validated options of the ipvs_marks module: the table, None where there is to be none, and its record."""

    table: Table | None
    record: str = DEFAULT_RECORD

    @classmethod
    def from_options(cls, options: Mapping[str, Any]) -> Wanted:
        """Raise `InvalidEntry` or `RecordError`."""
        record = record_file.check_path('record', options['record'])
        if options['state'] == 'absent':
            return cls(None, record)
        if options['marks'] is None:
            raise InvalidEntry('marks', None, 'is missing; name all marks, an empty list for none, or use state=absent')
        table = Table(_merged(options['marks']), _grouped(options['untracked'] or []))
        return cls(table if table.marks or table.untracked else None, record)


class _Part(NamedTuple):
    """One range of one entry of the list."""

    first: int
    last: int
    mark: int
    position: int


def _merged(entries: Sequence[Mapping[str, Any]]) -> tuple[Mark, ...]:
    """Return the marks in their order, neighbours and copies made one; raise `InvalidEntry`."""
    marks = [Mark(vip, protocol, first, last, mark)
             for (vip, protocol), known in _parts('marks', entries, _number_of).items()
             for first, last, mark in _joined('{0} {1}'.format(protocol, vip), known)]
    return tuple(sorted(marks, key=lambda mark: mark.order))


def _number_of(entry: Mapping[str, Any]) -> int:
    mark = entry.get('mark')
    if mark is None:
        raise InvalidEntry('mark', None, 'is missing; 1..{0}'.format(MAX_FWMARK))
    in_range('mark', mark, 1, MAX_FWMARK)
    return mark


def _grouped(entries: Sequence[Mapping[str, Any]]) -> tuple[Untracked, ...]:
    """Return what is not to be tracked: a rule for VIPs of a family that have the same ports. Raise `InvalidEntry`."""
    groups: dict[tuple, list[str]] = {}
    for (vip, protocol), known in _parts('untracked', entries, lambda entry: 0).items():
        spans = tuple((first, last) for first, last, _mark in _joined(vip, known))
        groups.setdefault((protocol, family_of(vip), () if spans[0][0] == 0 else spans), []).append(vip)
    rules = [Untracked(protocol, in_order(vips), spans) for (protocol, _family, spans), vips in groups.items()]
    return tuple(sorted(rules, key=lambda rule: rule.order))


def _parts(option: str, entries: Sequence[Mapping[str, Any]], mark_of: Callable) -> dict[tuple[str, str], list[_Part]]:
    """Return the ranges of ports of each VIP and protocol; raise `InvalidEntry`."""
    parts: dict[tuple[str, str], list[_Part]] = {}
    for position, entry in enumerate(entries):
        try:
            vip = _vip(entry.get('vip'))
            spans = _spans(entry.get('ports') or [])
            mark = mark_of(entry)
        except InvalidEntry as error:
            raise error.at('{0}[{1}] '.format(option, position)) from error
        known = parts.setdefault((vip, entry.get('protocol') or 'tcp'), [])
        known += [_Part(first, last, mark, position) for first, last in spans]
    return parts


def _joined(what: str, parts: Sequence[_Part]) -> list[tuple[int, int, int]]:
    joined: list[tuple[int, int, int]] = []
    furthest: _Part | None = None
    for part in sorted(parts):
        if furthest and part.first <= furthest.last and part.mark != furthest.mark:
            _refuse(what, *sorted((furthest, part), key=lambda one: one.position))
        if joined and furthest and part.first <= furthest.last + 1 and part.mark == joined[-1][2]:
            joined[-1] = (joined[-1][0], max(furthest.last, part.last), part.mark)
        else:
            joined.append((part.first, part.last, part.mark))
        if furthest is None or part.last > furthest.last:
            furthest = part
    return joined


def _refuse(what: str, one: _Part, other: _Part) -> None:
    first, last = max(one.first, other.first), min(one.last, other.last)
    common = 'all ports' if first == 0 else 'port {0}'.format(first) if first == last else 'ports {0}'.format(
        ports(first, last))
    raise InvalidEntry('mark', other.mark, 'is for {0} of {1}, which marks[{2}] gives mark {3}; a packet has one mark'.format(
        common, what, one.position, one.mark), 'marks[{0}] '.format(other.position))


def _vip(text: str | None) -> str:
    try:
        vip = normal_address(text or '')
    except ValueError:
        raise InvalidEntry('vip', text, 'is not a literal IPv4 or IPv6 address; names are not resolved here, and a prefix '
                                        'length does not belong here') from None
    kind = unusable(vip)
    if kind:
        raise InvalidEntry('vip', text, 'is {0} and cannot be a VIP'.format(kind))
    return vip


def _spans(given: Sequence[str]) -> list[tuple[int, int]]:
    """Return the ranges of ports, all ports if none is given."""
    return [_span('ports[{0}]'.format(index), text) for index, text in enumerate(given)] or [(0, MAX_PORT)]


def _span(option: str, text: str) -> tuple[int, int]:
    found = _PORTS.fullmatch(text)
    if not found:
        raise InvalidEntry(option, text, 'is neither a port such as 80 nor a range such as 1024-2047')
    first, last = int(found.group(1)), int(found.group(2) or found.group(1))
    if not 1 <= first <= last <= MAX_PORT:
        raise InvalidEntry(option, text, 'is outside 1..{0}, or ends before it begins; leave ports out for all '
                                         'ports'.format(MAX_PORT))
    return first, last
