# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What IPVS holds: virtual services and their real servers, as immutable values that compare exactly.

Private to this collection. The values describe whatever the kernel has, also what we would not write ourselves;
`check_service` and `check_realserver` say what may be written. Named tuples, because a table has ten thousand
entries and is compared whole: creating, hashing and comparing them happens in C.
"""

from __future__ import annotations

import functools
import socket
from typing import Iterable, NamedTuple

PROTOCOLS = ('tcp', 'udp', 'sctp')
FAMILIES = ('ipv4', 'ipv6')
FORWARDING_METHODS = ('dr', 'tun', 'nat')
TUNNEL_TYPES = ('ipip', 'gue', 'gre')
TUNNEL_CHECKSUMS = ('none', 'csum', 'remcsum')
PERSISTENCE_ENGINES = ('sip',)

# Every scheduler of Linux 6.x, net/netfilter/ipvs/Kconfig.
SCHEDULERS = ('rr', 'wrr', 'lc', 'wlc', 'fo', 'ovf', 'lblc', 'lblcr', 'dh', 'sh', 'mh', 'sed', 'nq', 'twos')
# The names that ipvsadm gives to the first two of the kernel's three scheduler flags. It sets the third one for these
# schedulers as well, but never shows it again, so it cannot be declared there.
FLAG_NAMES = {'sh': ('sh-fallback', 'sh-port'), 'mh': ('mh-fallback', 'mh-port')}
GENERIC_FLAGS = ('flag-1', 'flag-2', 'flag-3')
# Of the schedulers that give each client a real server by a hash the flag that gives it another one while that has weight 0, or more
# connections than its upper threshold. Without it IPVS refuses the client; dh has no such flag.
FALLBACKS = {'sh': 'sh-fallback', 'mh': 'mh-fallback'}

MAX_PORT = 65535
MAX_WEIGHT = 65535
# ipvsadm refuses more than 31 days.
MAX_PERSISTENCE = 2678400
MAX_FWMARK = 4294967295
# The kernel has 32 bits, ipvsadm takes 31 of them.
MAX_THRESHOLD = 2147483647
IPV4_HOST_MASK = '255.255.255.255'
IPV6_HOST_MASK = '128'
IPV4_MAPPED = bytes(10) + b'\xff\xff'


def shown(value: object) -> str:
    """Return a value of the user for a message: quoted, on one line, and not in full if it is long."""
    text = repr(value)
    return text if len(text) <= 100 else '{0}... ({1} characters)'.format(text[:60], len(text))


class InvalidEntry(ValueError):
    """An option has a value that must not reach the kernel; the message says where, what and what would be right."""

    def __init__(self, option: str, value: object, reason: str, where: str = '') -> None:
        self.option = option
        self.value = value
        self.reason = reason
        self.where = where
        super().__init__('{0}{1}: {2} {3}'.format(where, option, shown(value), reason))

    def at(self, where: str, **renamed: str) -> InvalidEntry:
        """Return the same finding for an entry of a list, or for a module that gives the option another name."""
        return InvalidEntry(renamed.get(self.option, self.option), self.value, self.reason, where + self.where)


class ServiceKey(NamedTuple):
    """What makes a virtual service this one and no other.

    A firewall-mark service has protocol ``fwmark``, an empty address and the mark as its number. The same mark in
    IPv4 and in IPv6 are two services.
    """

    protocol: str
    family: str
    address: str
    number: int

    def __str__(self) -> str:
        if self.protocol == 'fwmark':
            return 'fwmark {0} {1}'.format(self.number, self.family)
        return '{0} {1}'.format(self.protocol, endpoint(self.address, self.number))


class VirtualService(NamedTuple):
    """A virtual service; timeouts in seconds, no persistence is timeout 0, an empty mask is that of one client."""

    key: ServiceKey
    scheduler: str = 'wlc'
    scheduler_flags: tuple[str, ...] = ()
    persistence_timeout: int = 0
    persistence_netmask: str = ''
    persistence_engine: str = ''
    one_packet: bool = False


class Tunnel(NamedTuple):
    """How packets travel to a real server that is reached by a tunnel."""

    type: str = 'ipip'
    port: int = 0
    checksum: str = 'none'


class RealServerKey(NamedTuple):
    """One real server of one virtual service."""

    service: ServiceKey
    address: str
    port: int

    def __str__(self) -> str:
        return '{0} of {1}'.format(endpoint(self.address, self.port), self.service)


class RealServer(NamedTuple):
    """A real server; thresholds count connections, 0 is no limit."""

    key: RealServerKey
    forward: str = 'dr'
    weight: int = 1
    upper_threshold: int = 0
    lower_threshold: int = 0
    tunnel: Tunnel | None = None


class Table:
    """Virtual services and real servers, each by its key; two tables are equal when they hold the same entries."""

    def __init__(
        self,
        services: Iterable[VirtualService] = (),
        realservers: Iterable[RealServer] = (),
    ) -> None:
        self.services = {service.key: service for service in services}
        self.realservers = {server.key: server for server in realservers}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Table):
            return NotImplemented
        return self.services == other.services and self.realservers == other.realservers

    def __hash__(self) -> int:
        return hash((frozenset(self.services.values()), frozenset(self.realservers.values())))

    def __repr__(self) -> str:
        return 'Table({0!r}, {1!r})'.format(list(self.services.values()), list(self.realservers.values()))

    def of_service(self, key: ServiceKey) -> Table:
        """Return the part of the table that is about one service."""
        return Table(
            [service for service in self.services.values() if service.key == key],
            [server for server in self.realservers.values() if server.key.service == key],
        )


def endpoint(address: str, port: int) -> str:
    """Return ``address:port`` as ipvsadm writes it, with brackets around IPv6."""
    return '[{0}]:{1}'.format(address, port) if ':' in address else '{0}:{1}'.format(address, port)


def mixes_families(key: RealServerKey) -> bool:
    """Say whether a real server is of another address family than its service, which excludes sync daemons."""
    return family_of(key.address) != key.service.family


def family_of(address: str) -> str:
    """Return the family of a normalised address."""
    return 'ipv6' if ':' in address else 'ipv4'


@functools.lru_cache(maxsize=None)
def normal_address(text: str) -> str:
    """Return a literal address in its canonical form; raise ValueError for a host name or anything else."""
    family = socket.AF_INET6 if ':' in text else socket.AF_INET
    try:
        return socket.inet_ntop(family, socket.inet_pton(family, text))
    except (OSError, UnicodeError):
        raise ValueError(text)


def flags_of(scheduler: str) -> tuple[str, ...]:
    """Return every flag that a scheduler can be declared with."""
    names = FLAG_NAMES.get(scheduler, ())
    return names + GENERIC_FLAGS[:len(names) or None]


def normal_flags(scheduler: str, flags: Iterable[str]) -> tuple[str, ...]:
    """Return scheduler flags in ipvsadm's order and under its names (``flag-1`` of sh is ``sh-fallback``)."""
    names = FLAG_NAMES.get(scheduler, ())
    renamed = dict(zip(GENERIC_FLAGS, names))
    return tuple(sorted({renamed.get(flag, flag) for flag in flags}))


