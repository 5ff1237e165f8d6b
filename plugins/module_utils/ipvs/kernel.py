# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernel's IPVS table, read and written through ipvsadm: the only place that runs it.

Private to this collection.
"""

from __future__ import annotations

from typing import Callable

from ..command import Result, Runner, checked
from . import dump
from .model import RealServerKey, ServiceKey, Table
from .plan import Change, applied, plan
from .rules import service_words
from .settings import SyncDaemon, Timeouts

# Of /proc/net/ip_vs: version, and the two lines that name the columns.
HEADER_LINES = 3
_GONE = 'No such service'

_ADVICE = (
    (
        'Protocol not available',
        'The kernel has no IPVS: load the module ip_vs (in a container, on its host) or boot a kernel that has it',
    ),
    ('you must be root', 'Reading and writing the IPVS table needs root: use become'),
    ('Permission denied', 'Reading and writing the IPVS table needs CAP_NET_ADMIN: use become'),
    ('Operation not permitted', 'Reading and writing the IPVS table needs CAP_NET_ADMIN: use become'),
    (
        'Scheduler or persistence engine not found',
        'The kernel could not load the module of the scheduler or persistence engine, such as ip_vs_wrr or ip_vs_pe_sip',
    ),
    (
        'address not unicast',
        'The kernel takes no real server whose address is a broadcast address of a network of this host, or the like',
    ),
    ('Network is unreachable', 'The interface of a sync daemon has to be up, with a route to its multicast group'),
)


class ApplyError(Exception):
    """ipvsadm refused a part of what was asked; the message says what is left of it, `undone` whether nothing is."""

    def __init__(self, message: str, undone: bool = True) -> None:
        super().__init__(message)
        self.undone = undone


def _advice(said: str) -> str:
    return next((advice for symptom, advice in _ADVICE if symptom in said), '')


class Kernel:
    """The live table of this host."""

    def __init__(self, run: Runner) -> None:
        self._run = run

    def read(self) -> Table:
        """Return the whole table, in two processes however large it is."""
        return dump.parse_table(self._ask('-Sn'), self._ask('-Ln', '--thresholds'))

    def read_with_activity(self) -> tuple[Table, dict[RealServerKey, dump.Activity]]:
        """Return the whole table and the connections of every real server, in the same two processes."""
        rules, thresholds = self._ask('-Sn'), self._ask('-Ln', '--thresholds')
        return dump.parse_table(rules, thresholds), dump.parse_activity(thresholds)

    def activity(self, key: RealServerKey) -> dump.Activity:
        """Return the connections of one real server, none if it is gone, reading no more than its service."""
        result = self._run(('ipvsadm', '-Ln', '--thresholds') + tuple(service_words(key.service)))
        if result.rc != 0 and _GONE in result.stderr:
            return dump.IDLE
        return dump.parse_activity(checked(result, _advice(result.stderr))).get(key, dump.IDLE)

    @staticmethod
    def has_services(path: str = '/proc/net/ip_vs') -> bool:
        """Say, without ipvsadm, whether the kernel has any virtual service; a kernel without IPVS has none."""
        try:
            with open(path, encoding='ascii') as stream:
                return len(stream.readlines()) > HEADER_LINES
        except FileNotFoundError:
            return False

    def counters(self) -> dict[ServiceKey | RealServerKey, dump.Counters]:
        """Return the exact counters of every entry."""
        return dump.parse_counters(self._ask('-Ln', '--stats', '--exact'))

    def rates(self) -> dict[ServiceKey | RealServerKey, dump.Counters]:
        """Return what the counters of every entry gain in a second."""
        return dump.parse_counters(self._ask('-Ln', '--rate', '--exact'))

    def connections(self) -> list[dump.Connection]:
        """Return the connection table."""
        return dump.parse_connections(self._ask('-Lnc', '--persistent-conn'))

    def timeouts(self) -> Timeouts:
        """Return the connection timeouts."""
        return dump.parse_timeouts(self._ask('-Ln', '--timeout'))

    def daemons(self) -> dict[str, SyncDaemon]:
        """Return the sync daemons that run, by role."""
        return dump.parse_daemons(self._ask('-Ln', '--daemon'))

    def configure(self, lines: list[str], undoing: Callable[[], list[str]]) -> None:
        """Write settings in one process; if ipvsadm refuses, write what undoes them and raise `ApplyError`."""
        result = self._write(lines)
        if _succeeded(result):
            return
        message = 'ipvsadm refused `{0}`: {1}.'.format('`, `'.join(lines), _said(result))
        undo, undone = undoing(), True
        if not undo:
            message += ' Nothing had to be undone.'
        else:
            again = self._write(undo)
            undone = _succeeded(again)
            message += (
                ' What was changed has been undone.'
                if undone
                else ' Undoing it with `{0}` failed too ({1}).'.format('`, `'.join(undo), _said(again))
            )
        raise _refusal(message, _said(result), undone)

    def apply(self, have: Table, changes: list[Change]) -> None:
        """Make the changes in one process; if one is refused, undo the others and raise `ApplyError`.

        ipvsadm goes on after a line that the kernel refuses and its exit status is that of the last line, so any word
        on stderr is a failure.
        """
        result = self._write([change.rule for change in changes])
        if _succeeded(result):
            return
        said = _said(result)
        report, undone = self._undo(have, changes)
        raise _refusal('ipvsadm refused a change: {0}. {1}'.format(said, report), said, undone)

    def _undo(self, have: Table, changes: list[Change]) -> tuple[str, bool]:
        """Take back those changes that took; say what took, what did not and what is left, and whether nothing is."""
        live = self.read()
        wanted = applied(have, changes)
        took = [change.rule for change in changes if _entry(live, change.key) == _entry(wanted, change.key)]
        missed = [change.rule for change in changes if _entry(live, change.key) != _entry(wanted, change.key)]
        touched = {change.key for change in changes}
        # A deleted service took its real servers along: they come back with it.
        touched.update(key for key in have.realservers if key.service in touched)
        before = Table(
            [service for key, service in have.services.items() if key in touched],
            [server for key, server in have.realservers.items() if key in touched],
        )
        undoing = plan(live, before, removable=lambda key: key in touched)
        report = 'Not applied: {0}. Applied: {1}.'.format('; '.join(missed) or 'nothing', '; '.join(took) or 'nothing')
        if not undoing:
            return report + ' Nothing had to be undone.', True
        result = self._write([change.rule for change in undoing])
        if _succeeded(result):
            return report + ' What was applied has been undone.', True
        live = self.read()
        left = [key for key in touched if _entry(live, key) != _entry(have, key)]
        report = '{0} Undoing it failed too ({1}); not as before: {2}.'.format(
            report, result.stderr.strip(), '; '.join(str(key) for key in sorted(left, key=str)) or 'nothing'
        )
        return report, not left

    def _ask(self, *options: str) -> str:
        result = self._run(('ipvsadm',) + options)
        return checked(result, _advice(result.stderr))

    def _write(self, lines: list[str]) -> Result:
        return self._run(('ipvsadm', '-R'), stdin=''.join(line + '\n' for line in lines))


def _refusal(message: str, said: str, undone: bool = True) -> ApplyError:
    advice = _advice(said)
    return ApplyError('{0} {1}.'.format(message, advice) if advice else message, undone)


def _succeeded(result: Result) -> bool:
    return result.rc == 0 and not result.stderr.strip()


def _said(result: Result) -> str:
    return result.stderr.strip().rstrip('., ') or 'exit status {0}'.format(result.rc)


def _entry(table: Table, key: ServiceKey | RealServerKey) -> object:
    return (table.services if isinstance(key, ServiceKey) else table.realservers).get(key)
