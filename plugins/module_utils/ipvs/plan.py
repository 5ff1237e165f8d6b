# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Turn (live table, wanted table, scope of removal) into an ordered list of changes. Pure.

Private to this collection.
"""

from __future__ import annotations

from typing import Callable, NamedTuple

from . import rules
from .model import RealServer, RealServerKey, ServiceKey, Table, VirtualService
from .settings import SyncDaemon, Timeouts

PURGES = ('none', 'owned', 'realservers', 'all')


class Change(NamedTuple):
    """One line for ipvsadm: what is there before and after; None where there is nothing."""

    key: ServiceKey | RealServerKey
    before: VirtualService | RealServer | None
    after: VirtualService | RealServer | None

    @property
    def rule(self) -> str:
        """The change in ipvsadm's rule language."""
        of_service = isinstance(self.key, ServiceKey)
        if self.after is None:
            return rules.delete_service_rule(self.key) if of_service else rules.delete_realserver_rule(self.key)
        if of_service:
            return rules.service_rule('-A' if self.before is None else '-E', self.after)
        return rules.realserver_rule('-a' if self.before is None else '-e', self.after)


Removable = Callable[[object], bool]
"""Says of the key of an entry that is live and not wanted whether it goes."""


def nothing(key: object) -> bool:
    """Remove nothing."""
    return False


def whole_service(service: ServiceKey) -> Removable:
    """Remove one service and all its real servers."""
    return lambda key: key == service or isinstance(key, RealServerKey) and key.service == service


def removal_scope(purge: str, want: Table, owned: Table, ignored: Removable = nothing) -> Removable:
    """Return what a purge removes among the entries that are not wanted.

    ``none`` removes nothing, ``owned`` what an earlier run recorded, ``realservers`` every real server of a wanted
    service, ``all`` everything. An ignored entry never goes, and neither does the service of an ignored real server
    (`plan` sees to that: it keeps a service as long as one of its real servers stays).
    """

    def removable(key: object) -> bool:
        if ignored(key):
            return False
        if isinstance(key, ServiceKey):
            return purge == 'all' or purge == 'owned' and key in owned.services
        return (
            purge == 'all'
            or purge == 'owned' and key in owned.realservers
            or purge == 'realservers' and key.service in want.services
        )

    return removable


def plan(have: Table, want: Table, removable: Removable = nothing) -> list[Change]:
    """Return the changes in the order in which they are safe.

    Services added or edited, real servers added and edited, real servers removed, services removed: a service that
    has a real server before and after is never without one. An edit is always an edit, because delete and add would
    drop connections. Deleting a service takes its real servers along.
    """
    services = _edits(have.services, want.services)
    servers = _edits(have.realservers, want.realservers)
    unwanted = [key for key in have.realservers if key not in want.realservers]
    going = {key for key in unwanted if removable(key)}
    occupied = {key.service for key in have.realservers if key not in going}
    dropped = [
        key for key in have.services if key not in want.services and key not in occupied and removable(key)
    ]
    gone = set(dropped)
    removals = [Change(key, have.realservers[key], None) for key in sorted(going) if key.service not in gone]
    return services + servers + removals + [Change(key, have.services[key], None) for key in sorted(dropped)]


def _edits(have: dict, want: dict) -> list[Change]:
    return [Change(key, have.get(key), want[key]) for key in sorted(want) if have.get(key) != want[key]]


def rescheduled(changes: list[Change]) -> list[ServiceKey]:
    """Return the services that are there before and after, with another scheduler."""
    return [
        change.key
        for change in changes
        if isinstance(change.before, VirtualService)
        and isinstance(change.after, VirtualService)
        and change.before.scheduler != change.after.scheduler
    ]


def applied(have: Table, changes: list[Change]) -> Table:
    """Return the table that is there when every change has taken."""
    services = dict(have.services)
    servers = dict(have.realservers)
    for change in changes:
        entries = services if isinstance(change.key, ServiceKey) else servers
        if change.after is not None:
            entries[change.key] = change.after
            continue
        entries.pop(change.key, None)
        if entries is services:
            servers = {key: server for key, server in servers.items() if key.service != change.key}
    return Table(services.values(), servers.values())


def plan_timeouts(have: Timeouts, want: Timeouts) -> list[str]:
    """Return the line that sets what differs and keeps the rest, if anything differs."""
    wanted = [after if after != before else 0 for before, after in zip(have, want)]
    return [rules.timeouts_rule(*wanted)] if any(wanted) else []


def plan_daemon(have: SyncDaemon | None, want: SyncDaemon | None) -> list[str]:
    """Return the lines that lead from one daemon of a role, or none, to another, or none.

    The kernel cannot edit a daemon that runs: it is stopped and started again.
    """
    if have == want:
        return []
    stop = [rules.stop_daemon_rule(have.role)] if have else []
    return stop + ([rules.start_daemon_rule(want)] if want else [])
