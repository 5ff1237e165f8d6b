# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What becomes of a packet to a host, by the rules of nft and iptables-save for what comes in. Pure.

Where a rule asks for what is not known here, both ways are possible. A packet is stopped only if no way lets it pass.
"""

from __future__ import annotations

import ipaddress
import shlex
from typing import Callable, Iterable, Mapping, NamedTuple, Sequence

ACCEPT, DROP, CONTINUE = 'accept', 'drop', 'continue'
STOPS = {'drop': DROP, 'reject': DROP, 'accept': ACCEPT, 'return': CONTINUE}
_DEPTH = 16


class Packet(NamedTuple):
    """A packet of a client: of a protocol (tcp, udp), to an address and port, in through an interface.

    `state` is what connection tracking takes it for: new, invalid, untracked.
    """

    protocol: str
    address: str
    port: int
    interface: str
    state: str = 'new'

    @property
    def family(self) -> str:
        return 'ip6' if ':' in self.address else 'ip'


class Rule(NamedTuple):
    """A rule as a packet finds it: whether it matches, None if that is not known; what it does; where it goes on."""

    matches: bool | None
    verdict: str = ''
    target: str = ''
    returns: bool = True


def is_stopped(packet: Packet, rules: Mapping) -> bool:
    """Return whether a packet surely does not come in, by what lvs_host_info returned as `input`."""
    saved = rules.get('iptables') or {}
    if packet.family in saved:
        chains = _of_iptables(saved[packet.family], packet)
        if _outcomes('INPUT', chains) == {DROP}:
            return True
    nft = rules.get('nft') or {}
    chains = {name: (chain['policy'], [_of_nft(expression, packet) for expression in chain['rules']])
              for name, chain in nft.items()}
    for name, chain in nft.items():
        family, table = name.split(' ')[:2]
        # What iptables keeps in tables of nft has matches that nft cannot name.
        if chain['hook'] != 'input' or family not in ('inet', packet.family) or (table == 'filter' and family in saved):
            continue
        if _outcomes(name, chains) == {DROP}:
            return True
    return False


Chains = Mapping[str, 'tuple[str | None, Sequence[Rule]]']


def _outcomes(name: str, chains: Chains, depth: int = 0) -> set[str]:
    """Return what may become of a packet in a chain: ACCEPT, DROP, or CONTINUE in the chain that led here."""
    if name not in chains or depth > _DEPTH:
        return {ACCEPT, DROP, CONTINUE}
    policy, rules = chains[name]
    ends = {STOPS.get((policy or 'accept').lower(), ACCEPT)} if depth == 0 else {CONTINUE}
    found: set[str] = set()
    for rule in rules:
        if rule.matches is False:
            continue
        then = _then(rule, name, chains, depth)
        found |= then - {CONTINUE}
        if CONTINUE in then and not rule.returns:
            found |= ends
        if rule.matches and (CONTINUE not in then or not rule.returns):
            return found
    return found | ends


def _then(rule: Rule, name: str, chains: Chains, depth: int) -> set[str]:
    if rule.target:
        # A chain of nft is named with its table, one of iptables alone.
        table = name.rpartition(' ')[0]
        return _outcomes('{0} {1}'.format(table, rule.target).strip(), chains, depth + 1)
    if rule.verdict == 'unknown':
        return {ACCEPT, DROP, CONTINUE}
    return {STOPS[rule.verdict]} if rule.verdict else {CONTINUE}


def _all(matches: Iterable[bool | None]) -> bool | None:
    found = list(matches)
    if False in found:
        return False
    return None if None in found else True


def _of_nft(expressions: Sequence[Mapping], packet: Packet) -> Rule:
    matches: list = []
    for one in expressions:
        kind, value = next(iter(one.items())) if isinstance(one, Mapping) and one else ('', None)
        if kind == 'vmap':
            verdict = _nft_verdict(value, packet)
            if verdict == {}:
                return Rule(False)
            kind, value = next(iter(verdict.items())) if verdict else ('', None)
        if kind == 'match':
            matches.append(_nft_match(value, packet))
        elif kind in STOPS:
            return Rule(_all(matches), kind, returns=kind != 'return')
        elif kind in ('jump', 'goto'):
            return Rule(_all(matches), target=value['target'], returns=kind == 'jump')
        elif kind not in ('counter', 'log', 'comment', 'mangle', 'notrack'):
            # A limit, a named map of verdicts, what iptables brings along: it may go on from here or end.
            return Rule(_all(matches + [None]), 'unknown')
    return Rule(_all(matches))


def _nft_verdict(vmap: Mapping, packet: Packet) -> Mapping | None:
    """Return the statement that a map of verdicts has for a packet, an empty one if it has none, None if that is not known."""
    values = _nft_values(vmap.get('key'), packet)
    entries = vmap['data'].get('set') if isinstance(vmap.get('data'), Mapping) else None
    if values is None or not isinstance(entries, list):
        return None
    for key, verdict in entries:
        found = [_nft_equal(value, key) for value in values]
        if None in found:
            return None
        if True in found:
            return verdict
    return {}


def _nft_match(match: Mapping, packet: Packet) -> bool | None:
    left, right, operator = match.get('left'), match.get('right'), match.get('op')
    values = _nft_values(left, packet)
    if values is None or operator not in ('==', '!=', 'in'):
        return None
    if not values:
        return False
    found = [_nft_equal(value, right) for value in values]
    result = True if True in found else None if None in found else False
    return (None if result is None else not result) if operator == '!=' else result


def _nft_values(left: object, packet: Packet) -> list | None:
    """Return what a packet has where a match looks, None if that is not known, nothing if it has no such thing."""
    if not isinstance(left, Mapping):
        return None
    if 'meta' in left:
        return {
            'l4proto': [packet.protocol, {'tcp': 6, 'udp': 17}[packet.protocol]],
            'nfproto': [{'ip': 'ipv4', 'ip6': 'ipv6'}[packet.family]],
            'protocol': [packet.family],
            'iifname': [packet.interface],
            'iif': [packet.interface],
        }.get(left['meta'].get('key'))
    if 'ct' in left:
        return {'state': [packet.state], 'status': ['none']}.get(left['ct'].get('key'))
    if 'fib' in left:
        return ['local'] if left['fib'].get('result') == 'type' and left['fib'].get('flags') in ('daddr', ['daddr']) else None
    if 'payload' not in left:
        return None
    protocol, field = left['payload'].get('protocol'), left['payload'].get('field')
    if protocol in ('ip', 'ip6'):
        if protocol != packet.family:
            return []
        return {'daddr': [packet.address], 'protocol': [packet.protocol], 'nexthdr': [packet.protocol]}.get(field)
    if protocol in ('tcp', 'udp', 'th'):
        if protocol not in (packet.protocol, 'th'):
            return []
        return [packet.port] if field == 'dport' else None
    return [] if protocol in ('icmp', 'icmpv6', 'sctp', 'arp', 'dccp') else None


def _nft_equal(value: object, right: object) -> bool | None:
    if isinstance(right, Mapping):
        if 'set' in right:
            right = right['set']
        elif 'range' in right:
            low, high = right['range']
            return _between(value, low, high)
        elif 'prefix' in right:
            return _within(str(value), '{addr}/{len}'.format(**right['prefix']))
        else:
            return None
    if isinstance(right, list):
        found = [_nft_equal(value, one) for one in right]
        return True if True in found else None if None in found else False
    if isinstance(right, str) and right.startswith('@'):
        return None
    if isinstance(right, str) and right.endswith('*'):
        return str(value).startswith(right[:-1])
    return _same(value, right)


def _same(value: object, other: object) -> bool:
    try:
        return ipaddress.ip_address(str(value)) == ipaddress.ip_address(str(other))
    except ValueError:
        return value == other


def _between(value: object, low: object, high: object) -> bool | None:
    try:
        if isinstance(low, int) and isinstance(high, int):
            return isinstance(value, int) and low <= value <= high
        return ipaddress.ip_address(str(low)) <= ipaddress.ip_address(str(value)) <= ipaddress.ip_address(str(high))
    except (ValueError, TypeError):
        return None


def _within(address: str, network: str) -> bool | None:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return None


def _of_iptables(text: str, packet: Packet) -> Chains:
    chains: dict[str, tuple[str | None, list[Rule]]] = {}
    for line in text.splitlines():
        if line.startswith(':'):
            name, policy = line[1:].split()[:2]
            chains[name] = (policy, [])
        elif line.startswith('-A '):
            try:
                words = shlex.split(line)
            except ValueError:
                words = line.split()
            if words[1] in chains:
                chains[words[1]][1].append(_iptables_rule(words[2:], packet))
    return chains


_TEXTS = ('--comment', '--log-prefix', '--nflog-prefix')
_NO_MATCH = (*_TEXTS, '-m', '--reject-with', '--log-level', '--set-counters', '-c')
_TARGETS = {'ACCEPT': 'accept', 'DROP': 'drop', 'REJECT': 'reject', 'RETURN': 'return'}
_GOES_ON = ('LOG', 'NFLOG', 'MARK', 'CONNMARK', 'ULOG', 'TRACE', 'AUDIT')


def _iptables_rule(words: Sequence[str], packet: Packet) -> Rule:
    matches: list = []
    verdict = target = ''
    returns = True
    for negated, option, value in _options(words):
        if option in ('-j', '-g'):
            returns = option == '-j' and value != 'RETURN'
            verdict = _TARGETS.get(value, '')
            target = value if value not in _TARGETS and value not in _GOES_ON else ''
        elif option in _MATCHES:
            found = _MATCHES[option](value, packet)
            matches.append((None if found is None else not found) if negated else found)
        elif option not in _NO_MATCH:
            matches.append(None)
    return Rule(_all(matches), verdict, target, returns)


def _options(words: Sequence[str]) -> Iterable[tuple[bool, str, str]]:
    """Yield the options of a rule: whether each is negated, its name and its values."""
    position = 0
    while position < len(words):
        negated = words[position] == '!'
        position += negated
        option, values = words[position] if position < len(words) else '', []
        position += 1
        # A text may begin like an option.
        while position < len(words) and (not words[position].startswith(('-', '!')) or (option in _TEXTS and not values)):
            values.append(words[position])
            position += 1
        yield negated, option, ' '.join(values)


def _ports(text: str, packet: Packet) -> bool:
    def one(part: str) -> bool:
        low, _colon, high = part.partition(':')
        return int(low or 0) <= packet.port <= int(high or (low if not _colon else 65535))

    return any(one(part) for part in text.split(','))


_MATCHES: dict[str, Callable[[str, Packet], 'bool | None']] = {
    '-p': lambda value, packet: value in (packet.protocol, 'all', {'tcp': '6', 'udp': '17'}[packet.protocol]),
    '-d': lambda value, packet: _within(packet.address, value),
    '-i': lambda value, packet: packet.interface.startswith(value[:-1]) if value.endswith('+') else packet.interface == value,
    '--dport': _ports,
    '--dports': _ports,
    '--ctstate': lambda value, packet: packet.state.upper() in value.split(','),
    '--state': lambda value, packet: packet.state.upper() in value.split(','),
    '--dst-type': lambda value, packet: 'LOCAL' in value.split(','),
}
