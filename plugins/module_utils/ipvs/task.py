# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every ipvs module does: read once, plan, write once, and say what it did.

Private to this collection. This is the one door of the ipvs modules.
"""

from __future__ import annotations

from typing import Callable, Iterable

from ..command import CommandError, NotInstalled, module_runner
from . import options, record, rules
from .dump import DumpError
from .kernel import ApplyError, Kernel, exclusive
from .model import InvalidEntry, ServiceKey, Table
from .plan import PURGES, Removable, applied, nothing, plan, removal_scope, whole_service


class Refused(Exception):
    """What is asked cannot be done on this host as it is; the message says why."""


FAILURES = (InvalidEntry, CommandError, DumpError, ApplyError, record.RecordError, Refused)

Declare = Callable[[Table], 'tuple[Table, Removable]']
"""``declare(live) -> (wanted entries, what else is removed)``"""

__all__ = [
    'PURGES',
    'InvalidEntry',
    'Refused',
    'Table',
    'converge',
    'converge_table',
    'finish',
    'inform',
    'nothing',
    'removal_scope',
    'whole_service',
]


def converge(module, key: ServiceKey, declare: Declare) -> dict:
    """Bring one service, or one real server of it, to what is declared; return the module's result."""
    kernel = Kernel(module_runner(module))
    with exclusive():
        have = _live(module, kernel)
        want, removable = declare(have)
        changes = plan(have, want, removable)
        if changes and not module.check_mode:
            kernel.apply(have, changes)
    after = applied(have, changes)
    return {
        'changed': bool(changes),
        'commands': [change.rule for change in changes],
        'diff': _difference('IPVS service {0}'.format(key), have.of_service(key), after.of_service(key)),
    }


def converge_table(module, want: Table, removable: Callable[[Table], Removable], path: str | None) -> dict:
    """Bring the whole table to what is declared and record it; return the module's result.

    The record is written twice when entries change: before the kernel with what was and what will be ours, after it
    with what is. A task that is killed between the two leaves nothing that the next one would take for foreign.
    """
    kernel = Kernel(module_runner(module))
    with exclusive():
        owned = record.read(path) if path else Table()
        if path:
            record.check_writable(path)
        have = _live(module, kernel)
        changes = plan(have, want, removable(owned))
        after = applied(have, changes)
        ours = _still_ours(owned, want, after)
        if changes and not module.check_mode:
            if path:
                record.write(path, record.union(owned, want))
            try:
                kernel.apply(have, changes)
            except ApplyError:
                if path:
                    record.write(path, owned)
                raise
        if path and not module.check_mode and (changes or owned != ours):
            record.write(path, ours)
    differences = [_difference('IPVS table', have, after)]
    if path:
        differences.append(_difference(path, owned, ours))
    return {
        'changed': bool(changes) or bool(path) and owned != ours,
        'commands': [change.rule for change in changes],
        'diff': differences,
    }


def inform(module, gather: Iterable[str]) -> dict:
    """Return what `ipvs_info` shows of the live table."""
    kernel = Kernel(module_runner(module))
    table = kernel.read()
    counters = kernel.counters() if 'stats' in gather else None
    return {'changed': False, 'services': options.described(table, counters), 'ruleset': rules.ruleset(table)}


def _live(module, kernel: Kernel) -> Table:
    """Return the live table; in check mode, an empty one where ipvsadm is only about to be installed."""
    try:
        return kernel.read()
    except NotInstalled as error:
        if not module.check_mode or kernel.has_services():
            raise
        module.warn('{0}. The prediction is for an empty table, as the kernel has it.'.format(error))
        return Table()


def _still_ours(owned: Table, want: Table, after: Table) -> Table:
    """Return what is recorded when all is done: what is wanted, and what was ours and has not been removed."""
    kept = Table(
        [service for key, service in owned.services.items() if key in after.services],
        [server for key, server in owned.realservers.items() if key in after.realservers],
    )
    return record.union(kept, want)


def _difference(header: str, before: Table, after: Table) -> dict:
    return {
        'before_header': header,
        'after_header': header,
        'before': ''.join(line + '\n' for line in rules.ruleset(before)),
        'after': ''.join(line + '\n' for line in rules.ruleset(after)),
    }


def finish(module, work: Callable[[], dict]) -> None:
    """End the module with the result of its work, or with one sentence about what went wrong."""
    try:
        result = work()
    except FAILURES as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)
