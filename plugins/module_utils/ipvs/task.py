# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every ipvs module does: read once, plan, write once, and say what it did.

Private to this collection. This is the one door of the ipvs modules.
"""

from __future__ import annotations

import contextlib
import socket
import time
from typing import Callable, Iterable, Iterator, TypeVar

from ..command import CommandError, NotInstalled, Runner, module_runner
from . import guard, onlink, record, rules, show, timeouts_record
from .dump import IDLE, Activity, DumpError
from .kernel import ApplyError, Kernel
from .lock import Lock, exclusive
from .model import InvalidEntry, RealServerKey, ServiceKey, Table, mixes_families
from .plan import (
    PURGES,
    Change,
    Removable,
    applied,
    nothing,
    plan,
    plan_daemon,
    plan_timeouts,
    removal_scope,
    rescheduled,
    whole_service,
)
from .settings import DEFAULT_TIMEOUTS, UNDECLARED, SyncDaemon, Timeouts


class Refused(Exception):
    """What is asked cannot be done on this host as it is; the message says why."""


GATHERS = ('services', 'stats', 'rates', 'connections', 'timeouts', 'daemons')

FAILURES = (InvalidEntry, CommandError, DumpError, ApplyError, record.RecordError, Refused)

Live = TypeVar('Live')

Declare = Callable[[Table], 'tuple[Table, Removable]']
"""``declare(live) -> (wanted entries, what else is removed)``"""

__all__ = [
    'GATHERS',
    'PURGES',
    'InvalidEntry',
    'Refused',
    'Table',
    'converge',
    'converge_daemon',
    'converge_table',
    'converge_timeouts',
    'drain',
    'finish',
    'inform',
    'nothing',
    'removal_scope',
    'whole_service',
]


def converge(module, key: ServiceKey, declare: Declare) -> dict:
    """Bring one service, or one real server of it, to what is declared; return the module's result."""
    run = module_runner(module)
    with _alone(module, run) as lock:
        return _converge(module, run, lock, key, _live(module, Kernel(run).read, Table()), declare)


@contextlib.contextmanager
def _alone(module, run: Runner) -> Iterator[Lock]:
    """Hold this host's lock, and first remove what a task left that was killed while it held it."""
    with exclusive() as lock:
        if not module.check_mode:
            guard.lower(run, lock, module.warn)
        yield lock


def _converge(module, run: Runner, lock: Lock, key: ServiceKey, have: Table, declare: Declare) -> dict:
    want, removable = declare(have)
    changes = plan(have, want, removable)
    _refuse_mixed_families(Kernel(run), changes)
    if changes and not module.check_mode:
        _apply(module, run, lock, have, changes)
    after = applied(have, changes)
    return {
        'changed': bool(changes),
        'commands': [change.rule for change in changes],
        'diff': _difference('IPVS service {0}'.format(key), have.of_service(key), after.of_service(key)),
    }


def _apply(module, run: Runner, lock: Lock, have: Table, changes: list[Change]) -> None:
    families = {key.family for key in rescheduled(changes)}
    onlink.hold(run, changes, module.warn)
    with guard.raised(run, lock, families, module.warn):
        Kernel(run).apply(have, changes)
    onlink.release(run, changes, have, applied(have, changes), module.warn)
    _own_up(module, lock.waited, [change.rule for change in changes if change.before is not None])


