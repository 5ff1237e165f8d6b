# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the variables of hosts say about them, and how mistakes of an inventory are collected. Pure.

Private to this collection. A message names the key of the inventory.
"""

from __future__ import annotations

import contextlib
from typing import Iterator, Mapping, NamedTuple

from ansible.module_utils.common.validation import check_type_bool

from ..module_utils.ipvs import model

try:
    import netaddr
except ImportError:
    netaddr = None

# Where the address of a host stands, the first one that fits.
ADDRESS_KEYS = ('lvs_address', 'lvs_address_ipv6', 'ansible_host')


class InventoryError(Exception):
    """The inventory declares something that cannot be built; the message names the key."""


class Findings:
    """The mistakes of an inventory, each once, in the order in which they were found."""

    def __init__(self) -> None:
        self._sentences: dict[str, None] = {}

    @property
    def sentences(self) -> list[str]:
        return list(self._sentences)

    def add(self, sentence: str) -> None:
        self._sentences[sentence] = None

    @contextlib.contextmanager
    def collecting(self) -> Iterator[None]:
        """Keep an `InventoryError` instead of letting it hide the next."""
        try:
            yield
        except InventoryError as error:
            self.add(str(error))

    def raise_first(self) -> None:
        for sentence in self._sentences:
            raise InventoryError(sentence)


class Networks(NamedTuple):
    """The networks that directors say they are attached to; incomplete if one of them does not say."""

    attached: list
    complete: bool


def require_netaddr() -> None:
    if netaddr is None:
        raise InventoryError('the Python library netaddr is missing on the controller: pip install netaddr')


def ip(text, where: str) -> netaddr.IPAddress:
    """Return a literal address; raise `InventoryError`."""
    address = parse(text)
    if address is None:
        if isinstance(text, str) and parse(text.partition('/')[0]) is not None:
            raise InventoryError('{0}: {1!r} is not an address: leave the prefix length out'.format(where, text))
        raise InventoryError('{0}: {1} is not a literal IPv4 or IPv6 address'.format(where, model.shown(text)))
    return address


def parse(text) -> netaddr.IPAddress | None:
    if not isinstance(text, str):
        # A number would be taken for the 32 bits of an address.
        return None
    try:
        return netaddr.IPAddress(text, flags=netaddr.INET_PTON)
    except (netaddr.AddrFormatError, ValueError):
        return None


def on_segment(own: Mapping) -> list[str]:
    """Return the addresses that a host has where the VIPs are; `ansible_host` may be one for management only."""
    particular = {key: own.get(key) for key in ADDRESS_KEYS if key != 'ansible_host'}
    return addresses(particular) or addresses(own)


def addresses(own: Mapping) -> list[str]:
    """Return the addresses that a host's variables give it, each once, the most particular first."""
    return list(keys_of_addresses(own))


def keys_of_addresses(own: Mapping) -> dict[str, str]:
    """Return the key of each address that a host's variables give it."""
    found: dict[str, str] = {}
    for key in ADDRESS_KEYS:
        address = parse(own.get(key))
        if address is not None:
            found.setdefault(str(address), key)
    return found


def address_of(own: Mapping, host: str, version: int, forward: str | None = None) -> str:
    """Return the address under which a host serves this IP version; raise `InventoryError`."""
    found = addresses(own)
    for address in found:
        if (':' in address) == (version == 6):
            return address
    if forward == 'tun' and found:
        return found[0]
    missing = 'lvs_address_ipv6' if version == 6 else 'lvs_address'
    raise InventoryError('{0}: has no IPv{1} address; set {2}, or ansible_host to one'.format(host, version, missing))


def unreadable_addresses(own: Mapping, host: str) -> list[str]:
    """Return a sentence for each variable that should be a host's address and is none."""
    found = Findings()
    for key in ('lvs_address', 'lvs_address_ipv6'):
        if own.get(key) in (None, ''):
            continue
        where = '{0}.{1}'.format(host, key)
        with found.collecting():
            address = ip(own[key], where)
            if key == 'lvs_address_ipv6' and address.version == 4:
                raise InventoryError('{0}: {1!r} is not an IPv6 address'.format(where, own[key]))
    return found.sentences


def is_drained(own: Mapping, host: str) -> bool:
    """Say whether a host is to get no new connections; raise `InventoryError`."""
    drained = own.get('lvs_drained')
    try:
        # An inventory in INI format has false as a text, which would be true.
        return drained is not None and check_type_bool(drained)
    except TypeError:
        raise InventoryError('{0}.lvs_drained: {1} is not true or false'.format(host, model.shown(drained))) from None


def networks_of_directors(groups: Mapping, hostvars: Mapping, found: Findings) -> Networks:
    """Return the networks that the variable `lvs_networks` of directors lists."""
    attached: list = []
    directors = groups.get('directors') or ()
    complete = bool(directors)
    for host in directors:
        declared = hostvars[host].get('lvs_networks')
        where = '{0}.lvs_networks'.format(host)
        if declared is None:
            complete = False
        elif not isinstance(declared, list):
            complete = False
            found.add('{0}: {1} is not a list of networks, as [192.0.2.0/24]'.format(where, model.shown(declared)))
        else:
            for position, text in enumerate(declared):
                network = _network(text)
                if network is None:
                    complete = False
                    found.add('{0}[{1}]: {2} is not a network with its prefix length, as 192.0.2.0/24'.format(
                        where, position, model.shown(text)))
                elif network not in attached:
                    attached.append(network)
    return Networks(attached, complete)


def whole_number(value: object) -> int | None:
    """Return a number that is given as one or as its digits, None for anything else."""
    digits = str(value)
    # Of a text of thousands of digits Python makes no number.
    return int(digits) if not isinstance(value, bool) and digits.isascii() and digits.isdigit() and len(digits) < 100 else None


def edge_of(network: netaddr.IPNetwork, address: str) -> str:
    """Say what an address at the edge of a network is, which no host can have, or nothing."""
    if network.size <= 2:
        return ''
    if address == str(network.network):
        return 'the address of the network {0} itself'.format(network)
    if network.version == 4 and address == str(network.broadcast):
        return 'the broadcast address of the network {0}'.format(network)
    return ''


def _network(text) -> netaddr.IPNetwork | None:
    if not isinstance(text, str):
        return None
    address, _slash, prefix = text.partition('/')
    if parse(address) is None or not (prefix.isascii() and prefix.isdigit()):
        return None
    try:
        return netaddr.IPNetwork(text).cidr
    except (netaddr.AddrFormatError, ValueError):
        return None
