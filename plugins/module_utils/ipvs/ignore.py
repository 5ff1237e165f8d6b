# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Patterns of live entries that no purge removes.

Private to this collection. A pattern of a service is about its real servers too; a pattern with an address or port of a
real server is about real servers only, and `plan` keeps the service that such a one belongs to.
"""

from __future__ import annotations

import ipaddress
from typing import Any, Callable, Iterable, Mapping

from . import model
from .model import InvalidEntry, RealServerKey, ServiceKey
from .plan import Removable, nothing

Test = Callable[[Any], bool]


def ignored(patterns: Iterable[Mapping[str, Any]]) -> Removable:
    """Return what says of a key whether it is ignored; raise `InvalidEntry` with the position of a bad pattern."""
    tests = []
    for position, pattern in enumerate(patterns):
        try:
            tests.append(_matcher({option: value for option, value in pattern.items() if value is not None}))
        except InvalidEntry as error:
            raise error.at('ignore[{0}] '.format(position)) from error
    return (lambda key: any(test(key) for test in tests)) if tests else nothing


def _matcher(pattern: Mapping[str, Any]) -> Test:
    _check(pattern)
    of_service = [_SERVICE[option](option, value) for option, value in pattern.items() if option in _SERVICE]
    of_realserver = [_REALSERVER[option](option, value) for option, value in pattern.items() if option in _REALSERVER]

    def matches(key: ServiceKey | RealServerKey) -> bool:
        if isinstance(key, ServiceKey):
            return not of_realserver and all(test(key) for test in of_service)
        return all(test(key.service) for test in of_service) and all(test(key) for test in of_realserver)

    return matches


def _check(pattern: Mapping[str, Any]) -> None:
    if not pattern:
        raise InvalidEntry('pattern', {}, 'says nothing and would protect everything; give one option at least')
    for option in ('address', 'port', 'protocol'):
        if option in pattern and 'fwmark' in pattern:
            raise InvalidEntry(option, pattern[option], 'does not go with fwmark; no service has both')
    for option, low, high in (
        ('port', 0, model.MAX_PORT),
        ('realserver_port', 0, model.MAX_PORT),
        ('fwmark', 1, model.MAX_FWMARK),
    ):
        if option in pattern:
            model.in_range(option, pattern[option], low, high)
    if {'address', 'family'} <= pattern.keys():
        family = 'ipv{0}'.format(_network('address', pattern['address']).version)
        if family != pattern['family']:
            raise InvalidEntry('family', pattern['family'], 'is not the family of {0}'.format(pattern['address']))


def _network(option: str, text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        if '%' in text:
            raise ValueError('no service has a scope')
        return ipaddress.ip_network(text)
    except ValueError as error:
        reason = 'is neither a literal address nor a network such as 192.0.2.0/24'
        if 'host bits' in str(error):
            reason = 'has bits set behind its prefix; the network is {0}'.format(ipaddress.ip_network(text, strict=False))
        raise InvalidEntry(option, text, reason) from error


def _address_in(option: str, text: str) -> Test:
    network = _network(option, text)

    def test(key: ServiceKey | RealServerKey) -> bool:
        # A firewall-mark service has none.
        return bool(key.address) and ipaddress.ip_address(key.address) in network

    return test


def _number_of(*protocols: str) -> Callable[[str, Any], Test]:
    return lambda _option, number: lambda key: key.number == number and key.protocol in protocols


_SERVICE = {
    'address': _address_in,
    'port': _number_of(*model.PROTOCOLS),
    'fwmark': _number_of('fwmark'),
    'protocol': lambda _option, protocol: lambda key: key.protocol == protocol,
    'family': lambda _option, family: lambda key: key.family == family,
}
_REALSERVER = {
    'realserver_address': _address_in,
    'realserver_port': lambda _option, port: lambda key: key.port == port,
}