def refuses_clients(scheduler: str, flags: Iterable[str]) -> bool:
    """Say whether the new clients of a real server with weight 0 are refused, not given to another one."""
    return scheduler == 'dh' or scheduler in FALLBACKS and FALLBACKS[scheduler] not in flags


def normal_netmask(family: str, mask: str) -> str:
    """Return a persistence mask as ipvsadm prints it; the mask of a single client is left out, as ipvsadm does."""
    return '' if mask == (IPV6_HOST_MASK if family == 'ipv6' else IPV4_HOST_MASK) else mask


def dotted_netmask(prefix: int) -> str:
    """Return the IPv4 netmask of a prefix length."""
    return socket.inet_ntoa((0xFFFFFFFF << (32 - prefix) & 0xFFFFFFFF).to_bytes(4, 'big'))


def _is_contiguous(mask: str) -> bool:
    inverted = ~int.from_bytes(socket.inet_aton(mask), 'big') & 0xFFFFFFFF
    return inverted & (inverted + 1) == 0


def in_range(option: str, value: int, low: int, high: int, note: str = '') -> None:
    """Raise `InvalidEntry` for a number outside its range."""
    if not low <= value <= high:
        raise InvalidEntry(option, value, 'is outside {0}..{1}{2}'.format(low, high, note))


