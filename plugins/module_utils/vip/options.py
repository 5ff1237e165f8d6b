# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the module vip_address, validated.

Private to this collection.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from typing import Callable, Mapping, Sequence

from ..iproute import INTERFACE_NAME


class AddressError(Exception):
    """A VIP cannot be declared as asked, or the kernel refused it half-way.

    `details` says, where something had been done already, what was done, undone and left.
    """

    def __init__(self, message: str, **details: Sequence[str]) -> None:
        super().__init__(message)
        self.details = details


SELF = 'self'
"""The broadcast address that is each VIP's own."""


@dataclasses.dataclass(frozen=True)
class Vips:
    """VIPs that interfaces shall have or shall not have: the validated options of the vip_address module."""

    addresses: tuple[str, ...]
    interface: str | None
    interface_ipv6: str | None = None
    prefix: int | None = None
    prefix_ipv6: int | None = None
    create: bool = False
    label: str | None = None
    broadcast: str | None = None
    host_route: bool = False
    announce: int = 0
    record: str | None = None
    purge: str = 'owned'
    present: bool = True

    @classmethod
    def from_options(cls, options: Mapping) -> Vips:
        """Validate the module's options; raise `AddressError` that names the entry, its value and what is right."""
        present = options.get('state', 'present') == 'present'
        # Only the record knows what to remove where nothing else says so.
        recorded = options.get('record') is not None and not present
        interface = options.get('interface')
        for name in ('interface', 'interface_ipv6'):
            if options.get(name) is not None:
                _check_interface_name(name, options[name])
        if interface is None and not recorded:
            raise AddressError('interface: is missing; name the interface of the VIPs, for example lo. It can be left '
                               'out only with state: absent and record')
        given = options.get('address')
        # With a record nothing is a declaration too: none are wanted, and state: absent is about all of them.
        nothing = options.get('record') is not None and (given == [] if present else given is None)
        addresses = () if nothing else vip_list(given or ())
        versions = {ipaddress.ip_address(address).version for address in addresses}
        prefix, prefix_ipv6 = options.get('prefix'), options.get('prefix_ipv6')
        # Of both families it is that of IPv4.
        first = [address for address in addresses if ':' not in address] or (addresses if prefix_ipv6 is None else [])
        for name, value, those in (('prefix', prefix, first),
                                   ('prefix_ipv6', prefix_ipv6, [address for address in addresses if ':' in address])):
            if value is not None and those:
                _check_prefix(name, value, those, addresses)
        announce = options.get('announce') or 0
        if announce < 0:
            raise AddressError('announce: {0} is out of range: it counts frames, 0 for none'.format(announce))
        for name in ('label', 'broadcast'):
            if options.get(name) is not None and addresses and 4 not in versions:
                raise AddressError("{0}: '{1}' belongs to an IPv4 address, and there is none in address: {2}".format(
                    name, options[name], ', '.join(addresses)))
        label = options.get('label')
        if label is not None and interface is not None:
            _check_label(label, interface)
        broadcast = options.get('broadcast')
        if broadcast is not None and broadcast != SELF:
            broadcast = str(_literal(broadcast, 'broadcast', ipaddress.IPv4Address, '192.0.2.255'))
        return cls(
            addresses=addresses,
            interface=interface,
            interface_ipv6=options.get('interface_ipv6'),
            prefix=prefix,
            prefix_ipv6=prefix_ipv6,
            create=bool(options.get('create')),
            label=label,
            broadcast=broadcast,
            host_route=bool(options.get('host_route')),
            announce=announce,
            record=options.get('record'),
            purge=options.get('purge', 'owned'),
            present=present,
        )

    @property
    def by_interface(self) -> dict[str, list[str]]:
        """Return the VIPs of each interface that has one."""
        found: dict[str, list[str]] = {}
        for address in self.addresses:
            interface = self.interface_of(address)
            if interface is not None:
                found.setdefault(interface, []).append(address)
        return found

    def interface_of(self, address: str) -> str | None:
        return (self.interface_ipv6 if ':' in address else None) or self.interface

    def given_prefix(self, address: str) -> int | None:
        """Return the prefix length that is asked for, None where that is left to us."""
        if ':' in address and (self.prefix_ipv6 is not None or any(':' not in other for other in self.addresses)):
            return self.prefix_ipv6
        return self.prefix

    def prefix_of(self, address: str) -> int:
        given = self.given_prefix(address)
        return ipaddress.ip_address(address).max_prefixlen if given is None else given

    def broadcast_of(self, address: str) -> str | None:
        return address if self.broadcast == SELF else self.broadcast


