# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the module arp_filter, validated.

Private to this collection.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import socket
from typing import Mapping, Sequence

from .. import record_file
from .rules import Rule, rules_of

DEFAULT_FILE = '/var/lib/lvs/realserver.arptables'


class FilterError(Exception):
    """ARP cannot be filtered as asked, or arptables refused it half-way."""


@dataclasses.dataclass(frozen=True)
class Filter:
    """The validated options of the arp_filter module. No addresses at all mean every recorded VIP."""

    addresses: tuple[str, ...] | None
    source: str = ''
    persist: bool = True
    file: str = DEFAULT_FILE
    purge: str = 'none'
    present: bool = True

    @classmethod
    def from_options(cls, options: Mapping) -> Filter:
        """Validate what can be judged without looking at the host; raise `FilterError` or `RecordError`."""
        present = options['state'] == 'present'
        addresses = None if options['address'] is None else _vips(options['address'])
        if present and addresses is None:
            raise FilterError('address: is missing; name the VIPs, for example 192.0.2.100')
        source = options['source'] or ''
        if present and addresses:
            source = _source(source, addresses)
        return cls(
            addresses=addresses,
            source=source,
            persist=options['persist'],
            file=record_file.check_path('file', options['file']),
            purge=options['purge'],
            present=present,
        )

    @property
    def rules(self) -> list[Rule]:
        return rules_of(self.addresses or (), self.source) if self.present else []


def _vips(values: Sequence[str]) -> tuple[str, ...]:
    positions: dict[str, int] = {}
    for index, value in enumerate(values):
        where = 'address[{0}]'.format(index)
        if ':' in value:
            raise FilterError("{0}: '{1}' is no IPv4 address. An IPv6 VIP needs no filter: neighbour discovery answers "
                              'only for addresses of the interface that was asked. Leave it out'.format(where, value))
        vip = _unicast(value, where, 'a VIP', '192.0.2.100')
        if vip in positions:
            raise FilterError("{0}: '{1}' is already there as address[{2}]; name each VIP once".format(
                where, value, positions[vip]))
        positions[vip] = index
    return tuple(positions)


def _source(value: str, vips: Sequence[str]) -> str:
    if not value:
        raise FilterError("source: is missing; name the host's own address on the segment of the VIPs (the RIP), for "
                          'example 192.0.2.21')
    source = _unicast(value, 'source', 'the address of a host', '192.0.2.21')
    if source in vips:
        raise FilterError("source: '{0}' is address[{1}] as well; the source takes the place of the VIP in what the "
                          "host sends, so name the host's own address (the RIP)".format(value, vips.index(source)))
    return source


def _unicast(value: str, where: str, what: str, example: str) -> str:
    try:
        # Python before 3.9.5 reads 010.0.0.1 as 10.0.0.1, arptables as 8.0.0.1.
        if re.search(r'(^|\.)0\d', value):
            raise ValueError('leading zero')
        address = ipaddress.IPv4Address(value)
    except ValueError:
        raise FilterError("{0}: '{1}' is not a literal IPv4 address; names are not resolved here and a prefix length "
                          'does not belong here, write it as for example {2}'.format(where, value, example)) from None
    if (address.is_unspecified or address.is_loopback or address.is_multicast
            or address == ipaddress.IPv4Address('255.255.255.255')):
        raise FilterError("{0}: '{1}' cannot be {2}; name a unicast address that others can reach".format(
            where, value, what))
    return str(address)


def is_local(address: str) -> bool:
    """Say whether an address is one of this host's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