@functools.lru_cache(maxsize=None)
def unusable(address: str) -> str:
    """Say why no packet can be sent to this address by IPVS, or nothing."""
    if ':' in address:
        packed = socket.inet_pton(socket.AF_INET6, address)
        if packed == bytes(16):
            return 'unspecified'
        if packed[0] == 0xFF:
            return 'multicast'
        if packed[:12] == IPV4_MAPPED:
            return 'an IPv4 address in IPv6 form'
        return 'link-local' if packed[0] == 0xFE and packed[1] & 0xC0 == 0x80 else ''
    packed = socket.inet_aton(address)
    if packed[0] == 0:
        return 'unspecified'
    if packed == b'\xff\xff\xff\xff':
        return 'broadcast'
    if packed[0] >= 224:
        return 'multicast' if packed[0] < 240 else 'reserved'
    return 'link-local' if packed[:2] == b'\xa9\xfe' else ''


def check_service(service: VirtualService) -> None:
    """Raise `InvalidEntry` if the kernel or ipvsadm would refuse this service, or quietly make another one of it."""
    key = service.key
    if key.protocol == 'fwmark':
        in_range('fwmark', key.number, 1, MAX_FWMARK)
    else:
        in_range('port', key.number, 0, MAX_PORT)
        kind = unusable(key.address)
        if kind:
            raise InvalidEntry('address', key.address, 'is {0}; a VIP is a unicast address'.format(kind))
        if key.number == 0 and not service.persistence_timeout:
            raise InvalidEntry('port', 0, 'means all ports and needs persistence: set persistence_timeout')
    _check_scheduling(service)
    _check_persistence(service)
    if service.one_packet and key.protocol in ('tcp', 'sctp'):
        raise InvalidEntry('one_packet', service.one_packet, 'is only for udp services, not {0}'.format(key.protocol))


def _check_scheduling(service: VirtualService) -> None:
    if service.scheduler not in SCHEDULERS:
        reason = 'is not a scheduler that IPVS knows; it is one of {0}'.format(', '.join(SCHEDULERS))
        if service.scheduler in FORWARDING_METHODS:
            reason += '. {0} is a forwarding method: say forward: {0} for the real servers'.format(service.scheduler)
        raise InvalidEntry('scheduler', service.scheduler, reason)
    allowed = flags_of(service.scheduler)
    for flag in service.scheduler_flags:
        if flag not in allowed:
            raise InvalidEntry(
                'scheduler_flags', flag, 'is not a flag of {0}; it has {1}'.format(service.scheduler, ', '.join(allowed))
            )


def _check_persistence(service: VirtualService) -> None:
    timeout = service.persistence_timeout
    in_range('persistence_timeout', timeout, 0, MAX_PERSISTENCE, ' (seconds from 1, or 0 for none)')
    mask = service.persistence_netmask
    if mask and not timeout:
        raise InvalidEntry('persistence_netmask', mask, 'needs persistence_timeout')
    if mask and service.key.family == 'ipv6':
        if not mask.isdigit() or not 1 <= int(mask) <= 128:
            raise InvalidEntry('persistence_netmask', mask, 'is not an IPv6 prefix length: 1..128')
    elif mask:
        try:
            contiguous = _is_contiguous(normal_address(mask)) and mask != '0.0.0.0'
        except (ValueError, OSError):
            contiguous = False
        if not contiguous:
            raise InvalidEntry(
                'persistence_netmask', mask, 'is not an IPv4 netmask: a prefix length 1..32, or as 255.255.255.0'
            )
    engine = service.persistence_engine
    if engine and engine not in PERSISTENCE_ENGINES:
        raise InvalidEntry('persistence_engine', engine, 'is unknown; the kernel has sip')
    if engine and not timeout:
        raise InvalidEntry('persistence_engine', engine, 'needs persistence_timeout')
    if engine == 'sip' and service.key.protocol in ('tcp', 'sctp'):
        # ipvsadm takes it, and the kernel then schedules no packet of the service at all (ip_vs_pe_sip.c).
        raise InvalidEntry('persistence_engine', engine, 'is only for udp services, not {0}'.format(service.key.protocol))