def drain(
    module,
    key: RealServerKey,
    timeout: int,
    interval: int,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> dict:
    """Give a real server weight 0, wait until its connections have ended or the time is up; return the module's result.

    The lock is not held while waiting. A real server that is gone has nothing left to drain.
    """
    run = module_runner(module)
    kernel = Kernel(run)

    def declare(live: Table) -> tuple[Table, Removable]:
        server = live.realservers.get(key)
        return Table([], [server._replace(weight=0)] if server else []), nothing

    with _alone(module, run) as lock:
        have, activity = _live(module, kernel.read_with_activity, (Table(), {}))
        result = _converge(module, run, lock, key.service, have, declare)
    left = activity.get(key, IDLE)
    service = have.services.get(key.service)
    # Datagrams and single packets are no connections that would end.
    waits = service is not None and service.key.protocol != 'udp' and not service.one_packet
    if waits and not module.check_mode and (result['changed'] or any(left)):
        left = _wait(lambda: kernel.activity(key), timeout, interval, clock, sleep)
    drained = not waits or not any(left)
    if not drained and timeout and not module.check_mode:
        module.warn(
            '{0} still has {1} active and {2} inactive connections after {3} s; it keeps weight 0'.format(
                key, left.active, left.inactive, timeout
            )
        )
    return dict(result, connections=left._asdict(), drained=drained)


def _wait(
    read: Callable[[], Activity],
    timeout: int,
    interval: int,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
) -> Activity:
    """Read until nothing is left, or the time is up; the last reading is never older than the end of the time."""
    deadline = clock() + timeout
    while True:
        left = read()
        rest = deadline - clock()
        if not any(left) or rest <= 0:
            return left
        sleep(min(interval, rest))


def converge_table(module, want: Table, removable: Callable[[Table], Removable], path: str | None) -> dict:
    """Bring the whole table to what is declared and record it; return the module's result.

    The record is written twice when entries change: before the kernel with what was and what will be ours, after it
    with what is. A task that is killed between the two leaves nothing that the next one would take for foreign.
    """
    run = module_runner(module)
    kernel = Kernel(run)
    with _alone(module, run) as lock:
        owned = record.read(path) if path else Table()
        if path:
            record.check_writable('record', path)
        # Where there is nothing to remove and no ipvsadm, nothing is what is wanted.
        have = _live(module, kernel.read, Table(), needed=want != Table())
        changes = plan(have, want, removable(owned))
        _refuse_mixed_families(kernel, changes)
        after = applied(have, changes)
        ours = _still_ours(owned, want, after)
        if changes and not module.check_mode:
            if path:
                record.write(path, record.union(owned, want))
            try:
                _apply(module, run, lock, have, changes)
            except ApplyError as error:
                # What could not be undone stays ours, for the next task to remove.
                if path and error.undone:
                    record.write(path, owned)
                raise
        if path and not module.check_mode and (changes or owned != ours):
            record.write(path, ours)
    # A difference is the whole ruleset twice, so only where there is one.
    differences = [_difference('IPVS table', have, after)] if changes else []
    if path and owned != ours:
        differences.append(_difference(path, owned, ours))
    return {
        'changed': bool(differences),
        'commands': [change.rule for change in changes],
        'diff': differences,
    }


def converge_timeouts(module, declared: Timeouts, path: str | None = None) -> dict:
    """Bring the connection timeouts to what is declared, 0 for one that is not; return the module's result.

    With a record, what is no longer declared is given back. What was before is recorded before the kernel changes, so that
    a task that is killed does not lose it, and what is still declared after it.
    """
    run = module_runner(module)
    kernel = Kernel(run)
    with _alone(module, run) as lock:
        kept = timeouts_record.read(path) if path else timeouts_record.NOTHING
        if path and declared == UNDECLARED and kept == timeouts_record.NOTHING:
            return {'changed': False, 'commands': [], 'diff': []}
        if path:
            record.check_writable('record', path)
        # Without ipvsadm nobody can say what is to be given back: then that is not forgotten.
        have = kernel.timeouts() if kept != timeouts_record.NOTHING else _live(module, kernel.timeouts, DEFAULT_TIMEOUTS)
        what = timeouts_record.plan(kept, have, declared)
        lines = plan_timeouts(have, what.want)
        if lines and not module.check_mode:
            _set_timeouts(kernel, lines, have, path, kept, what.during)
            _own_up(module, lock.waited, lines)
        if path and not module.check_mode and (what.during if lines else kept) != what.after:
            timeouts_record.write(path, what.after)
    for warning in what.warnings:
        module.warn(warning)
    difference = _line_difference(
        'IPVS connection timeouts', [rules.timeouts_rule(*have)], [rules.timeouts_rule(*what.want)])
    result = {'changed': bool(lines), 'commands': lines, 'diff': difference, 'timeouts': what.want._asdict()}
    if not path:
        return result
    differences = [difference] if lines else []
    if kept != what.after:
        differences.append(_line_difference(path, timeouts_record.lines(kept), timeouts_record.lines(what.after)))
    return dict(result, changed=bool(differences), diff=differences)


def _set_timeouts(kernel: Kernel, lines: list[str], have: Timeouts, path: str | None, kept: timeouts_record.Kept,
                  during: timeouts_record.Kept) -> None:
    if path and during != kept:
        timeouts_record.write(path, during)
    try:
        kernel.configure(lines, lambda: plan_timeouts(kernel.timeouts(), have))
    except ApplyError as error:
        # What could not be undone is still to be given back.
        if path and error.undone and during != kept:
            timeouts_record.write(path, kept)
        raise


def converge_daemon(module, role: str, declare: Callable[[SyncDaemon | None], SyncDaemon | None]) -> dict:
    """Bring the sync daemon of a role to what is declared; return the module's result."""
    run = module_runner(module)
    kernel = Kernel(run)
    with _alone(module, run) as lock:
        have = _live(module, kernel.daemons, {}).get(role)
        want = declare(have)
        lines = plan_daemon(have, want)
        if want is not None:
            _require_interface(want.interface)
        if lines and want is not None:
            _refuse_daemon_beside_mixed_families(_live(module, kernel.read, Table()))
        if lines and not module.check_mode:
            kernel.configure(lines, lambda: plan_daemon(kernel.daemons().get(role), have))
            _own_up(module, lock.waited, lines if have else [])
    before, after = ([rules.start_daemon_rule(daemon)] if daemon else [] for daemon in (have, want))
    return {
        'changed': bool(lines),
        'commands': lines,
        'diff': _line_difference('IPVS sync daemon, {0}'.format(role), before, after),
    }


def _require_interface(name: str) -> None:
    try:
        socket.if_nametoindex(name)
    except OSError as error:
        there = ', '.join(interface for _index, interface in socket.if_nameindex())
        raise InvalidEntry('interface', name, 'does not exist on this host; there are {0}'.format(there)) from error


def _own_up(module, waited: float | None, overridden: list[str]) -> None:
    """Warn if this task had to wait for another one and then edited or removed what is there.

    The other task was content when it ended, so nobody else can say that its work did not last.
    """
    if waited is not None and overridden:
        more = ' and {0} more'.format(len(overridden) - 3) if len(overridden) > 3 else ''
        module.warn(
            'Waited {0:.1f} s for another task that was changing IPVS on this host, and then overrode what was there: '
            '{1}{2}. If the other task declared it, the two disagree'.format(waited, '; '.join(overridden[:3]), more)
        )


def _refuse_mixed_families(kernel: Kernel, changes: list[Change]) -> None:
    """Raise `Refused` for a new real server that the kernel would refuse with no more than "Invalid operation"."""
    mixed = [
        change.key
        for change in changes
        if change.before is None and isinstance(change.key, RealServerKey) and mixes_families(change.key)
    ]
    # Read only when it matters, so that every other task makes do with the two processes that read the table.
    if mixed and kernel.daemons():
        raise Refused(
            'a sync daemon runs on this host, and beside one the kernel takes no real server of another address family '
            'than its service, such as {0}; stop it with ipvs_sync_daemon first'.format(mixed[0])
        )


def _refuse_daemon_beside_mixed_families(table: Table) -> None:
    """Raise `Refused` if a daemon would be refused because of the real servers, again with "Invalid operation"."""
    mixed = [key for key in sorted(table.realservers) if mixes_families(key)]
    if mixed:
        raise Refused(
            'the table has {0} of another address family than its service, and beside one the kernel starts no sync '
            'daemon; delete it first'.format(mixed[0])
        )


def inform(module, gather: Iterable[str]) -> dict:
    """Return what `ipvs_info` shows, reading nothing that is not asked for."""
    kernel = Kernel(module_runner(module))
    result: dict = {'changed': False}
    table, figures = None, {}
    if 'services' in gather:
        table, figures['connections'] = kernel.read_with_activity()
        result['ruleset'] = rules.ruleset(table)
    if 'stats' in gather:
        figures['stats'] = kernel.counters()
    if 'rates' in gather:
        figures['rates'] = kernel.rates()
    if table is not None or figures:
        result['services'] = show.services(table, figures)
    if 'connections' in gather:
        result['connections'] = show.connections(kernel.connections())
    if 'timeouts' in gather:
        result['timeouts'] = kernel.timeouts()._asdict()
    if 'daemons' in gather:
        result['daemons'] = show.daemons(kernel.daemons())
    return result


def _live(module, read: Callable[[], Live], pristine: Live, needed: bool = True) -> Live:
    """Return the live state; that of a fresh kernel where ipvsadm is not needed, or in check mode not there yet."""
    try:
        return read()
    except NotInstalled as error:
        if Kernel.has_services() or needed and not module.check_mode:
            raise
        if not needed:
            return pristine
        module.warn('{0}. The prediction is for a kernel without services, as it is now.'.format(error))
        return pristine


def _still_ours(owned: Table, want: Table, after: Table) -> Table:
    """Return what is recorded when all is done: what is wanted, and what was ours and has not been removed."""
    kept = Table(
        [service for key, service in owned.services.items() if key in after.services],
        [server for key, server in owned.realservers.items() if key in after.realservers],
    )
    return record.union(kept, want)


def _difference(header: str, before: Table, after: Table) -> dict:
    return _line_difference(header, rules.ruleset(before), rules.ruleset(after))


def _line_difference(header: str, before: list[str], after: list[str]) -> dict:
    return {
        'before_header': header,
        'after_header': header,
        'before': ''.join(line + '\n' for line in before),
        'after': ''.join(line + '\n' for line in after),
    }


def finish(module, work: Callable[[], dict]) -> None:
    """End the module with the result of its work, or with one sentence about what went wrong."""
    try:
        result = work()
    except FAILURES as error:
        module.fail_json(msg=str(error))
    # AnsibleModule would repeat the whole declaration in the result and go through every word of it: a quarter of the
    # time of a task with ten thousand entries.
    asked = {option: value for option, value in module.params.items() if option != 'services'}
    module.exit_json(invocation={'module_args': asked}, **result)
