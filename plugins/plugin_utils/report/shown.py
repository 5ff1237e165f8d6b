# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a page shows: clients, directors, VIPs, services, real servers, and what is wrong. Pure.

Private to this collection. `view` makes it of what was read, and `picture` and the template draw it.
"""

from __future__ import annotations

from typing import Iterable, Mapping, NamedTuple, Sequence

STATES = {
    'out': 'out of the table',
    'failed': 'failed, weight 0',
    'stranger': 'not in the inventory',
    'sorry': 'sorry server, answers',
    'unknown': 'not known',
    'drained': 'drained',
    'standby': 'sorry server, waits',
    'serving': 'serving',
}
"""The states of a real server in words, the worst first."""
GONE = ('out', 'failed')
BESIDE = ('sorry', 'standby', 'stranger')
"""The states of those that are no real servers of the service as it is declared."""
SEVERITIES = ('error', 'warning')


class Rates(NamedTuple):
    """What is gained in a second, None if it is not known."""

    connections: float | None = None
    packets: float | None = None
    bytes: float | None = None


class Member(NamedTuple):
    """A real server of one service. `weight` is the live one, `declared` that of the inventory; None if there is none."""

    name: str
    address: str
    port: int
    state: str
    weight: int | None
    declared: int | None
    forward: str
    active: int | None = None
    inactive: int | None = None
    rates: Rates = Rates()


class Service(NamedTuple):
    """One IPVS service. `director` is the one whose table is shown, empty if none could be read."""

    name: str
    vip: str
    endpoint: str
    scheduler: str
    persistence: int
    director: str
    members: Sequence[Member]

    @property
    def serving(self) -> int:
        return sum(member.state == 'serving' for member in self.members)

    @property
    def servers(self) -> int:
        """How many real servers are declared."""
        return sum(member.state not in BESIDE for member in self.members)

    @property
    def answered(self) -> bool:
        """Whether anybody answers what comes to the VIP."""
        return any(member.state in ('serving', 'sorry', 'stranger') for member in self.members)

    @property
    def worst(self) -> str:
        return worst(member.state for member in self.members)

    @property
    def severity(self) -> str:
        """`error` if nobody but a sorry server answers, `warning` if somebody is missing, else `ok`; `unknown`."""
        if not self.director:
            return 'unknown'
        if not self.serving:
            return 'error'
        return 'warning' if self.worst in GONE + ('stranger', 'sorry') else 'ok'

    @property
    def label(self) -> str:
        return '{0} ({1})'.format(self.name, self.endpoint)


class Vip(NamedTuple):
    """A VIP, the directors that others hear for it, and its services."""

    address: str
    holders: Sequence[str]
    services: Sequence[Service]


class Director(NamedTuple):
    """A director. `role` is active, backup, idle (nobody has a VIP) or unknown, and `problem` says why."""

    name: str
    address: str
    engine: str
    role: str
    held: Sequence[str]
    problem: str
    services: int
    others: int


class Host(NamedTuple):
    """A real server in all of its services."""

    name: str
    address: str
    members: Sequence[Member]

    @property
    def declared(self) -> bool:
        """Whether it is more than a sorry server or one that nobody declared."""
        return any(member.state not in BESIDE for member in self.members)

    @property
    def state(self) -> str:
        return worst(member.state for member in self.members)

    @property
    def serving(self) -> int:
        return sum(member.state == 'serving' for member in self.members)

    @property
    def severity(self) -> str:
        """`error` if it is gone and serves nothing, `warning` if it is gone somewhere or should not be there, else `ok`."""
        if self.state in GONE:
            return 'warning' if self.serving else 'error'
        return 'warning' if self.state in ('stranger', 'sorry') else 'ok'

    @property
    def words(self) -> str:
        """The state in words, with the number of services if it is not the same in all."""
        count = sum(member.state == self.state for member in self.members)
        words = STATES[self.state]
        return words if count == len(self.members) else '{0} in {1} of {2}'.format(words, count, len(self.members))


class Trouble(NamedTuple):
    """What is wrong, in one sentence; `anchor` is the part of the page that has more."""

    severity: str
    sentence: str
    anchor: str = ''


class View(NamedTuple):
    """All that a page shows."""

    clients: Sequence[str]
    directors: Sequence[Director]
    vips: Sequence[Vip]
    hosts: Sequence[Host]
    findings: Sequence[Mapping]
    drift: Sequence[str]
    troubles: Sequence[Trouble]

    @property
    def services(self) -> list[Service]:
        return [service for vip in self.vips for service in vip.services]

    @property
    def reached(self) -> int:
        """How many services are answered on a VIP that a director has."""
        return sum(service.answered for vip in self.vips if vip.holders for service in vip.services)

    @property
    def members(self) -> list[Member]:
        return [member for service in self.services for member in service.members]

    @property
    def severity(self) -> str:
        found = [trouble.severity for trouble in self.troubles]
        return next((severity for severity in SEVERITIES if severity in found), 'ok')


def worst(states: Iterable[str]) -> str:
    """Return the worst of some states, `unknown` of none."""
    found = set(states)
    return next((state for state in STATES if state in found), 'unknown')


def counted(count: int, noun: str) -> str:
    """Return a number with its noun."""
    return '{0} {1}{2}'.format(count, noun, '' if count == 1 else 's')