def check_realserver(server: RealServer) -> None:
    """Raise `InvalidEntry` if the kernel or ipvsadm would refuse this real server, or quietly change it."""
    service = server.key.service
    kind = unusable(server.key.address)
    if kind:
        raise InvalidEntry('address', server.key.address, 'is {0}; a real server has a unicast address'.format(kind))
    if server.forward not in FORWARDING_METHODS:
        raise InvalidEntry('forward', server.forward, 'is none of {0}'.format(', '.join(FORWARDING_METHODS)))
    if mixes_families(server.key) and server.forward != 'tun':
        raise InvalidEntry(
            'address',
            server.key.address,
            'is not {0} like its service; only forward: tun may mix families'.format(service.family),
        )
    in_range('port', server.key.port, 0, MAX_PORT)
    _check_port(server)
    in_range('weight', server.weight, 0, MAX_WEIGHT)
    in_range('upper_threshold', server.upper_threshold, 0, MAX_THRESHOLD)
    in_range('lower_threshold', server.lower_threshold, 0, MAX_THRESHOLD)
    if server.lower_threshold > server.upper_threshold:
        reason = 'is above upper_threshold {0}'.format(server.upper_threshold)
        if not server.upper_threshold:
            reason = 'needs an upper_threshold'
        raise InvalidEntry('lower_threshold', server.lower_threshold, reason)
    if server.tunnel:
        _check_tunnel(server)


def _check_port(server: RealServer) -> None:
    # The kernel overwrites the port of dr and tun servers without a word, but not that of a mark, where it is only a number.
    fixed = server.key.service.number
    if server.forward != 'nat' and server.key.service.protocol != 'fwmark' and server.key.port != fixed:
        raise InvalidEntry(
            'port',
            server.key.port,
            'is not the port of the service, {0}; with forward: {1} packets arrive unchanged, '
            'only forward: nat can change the port'.format(fixed, server.forward),
        )


def _check_tunnel(server: RealServer) -> None:
    tunnel = server.tunnel
    if server.forward != 'tun':
        raise InvalidEntry('tunnel', tunnel.type, 'is only for forward: tun, not {0}'.format(server.forward))
    if tunnel.type not in TUNNEL_TYPES:
        raise InvalidEntry('tunnel.type', tunnel.type, 'is none of {0}'.format(', '.join(TUNNEL_TYPES)))
    if tunnel.checksum not in TUNNEL_CHECKSUMS:
        raise InvalidEntry('tunnel.checksum', tunnel.checksum, 'is none of {0}'.format(', '.join(TUNNEL_CHECKSUMS)))
    if tunnel.type == 'gue':
        in_range('tunnel.port', tunnel.port, 1, MAX_PORT, ' and gue needs one')
    elif tunnel.port:
        raise InvalidEntry('tunnel.port', tunnel.port, 'is only for type: gue, not {0}'.format(tunnel.type))
    if tunnel.type == 'ipip' and tunnel.checksum != 'none':
        raise InvalidEntry('tunnel.checksum', tunnel.checksum, 'is only for gue and gre')
    if tunnel.type == 'gre' and tunnel.checksum == 'remcsum':
        raise InvalidEntry('tunnel.checksum', tunnel.checksum, 'is only for gue')
