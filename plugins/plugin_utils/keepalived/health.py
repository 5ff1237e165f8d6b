# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a service says of the health of its real servers: the check, and what happens as they fail. Pure.

Private to this collection.
"""

from __future__ import annotations

from typing import Mapping, NamedTuple, Sequence

from ...module_utils.ipvs import model
from .. import inventory
from ..inventory import Findings, InventoryError
from . import checks

MAX_QUORUM = 2147483647


class Sorry(NamedTuple):
    """Who answers while the real servers do not."""

    address: str
    port: int
    forward: str
    inhibit: bool


class Health(NamedTuple):
    """How it is judged whether real servers live, and what follows. None of `check` if that cannot be built."""

    check: checks.Check | None
    quorum: int
    hysteresis: int
    inhibit: bool
    alpha: bool
    omega: bool
    sorry: Sorry | None


KEYS = ('check', 'quorum', 'hysteresis', 'inhibit_on_failure', 'alpha', 'omega', 'sorry_server')
SORRY_KEYS = ('address', 'port', 'forward', 'inhibit')


def read(given: Mapping, where: str, protocol: str, vip: str, ports: Sequence[int], server_ports: Sequence[int],
         found: Findings, service_port: int | None = None) -> Health:
    """Read what a service says; mistakes go to `found`.

    `ports` are the service's, `server_ports` those at which its servers would be asked, `service_port` is for servers without one.
    """
    check = checks.read(given.get('check'), where + '.check', protocol, server_ports, found, service_port)
    quorum = _whole(given, 'quorum', where, 1, 1, found)
    hysteresis = _whole(given, 'hysteresis', where, 0, 0, found)
    if hysteresis >= quorum > 0 and given.get('hysteresis') is not None:
        found.add('{0}.hysteresis: {1} has to be less than quorum, {2}, or the quorum is never lost'.format(
            where, hysteresis, quorum))
    return Health(
        check, quorum, hysteresis, *(_flag(given, key, where, found) for key in ('inhibit_on_failure', 'alpha', 'omega')),
        _sorry(given.get('sorry_server'), where + '.sorry_server', vip, ports, found),
    )  # fmt: skip


def _whole(given: Mapping, key: str, where: str, lowest: int, initial: int, found: Findings) -> int:
    value = given.get(key)
    if value is None:
        return initial
    number = inventory.whole_number(value)
    if number is None or not lowest <= number <= MAX_QUORUM:
        found.add('{0}.{1}: {2} is not a whole number {3}..{4}'.format(where, key, model.shown(value), lowest, MAX_QUORUM))
        return initial
    return number


def _flag(given: Mapping, key: str, where: str, found: Findings) -> bool:
    value = given.get(key)
    if value is not None and not isinstance(value, bool):
        found.add('{0}.{1}: {2} is neither true nor false'.format(where, key, model.shown(value)))
    return value is True


def _sorry(given: object, where: str, vip: str, ports: Sequence[int], found: Findings) -> Sorry | None:
    if given is None:
        return None
    if not isinstance(given, Mapping) or not given.get('address'):
        found.add('{0}: {1} has no address; write for example sorry_server: {{address: 192.0.2.30}}'.format(
            where, model.shown(given)))
        return None
    for key in sorted(set(given) - set(SORRY_KEYS), key=str):
        found.add('{0}: unknown key {1!r}; known are {2}'.format(where, key, ', '.join(SORRY_KEYS)))
    with found.collecting():
        address = str(inventory.ip(given['address'], where + '.address'))
        kind = model.unusable(address)
        if kind:
            raise InventoryError("{0}.address: '{1}' is {2}; a sorry server has a unicast address".format(where, address, kind))
        forward = given.get('forward') or 'dr'
        if forward not in model.FORWARDING_METHODS:
            raise InventoryError('{0}.forward: {1} is none of {2}'.format(
                where, model.shown(forward), ', '.join(model.FORWARDING_METHODS)))
        if vip and forward != 'tun' and model.family_of(address) != model.family_of(vip):
            raise InventoryError('{0}.address: {1} is not of the same address family as the VIP, {2}'.format(where, address, vip))
        port = inventory.whole_number(given.get('port'))
        if given.get('port') is not None:
            if port is None or not 1 <= port <= model.MAX_PORT:
                raise InventoryError('{0}.port: {1} is not a port 1..{2}'.format(where, model.shown(given['port']), model.MAX_PORT))
            if forward != 'nat' and any(port != one for one in ports):
                raise InventoryError('{0}.port: {1} is another port than that of the service, and only forward: nat can '
                                     'change it'.format(where, port))
        return Sorry(address, port or 0, forward, _flag(given, 'inhibit', where, found))
    return None
