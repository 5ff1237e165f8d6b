# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernel's own answers to which way an address is and which MAC address it has, without a process for each: rtnetlink(7).

Private to this collection, and on directors for lvs-data-path, which asks at every health check. Everywhere else `iproute` reads
what `ip` prints. Building and parsing are pure.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
from typing import Iterator, NamedTuple

REQUEST, DUMP = 0x1, 0x300
ERROR, DONE = 2, 3
NEWROUTE, GETROUTE, NEWNEIGH, GETNEIGH = 24, 26, 28, 30
RTA_DST, RTA_OIF, RTA_GATEWAY, RTA_PREFSRC, RTA_VIA = 1, 4, 5, 7, 18
NDA_DST, NDA_LLADDR = 1, 2
RTN_UNICAST, RTN_LOCAL = 1, 2
HEADER, ROUTE_HEADER, NEIGHBOUR_HEADER, ATTRIBUTE = struct.Struct('=IHHII'), struct.Struct('=8BI'), struct.Struct('=BxxxiHBB'), struct.Struct('=HH')
BUFFER = 1 << 16


class Route(NamedTuple):
    """The way to an address. `gateway` says whether a router is between, `local` whether it is this host's own.

    A host that is its own gateway, as `ipvs.onlink` has it, is on the link.
    """

    interface: int
    source: str | None
    gateway: bool
    local: bool


class Message(NamedTuple):
    """A message of the kernel: its type, the header after the common one, and the attributes by number."""

    kind: int
    header: tuple
    attributes: dict


def _aligned(size: int) -> int:
    return (size + 3) & ~3


def _request(kind: int, flags: int, body: bytes) -> bytes:
    return HEADER.pack(HEADER.size + len(body), kind, REQUEST | flags, 1, 0) + body


def route_request(address: str) -> bytes:
    """Return the message that asks for the way to an address."""
    packed = ipaddress.ip_address(address).packed
    family = socket.AF_INET if len(packed) == 4 else socket.AF_INET6
    header = ROUTE_HEADER.pack(family, len(packed) * 8, 0, 0, 0, 0, 0, 0, 0)
    return _request(GETROUTE, 0, header + ATTRIBUTE.pack(ATTRIBUTE.size + len(packed), RTA_DST) + packed)


def neighbours_request(version: int) -> bytes:
    """Return the message that asks for the MAC addresses that are known, of one IP version."""
    return _request(GETNEIGH, DUMP, NEIGHBOUR_HEADER.pack(socket.AF_INET if version == 4 else socket.AF_INET6, 0, 0, 0, 0))


def parse(data: bytes) -> Iterator[Message]:
    """Yield the messages of a datagram from the kernel; raise `OSError` for one that is an error."""
    while len(data) >= HEADER.size:
        length, kind, _flags, _sequence, _sender = HEADER.unpack_from(data)
        body = data[HEADER.size:length]
        data = data[_aligned(length):]
        if kind == ERROR:
            number = -struct.unpack_from('=i', body)[0]
            if number:
                raise OSError(number, os.strerror(number))
        elif kind in (NEWROUTE, NEWNEIGH):
            shape = ROUTE_HEADER if kind == NEWROUTE else NEIGHBOUR_HEADER
            yield Message(kind, shape.unpack_from(body), dict(_attributes(body[shape.size:])))
        else:
            yield Message(kind, (), {})


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    while len(data) >= ATTRIBUTE.size:
        length, kind = ATTRIBUTE.unpack_from(data)
        yield kind, data[ATTRIBUTE.size:length]
        data = data[max(_aligned(length), ATTRIBUTE.size):]


def _text(packed: bytes | None) -> str | None:
    return str(ipaddress.ip_address(packed)) if packed else None


def _messages(request: bytes) -> Iterator[Message]:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as sock:
        sock.send(request)
        while True:
            for message in parse(sock.recv(BUFFER)):
                if message.kind == DONE:
                    return
                yield message


def route_to(address: str) -> Route | None:
    """Return the way to an address; None if there is none."""
    try:
        message = next(_messages(route_request(address)))
    except OSError:
        # Network or host unreachable, prohibited, a black hole.
        return None
    attributes = message.attributes
    if RTA_OIF not in attributes or message.header[7] not in (RTN_UNICAST, RTN_LOCAL):
        return None
    return Route(
        struct.unpack('=I', attributes[RTA_OIF])[0], _text(attributes.get(RTA_PREFSRC)),
        attributes.get(RTA_GATEWAY) not in (None, ipaddress.ip_address(address).packed) or RTA_VIA in attributes,
        message.header[7] == RTN_LOCAL,
    )  # fmt: skip


def mac_of(address: str, interface: int) -> bytes | None:
    """Return the MAC address that the kernel knows for an address on an interface, by its number; None if it knows none."""
    known = ipaddress.ip_address(address)
    found = None
    for message in _messages(neighbours_request(known.version)):
        if message.header[1] == interface and message.attributes.get(NDA_DST) == known.packed:
            found = message.attributes.get(NDA_LLADDR) or None
    return found
