# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sockets that listen, as the kernel lists them in /proc/net.

Private to this collection. Parsing is pure; `read` takes the files of a host.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import struct

from .procfs import Files

TABLES = {'tcp': ('tcp', 4), 'tcp6': ('tcp', 6), 'udp': ('udp', 4), 'udp6': ('udp', 6)}
LISTENING = {'tcp': '0A', 'udp': '07'}
"""TCP_LISTEN; for UDP, which does not listen, TCP_CLOSE: a socket that takes datagrams from anybody."""


@dataclasses.dataclass(frozen=True)
class Listener:
    """A socket that listens. `dual_stack` says whether an IPv6 wildcard serves IPv4 as well."""

    protocol: str
    address: str
    port: int
    dual_stack: bool = False

    def compact(self) -> dict:
        return {
            'protocol': self.protocol,
            'family': 'ipv6' if ':' in self.address else 'ipv4',
            'address': self.address,
            'port': self.port,
            'dual_stack': self.dual_stack,
        }


def parse(text: str, protocol: str) -> set[tuple[str, int]]:
    """Parse one table of /proc/net: the addresses and ports that are listened on."""
    found = set()
    for line in text.splitlines()[1:]:
        columns = line.split()
        if len(columns) > 3 and columns[3] == LISTENING[protocol]:
            address, _colon, port = columns[1].rpartition(':')
            found.add((_address(address), int(port, 16)))
    return found


def _address(text: str) -> str:
    """Return an address that is printed as 32-bit words in the byte order of the machine."""
    words = [int(text[start:start + 8], 16) for start in range(0, len(text), 8)]
    address = ipaddress.ip_address(struct.pack('={0}I'.format(len(words)), *words))
    mapped = address.version == 6 and address.ipv4_mapped
    return str(mapped or address)


def listeners(tables: dict[str, str], bindv6only: bool) -> list[Listener]:
    """Return who listens, from the texts of the tables by name.

    The tables do not show whether an IPv6 wildcard takes IPv4 too. It does not where an IPv4 wildcard could be bound
    beside it; otherwise it does unless net.ipv6.bindv6only makes that the exception.
    """
    found = {(TABLES[name][0],) + socket for name, text in tables.items() for socket in parse(text, TABLES[name][0])}
    return [
        Listener(protocol, address, port,
                 address == '::' and not bindv6only and (protocol, '0.0.0.0', port) not in found)
        for protocol, address, port in sorted(found, key=lambda one: (one[0], one[2], one[1]))
    ]


def read(files: Files) -> list[Listener]:
    """Read who listens in the network namespace of this process."""
    tables = {name: files.text('/proc/net/' + name) for name in TABLES}
    # Without IPv6 in the kernel there are no tables of it.
    return listeners({name: text for name, text in tables.items() if text is not None},
                     files.number('/proc/sys/net/ipv6/bindv6only') == 1)
