# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read what ipvsadm prints.

Private to this collection. No single listing shows everything: `-Sn` has no thresholds, `-Ln --thresholds` has no
weights, so a whole table is read from both.
"""

from __future__ import annotations

import functools
import re
from typing import Iterable, NamedTuple

from .model import (
    RealServer,
    RealServerKey,
    ServiceKey,
    Table,
    Tunnel,
    VirtualService,
    family_of,
    normal_address,
    normal_flags,
    normal_netmask,
)
from .settings import SyncDaemon, Timeouts

_PROTOCOL = {'-t': 'tcp', '-u': 'udp', '--sctp-service': 'sctp'}
_FORWARD = {'-g': 'dr', '-i': 'tun', '-m': 'nat'}
_CHECKSUM = {'--tun-nocsum': 'none', '--tun-csum': 'csum', '--tun-remcsum': 'remcsum'}
_TIMEOUTS = 'Timeout (tcp tcpfin udp): '
_DAEMON = re.compile(r'(master|backup) sync daemon \(mcast=(.+), syncid=(.+)\)')
_CONNECTION_TITLES = 2
_BLANKS = re.compile(' +')
_LISTED_PROTOCOL = {'TCP': 'tcp', 'UDP': 'udp', 'SCTP': 'sctp'}


class DumpError(Exception):
    """ipvsadm printed something that this collection does not know."""

    def __init__(self, line: str) -> None:
        super().__init__('cannot understand what ipvsadm printed: {0!r}'.format(line[:200]))


class Counters(NamedTuple):
    """Connections, packets and bytes, in and out: exact counters since the entry was made, or their gain in a second."""

    connections: int
    packets_in: int
    packets_out: int
    bytes_in: int
    bytes_out: int


class Activity(NamedTuple):
    """Connections of a real server now: active are the established ones, inactive all others, such as finished ones."""

    active: int
    inactive: int


IDLE = Activity(0, 0)


class Connection(NamedTuple):
    """One entry of the connection table: addresses and ports of the client, the virtual service and the real server.

    A persistence template, which has no client port, keeps a client or its network at a real server. That of a
    firewall-mark service has protocol ``ip`` and the mark as its virtual address.
    """

    protocol: str
    state: str
    expires: int
    client: tuple[str, int]
    virtual: tuple[str, int]
    realserver: tuple[str, int]
    engine: str = ''
    engine_data: str = ''


def parse_table(rules: str, thresholds: str = '') -> Table:
    """Return the table that `ipvsadm -Sn` and `ipvsadm -Ln --thresholds` describe; raise `DumpError`."""
    services = []
    realservers = []
    limits = {key: tuple(numbers[:2]) for key, numbers in _listing(thresholds, columns=4, limited=True)}
    for line in rules.splitlines():
        words = line.split()
        if not words:
            continue
        try:
            if words[0] == '-A':
                services.append(_service(words))
            elif words[0] == '-a':
                server = _realserver(words)
                upper, lower = limits.get(server.key, (0, 0))
                if upper or lower:
                    server = server._replace(upper_threshold=upper, lower_threshold=lower)
                realservers.append(server)
            else:
                raise DumpError(line)
        except (ValueError, IndexError, KeyError):
            raise DumpError(line)
    return Table(services, realservers)


def parse_counters(stats: str) -> dict[ServiceKey | RealServerKey, Counters]:
    """Return the counters that `ipvsadm -Ln --stats --exact`, or `--rate`, prints, by key; raise `DumpError`."""
    return {key: Counters(*numbers) for key, numbers in _listing(stats, columns=5, on_services=True)}


def parse_activity(thresholds: str) -> dict[RealServerKey, Activity]:
    """Return the connections that `ipvsadm -Ln --thresholds` counts, by real server; raise `DumpError`."""
    return {key: Activity(*numbers[2:]) for key, numbers in _listing(thresholds, columns=4)}


def parse_timeouts(listing: str) -> Timeouts:
    """Return what `ipvsadm -Ln --timeout` prints; raise `DumpError`."""
    line = listing.strip('\n')
    try:
        if not line.startswith(_TIMEOUTS):
            raise ValueError(line)
        return Timeouts(*[_number(word) for word in line[len(_TIMEOUTS):].split(' ')])
    except (ValueError, TypeError):
        raise DumpError(line)


def parse_daemons(listing: str) -> dict[str, SyncDaemon]:
    """Return the running daemons that `ipvsadm -Ln --daemon` prints, by role; raise `DumpError`."""
    daemons = {}
    for line in listing.splitlines():
        found = _DAEMON.fullmatch(line)
        try:
            role, interface, rest = found.groups()
            syncid, *more = rest.split(', ')
            settings = dict(setting.split('=') for setting in more)
            if 'group' in settings:
                settings['group'] = normal_address(settings['group'])
            numbers = {name: _number(settings[name]) for name in settings if name != 'group'}
            daemons[role] = SyncDaemon(role, interface, _number(syncid), **dict(settings, **numbers))
        except (AttributeError, ValueError, TypeError):
            raise DumpError(line)
    return daemons


def parse_connections(listing: str) -> list[Connection]:
    """Return the entries that `ipvsadm -Lnc --persistent-conn` prints, in its order; raise `DumpError`."""
    connections = []
    # Not splitlines() and split(): the engine's data come from the network and may hold what only Python takes for a
    # blank or the end of a line.
    for line in listing.split('\n')[_CONNECTION_TITLES:]:
        words = _BLANKS.split(line, 7)
        if words == ['']:
            continue
        try:
            if len(words) not in (6, 8):
                raise ValueError(line)
            minutes, seconds = words[1].split(':')
            connections.append(
                Connection(
                    words[0].lower(),
                    words[2],
                    _number(minutes) * 60 + _number(seconds),
                    _split_endpoint(words[3]),
                    _split_endpoint(words[4]),
                    _split_endpoint(words[5]),
                    *words[6:],
                )
            )
        except ValueError:
            raise DumpError(line)
    return connections


# The same few services and addresses come again and again in a dump.
@functools.lru_cache(maxsize=None)
def _split_endpoint(text: str) -> tuple[str, int]:
    address, _colon, port = text.rpartition(':')
    if address.startswith('[') and address.endswith(']'):
        address = address[1:-1]
        if ':' not in address:
            raise ValueError(text)
    elif ':' in address:
        raise ValueError(text)
    return normal_address(address), _number(port)


def _number(text: str) -> int:
    # int() would take signs, blanks, underscores and the digits of every script.
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return int(text)


def _mark(text: str) -> int:
    # ipvsadm prints the 32 bits of a mark with a sign.
    return 2**32 - _number(text[1:]) if text.startswith('-') else _number(text)


def _service_key(words: list[str]) -> tuple[ServiceKey, int]:
    """Return the key that starts at words[1] and the index of the word behind it."""
    if words[1] == '-f':
        if words[3:4] == ['-6']:
            return ServiceKey('fwmark', 'ipv6', '', _mark(words[2])), 4
        return ServiceKey('fwmark', 'ipv4', '', _mark(words[2])), 3
    return _address_key(words[1], words[2]), 3


@functools.lru_cache(maxsize=None)
def _address_key(option: str, text: str) -> ServiceKey:
    address, port = _split_endpoint(text)
    return ServiceKey(_PROTOCOL[option], family_of(address), address, port)


def _service(words: list[str]) -> VirtualService:
    key, index = _service_key(words)
    settings: dict = {}
    while index < len(words):
        word = words[index]
        if word == '-o':
            settings['one_packet'] = True
            index += 1
            continue
        if words[index:] == ['-b']:
            # A flag for which ipvsadm has no name, such as flag-3 of sh.
            break
        value = words[index + 1]
        index += 2
        if word == '-s':
            settings['scheduler'] = value
        elif word == '-b':
            settings['scheduler_flags'] = value.split(',')
        elif word == '-p':
            settings['persistence_timeout'] = _number(value)
        elif word == '-M':
            settings['persistence_netmask'] = normal_netmask(key.family, value)
        elif word == '--pe':
            settings['persistence_engine'] = value
        else:
            raise ValueError(word)
    if 'scheduler_flags' in settings:
        settings['scheduler_flags'] = normal_flags(settings['scheduler'], settings['scheduler_flags'])
    return VirtualService(key, **settings)


def _realserver(words: list[str]) -> RealServer:
    service, index = _service_key(words)
    if words[index] != '-r':
        raise ValueError(words[index])
    address, port = _split_endpoint(words[index + 1])
    index += 2
    settings: dict = {}
    tunnel = {}
    while index < len(words):
        word = words[index]
        index += 1
        if word in _FORWARD:
            settings['forward'] = _FORWARD[word]
            continue
        if word in _CHECKSUM:
            tunnel['checksum'] = _CHECKSUM[word]
            continue
        value = words[index]
        index += 1
        if word == '-w':
            settings['weight'] = _number(value)
        elif word == '-x':
            settings['upper_threshold'] = _number(value)
        elif word == '-y':
            settings['lower_threshold'] = _number(value)
        elif word == '--tun-type':
            tunnel['type'] = value
        elif word == '--tun-port':
            tunnel['port'] = _number(value)
        else:
            raise ValueError(word)
    if settings.get('forward') == 'tun':
        settings['tunnel'] = Tunnel(**tunnel)
    elif tunnel:
        raise ValueError(' '.join(words))
    return RealServer(RealServerKey(service, address, port), **settings)


def _listing(text: str, columns: int, on_services: bool = False, limited: bool = False) -> Iterable[tuple]:
    """Yield (key, numbers) for each line of a listing of `ipvsadm -Ln`; services have numbers only in some listings.

    With `limited`, real servers without thresholds are left out: that is nearly all of them.
    """
    service = None
    for line in text.splitlines():
        words = line.split()
        if not words or line.startswith(('IP Virtual Server', 'Prot ')) or words[:2] == ['->', 'RemoteAddress:Port']:
            continue
        try:
            if words[0] == '->':
                if service is None or len(words) != columns + 2:
                    raise ValueError(line)
                if limited and words[2] == words[3] == '0':
                    continue
                address, port = _split_endpoint(words[1])
                numbers = [_number(word) for word in words[2:]]
                yield RealServerKey(service, address, port), numbers
                continue
            service = _listed_service(words)
            if on_services:
                numbers = [_number(word) for word in words[-columns:]]
                if len(numbers) != columns:
                    raise ValueError(line)
                yield service, numbers
        except (ValueError, IndexError, KeyError):
            raise DumpError(line)


def _listed_service(words: list[str]) -> ServiceKey:
    if words[0] == 'FWM':
        family = 'ipv6' if words[2:3] == ['IPv6'] else 'ipv4'
        return ServiceKey('fwmark', family, '', _mark(words[1]))
    address, port = _split_endpoint(words[1])
    return ServiceKey(_LISTED_PROTOCOL[words[0]], family_of(address), address, port)
