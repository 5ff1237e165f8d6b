# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules that mark packets, and that leave some untracked: ours as nft takes them, and a table as `nft --json` lists it. Pure.

Private to this collection.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import json
from typing import Any, Iterable, Mapping, NamedTuple

from ..ipvs.model import MAX_PORT, PROTOCOLS, family_of, normal_address

# IPVS looks at the mark in the hook input, so whatever comes before it would do; here is where others set marks, too.
FAMILY, TABLE, CHAIN, PRIORITY = 'inet', 'lvs_direct_routing', 'prerouting', -150
# Before connection tracking, which is at -200.
UNTRACKED, RAW = 'untracked', -300
CHAINS = {CHAIN: (PRIORITY, 'mangle'), UNTRACKED: (RAW, 'raw')}

_NUMBERS = {'tcp': 6, 'udp': 17, 'sctp': 132}
_LAYER = {'ipv4': 'ip', 'ipv6': 'ip6'}


class MarksError(Exception):
    """Packets cannot be marked as asked, or nft says something that cannot be understood."""


class Mark(NamedTuple):
    """Packets of a protocol to a range of ports of a VIP get a mark. Ports from 0 on are all ports."""

    vip: str
    protocol: str
    first: int
    last: int
    mark: int

    @property
    def order(self) -> tuple:
        address = ipaddress.ip_address(self.vip)
        return address.version, int(address), PROTOCOLS.index(self.protocol), self.first

    @property
    def statement(self) -> str:
        """Return the rule in nft's language."""
        if self.first == 0:
            match = 'meta l4proto {0}'.format(self.protocol)
        else:
            match = '{0} dport {1}'.format(self.protocol, ports(self.first, self.last))
        return '{0} daddr {1} {2} meta mark set {3}'.format(_LAYER[family_of(self.vip)], self.vip, match, self.mark)


# The packets that connection tracking takes for invalid if it has not seen the whole connection: of TCP those with FIN or RST, of
# SCTP all but INIT.
_INVALID = {'tcp': 'tcp flags & (fin | rst) != 0', 'sctp': 'meta l4proto sctp @th,96,8 != 1'}


class Untracked(NamedTuple):
    """Packets to ports of VIPs, all of one family, are not tracked that would be invalid. No ports are all ports."""

    protocol: str
    vips: tuple[str, ...]
    spans: tuple[tuple[int, int], ...] = ()

    @property
    def order(self) -> tuple:
        first = ipaddress.ip_address(self.vips[0])
        return PROTOCOLS.index(self.protocol), first.version, self.spans

    @property
    def statement(self) -> str:
        """Return the rule in nft's language."""
        words = [_INVALID[self.protocol], _LAYER[family_of(self.vips[0])], 'daddr', _set(self.vips)]
        if self.spans:
            words += [self.protocol, 'dport', _set(ports(*span) for span in self.spans)]
        return ' '.join(words + ['notrack'])


def _set(elements: Iterable[str]) -> str:
    return '{{ {0} }}'.format(', '.join(elements))


def ports(first: int, last: int) -> str:
    return str(first) if first == last else '{0}-{1}'.format(first, last)


@dataclasses.dataclass(frozen=True)
class Table:
    """Our table: its rules in their order, and what else is in it, each piece as nft says it in JSON."""

    marks: tuple[Mark, ...]
    untracked: tuple[Untracked, ...] = ()
    odd: tuple[str, ...] = ()

    @property
    def lines(self) -> list[str]:
        """Return the commands that make it; what else is in it only shows in a comment."""
        where = '{0} {1}'.format(FAMILY, TABLE)
        lines = ['add table {0}'.format(where)]
        for chain, rules in ((CHAIN, self.marks), (UNTRACKED, self.untracked)):
            if rules:
                lines.append('add chain {0} {1} {{ type filter hook prerouting priority {2}; policy accept; }}'.format(
                    where, chain, CHAINS[chain][0]))
                lines += ['add rule {0} {1} {2}'.format(where, chain, rule.statement) for rule in rules]
        return lines + ['# ' + piece for piece in self.odd]


def replacement(table: Table | None) -> list[str]:
    """Return the commands that put a table, or none, in the place of ours whether there is one or not.

    nft makes one transaction of them: there is no moment without the table, and if one is refused all are. To delete what
    is not there is an error, so it is added first.
    """
    where = '{0} {1}'.format(FAMILY, TABLE)
    return ['add table ' + where, 'delete table ' + where] + (table.lines if table else [])


def parse(text: str) -> Table:
    """Return our table as `nft --json list table` prints it; raise `MarksError`."""
    try:
        pieces = [piece for entry in json.loads(text)['nftables'] for piece in entry.items()]
        marks, untracked, odd = [], [], []
        for kind, piece in pieces:
            rule = _rule(piece) if kind == 'rule' else None
            if isinstance(rule, Mark):
                marks.append(rule)
            elif rule:
                untracked.append(rule)
            elif kind != 'metainfo' and not _is_frame(kind, piece):
                odd.append(_shown(kind, piece))
    except (ValueError, LookupError, TypeError, AttributeError):
        raise MarksError('`nft --json` printed what this module does not understand: {0!r}. Look at it with `nft --json '
                         'list table {1} {2}`'.format(text[:80], FAMILY, TABLE)) from None
    return Table(tuple(marks), tuple(untracked), tuple(odd))


def _is_frame(kind: str, piece: Mapping[str, Any]) -> bool:
    """Say whether this is the table or the chain as we make it. A table with flags may be one that does nothing."""
    if piece.get('comment'):
        return False
    if kind == 'table':
        return not piece.get('flags')
    return kind == 'chain' and (
        [piece.get(key) for key in ('type', 'hook')] == ['filter', 'prerouting']
        and piece.get('prio') in CHAINS.get(piece.get('name'), ()) and piece.get('policy', 'accept') == 'accept')