def _check_interface_name(option: str, interface: str) -> None:
    if not INTERFACE_NAME.match(interface):
        raise AddressError("{0}: '{1}' is not the name of an interface: 1 to 15 characters without space, '/', ':', "
                           "'#' or quotes; an alias such as lo:0 is interface: lo with label: lo:0"
                           .format(option, interface))


def _literal(value: str, where: str, kind: Callable, example: str):
    try:
        if '%' in value:
            raise ValueError('scope id')
        parsed = kind(value)
        # Python before 3.9.5 reads 010.0.0.1 as 10.0.0.1, other programs as 8.0.0.1.
        if parsed.version == 4 and re.search(r'(^|\.)0\d', value):
            raise ValueError('leading zero')
        return parsed
    except ValueError:
        what = 'IPv4' if kind is ipaddress.IPv4Address else 'IPv4 or IPv6'
        raise AddressError("{0}: '{1}' is not a literal {2} address; names are not resolved here, write it as "
                           "for example {3}".format(where, value, what, example)) from None


def vip_list(values: Sequence[str]) -> tuple[str, ...]:
    """Return VIPs in their canonical spelling; raise `AddressError` for one that cannot be a VIP or is there twice."""
    if not values:
        raise AddressError('address: the list is empty; name at least one VIP, for example 192.0.2.100')
    positions: dict[str, int] = {}
    for index, value in enumerate(values):
        where = 'address[{0}]'.format(index)
        if '/' in value:
            raise AddressError("{0}: '{1}' carries a prefix length; write the address as '{2}' and the prefix length "
                               "in the option prefix".format(where, value, value.split('/')[0]))
        address = _literal(value, where, ipaddress.ip_address, '192.0.2.100 or 2001:db8::100')
        reason = _not_a_vip(address)
        if reason:
            raise AddressError("{0}: '{1}' is {2} and cannot be a VIP; name a unicast address that clients can reach"
                               .format(where, value, reason))
        if str(address) in positions:
            raise AddressError("{0}: '{1}' is already there as address[{2}]; name each VIP once".format(
                where, value, positions[str(address)]))
        positions[str(address)] = index
    return tuple(positions)


def _not_a_vip(address) -> str:
    if address.is_unspecified:
        return 'the unspecified address'
    if address.is_loopback:
        return 'a loopback address'
    if address.is_multicast:
        return 'a multicast address'
    if str(address) == '255.255.255.255':
        return 'the broadcast address'
    if address.version == 6 and address.ipv4_mapped:
        return 'an IPv4 address in IPv6 notation (write {0})'.format(address.ipv4_mapped)
    return ''


def _check_prefix(option: str, prefix: int, concerned: Sequence[str], addresses: Sequence[str]) -> None:
    highest = ipaddress.ip_address(concerned[0]).max_prefixlen
    if not 1 <= prefix <= highest:
        raise AddressError('{0}: {1} is out of range for IPv{2}: 1 to {3}, {3} for a VIP as a rule'.format(
            option, prefix, 4 if highest == 32 else 6, highest))
    if highest == 128 or prefix > 30:
        return
    for address in concerned:
        network = ipaddress.ip_network((address, prefix), strict=False)
        ends = {str(network.network_address): 'network', str(network.broadcast_address): 'broadcast'}
        if address in ends:
            raise AddressError("address[{0}]: '{1}' is the {2} address of {3} and cannot be a VIP with prefix: {4}; "
                               "leave prefix out for a VIP of its own (/32)".format(
                                   list(addresses).index(address), address, ends[address], network, prefix))


def _check_label(label: str, interface: str) -> None:
    alias = label[len(interface) + 1:]
    if not label.startswith(interface + ':') or not alias or len(label) > 15 or not INTERFACE_NAME.match(alias):
        raise AddressError("label: '{0}' does not fit the interface: it is the interface's name, ':' and a short word, "
                           "at most 15 characters in all, for example '{1}:1'".format(label, interface))