def _shown(kind: str, piece: Mapping[str, Any]) -> str:
    known = ('family', 'table', 'handle')
    return json.dumps({kind: {key: value for key, value in piece.items() if key not in known}}, sort_keys=True)


def _rule(rule: Mapping[str, Any]) -> Mark | Untracked | None:
    """Return what a rule does, if it is a rule as this module writes them."""
    if rule.get('comment'):
        return None
    *matches, last = rule['expr'] or [{}]
    protocols, found = [], {}
    for expression in matches:
        protocol = _protocol_of_invalid(expression)
        if protocol:
            protocols.append(protocol)
            continue
        match = expression.get('match') or {}
        subject = _subject(match.get('left'))
        if not subject or match.get('op', '==') != '==' or subject in found:
            return None
        found[subject] = match.get('right')
    mark = _value_set(last)
    if rule['chain'] == UNTRACKED and len(protocols) == 1 and last == {'notrack': None}:
        return _as_untracked(found, protocols[0])
    return _as_ours(found, mark) if rule['chain'] == CHAIN and not protocols and mark is not None else None


def _protocol_of_invalid(expression: Mapping[str, Any]) -> str:
    """Return the protocol of whose packets a match is for the invalid ones; each version of nft has words of its own for flags."""
    match = expression.get('match') or {}
    operator, left, right = match.get('op'), match.get('left') or {}, match.get('right')
    if not isinstance(left, dict):
        return ''
    payload = left.get('payload') or {}
    if operator == '!=' and right == 1 and [payload.get(key) for key in ('base', 'offset', 'len')] == ['th', 96, 8]:
        return 'sctp'
    flags = {'payload': {'protocol': 'tcp', 'field': 'flags'}}
    if operator == 'in' and left == flags:
        return 'tcp' if _flags(right) == _ENDS else ''
    masked = left.get('&')
    if operator != '!=' or right != 0 or not isinstance(masked, list) or masked[:1] != [flags]:
        return ''
    return 'tcp' if _flags(masked[1:]) == _ENDS else ''


_ENDS = {'fin', 'rst'}


def _flags(value: Any) -> set[str]:
    """Return the names in a flag, a list of flags, or flags joined by |."""
    if isinstance(value, dict):
        return _flags(value.get('|'))
    if isinstance(value, list):
        return {flag for one in value for flag in _flags(one)}
    return {str(value)}


def _as_untracked(found: dict[str, Any], protocol: str) -> Untracked | None:
    """Return the rule of what is matched, if this module would have written it."""
    for family, layer in _LAYER.items():
        left = dict(found)
        vips = [_address(one, family) for one in _elements(left.pop(layer + ' daddr', []))]
        spans = [_span(one) for one in _elements(left.pop(protocol + ' dport', []))]
        if (left.pop('meta nfproto', family) == family
                and left.pop('meta l4proto', protocol) in (protocol, _NUMBERS[protocol], str(_NUMBERS[protocol]))
                and not left and vips and all(vips) and all(spans)):
            return Untracked(protocol, in_order(vips), tuple(sorted(spans)))
    return None


def in_order(vips: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(vips, key=ipaddress.ip_address))


def _elements(value: Any) -> list:
    """Return what is in a set; a set of one some versions of nft show as that one."""
    found = value.get('set') if isinstance(value, dict) and 'set' in value else value
    return found if isinstance(found, list) else [found]


def _value_set(expression: Mapping[str, Any]) -> int | None:
    """Return the number that an expression sets the mark to."""
    mangle = expression.get('mangle') or {}
    value = mangle.get('value')
    return value if mangle.get('key') == {'meta': {'key': 'mark'}} and _is_number(value) else None


def _subject(left: Any) -> str:
    """Return what a match looks at, in nft's language."""
    if not isinstance(left, dict):
        return ''
    payload, meta = left.get('payload') or {}, left.get('meta') or {}
    if 'protocol' in payload and 'field' in payload:
        return '{0} {1}'.format(payload['protocol'], payload['field'])
    return 'meta {0}'.format(meta['key']) if 'key' in meta else ''


def _as_ours(found: dict[str, Any], mark: int) -> Mark | None:
    """Return the rule of what is matched, if this module would have written it.

    What follows from the rest, the family and the protocol, some versions of nft show and others do not.
    """
    for family, layer in _LAYER.items():
        for protocol, number in _NUMBERS.items():
            left = dict(found)
            vip = _address(left.pop(layer + ' daddr', None), family)
            if left.pop('meta nfproto', family) != family or not vip:
                continue
            every = 'meta l4proto' in left
            if left.pop('meta l4proto', protocol) not in (protocol, number, str(number)):
                continue
            span = _span(left.pop(protocol + ' dport')) if protocol + ' dport' in left else (0, MAX_PORT) if every else None
            if span and not left:
                return Mark(vip, protocol, span[0], span[1], mark)
    return None


def _address(value: Any, family: str) -> str:
    try:
        address = normal_address(value)
    except (ValueError, TypeError):
        return ''
    return address if family_of(address) == family else ''


def _span(value: Any) -> tuple[int, int] | None:
    span = value.get('range') if isinstance(value, dict) else [value, value]
    if not isinstance(span, list) or len(span) != 2 or not all(_is_number(port) for port in span):
        return None
    return (span[0], span[1]) if 0 < span[0] <= span[1] <= MAX_PORT else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
