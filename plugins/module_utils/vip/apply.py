# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a plan in one process, and take it back if a step fails.

Private to this collection.
"""

from __future__ import annotations

import contextlib
import os
import re
from typing import Callable, Iterator, Sequence

from ..command import Runner
from .draft import Change
from .options import AddressError
from .plan import Plan


@contextlib.contextmanager
def promoted_secondaries(interfaces: Sequence[str], sysctl: str) -> Iterator[None]:
    """Keep the other addresses of a network while its primary address is deleted.

    Without promote_secondaries the kernel deletes all of them along with it, and their routes.
    """
    paths = [os.path.join(sysctl, 'net/ipv4/conf', name, 'promote_secondaries') for name in interfaces]
    everywhere = os.path.join(sysctl, 'net/ipv4/conf/all/promote_secondaries')
    off = [path for path in paths if _first_line(everywhere) != '1' and _first_line(path) != '1']
    try:
        for path in off:
            _write(path, '1')
        yield
    finally:
        for path in off:
            _write(path, '0')


def _first_line(path: str) -> str:
    with open(path) as stream:
        return stream.readline().strip()


def _write(path: str, value: str) -> None:
    with open(path, 'w') as stream:
        stream.write(value)


Announce = Callable[[str, Sequence[str]], None]
"""``announce(interface, vips)``; raises `OSError`"""


def apply(run: Runner, what: Plan, announce: Announce | None = None, sysctl: str = '/proc/sys') -> None:
    """Run a plan in one process, then announce; on failure take back what was done and raise `AddressError`."""
    if not what.changes:
        return
    try:
        with promoted_secondaries(what.promote, sysctl):
            result = run(['ip', '-batch', '-'], stdin=_batch(change.argv for change in what.changes))
    except OSError as error:
        raise AddressError('Cannot keep the other addresses of {0} while a primary address is removed: {1}. Nothing '
                           'was changed'.format(', '.join(what.promote), error)) from None
    if result.rc != 0:
        done, reason = _failure(result.stderr or result.stdout, what.changes)
        failed = what.changes[done] if done < len(what.changes) else None
        message = '`{0}` failed: {1}'.format(failed or 'ip -batch', reason)
        _take_back(run, what.changes[:done], message + _advice(reason, failed))
    for interface, vips in what.added.items() if announce is not None else ():
        try:
            announce(interface, vips)
        except OSError as error:
            _take_back(run, what.changes, 'Cannot announce {0} on {1}: {2}.'.format(
                ', '.join(vips), interface, error.strerror or error))


def _batch(commands) -> str:
    return ''.join(' '.join(argv[1:]) + '\n' for argv in commands)


def _failure(stderr: str, changes: Sequence[Change]) -> tuple[int, str]:
    """Return how many commands `ip -batch` had done, and what it said about the next one."""
    found = re.search(r'Command failed -:(\d+)', stderr)
    done = int(found.group(1)) - 1 if found else 0
    said = [line for line in stderr.splitlines() if line.strip() and not line.startswith('Command failed')]
    return min(done, len(changes)), ' '.join(said).rstrip('.') or 'no message'


def _advice(reason: str, failed: Change | None) -> str:
    argv = failed.argv if failed else ()
    if 'Operation not permitted' in reason:
        return '. This needs root (CAP_NET_ADMIN in the network namespace)'
    if 'Permission denied' in reason and 'nodad' in argv:
        return '. IPv6 is switched off there: see net.ipv6.conf.{0}.disable_ipv6'.format(argv[argv.index('dev') + 1])
    if argv[-2:-1] == ('type',) and ('Unknown device type' in reason or 'not supported' in reason):
        return '. The kernel has no devices of kind {0}: load the module {1} on the host, or use interface: lo'.format(
            argv[-1], 'ip6_tunnel' if argv[-1] == 'ip6tnl' else argv[-1])
    return ''


def _take_back(run: Runner, changes: Sequence[Change], message: str) -> None:
    done = [str(change) for change in changes]
    if not done:
        raise AddressError(message.rstrip('.') + '. Nothing was changed', done=[], undone=[], left=[])
    undos = [change.undo for change in reversed(changes) if change.undo]
    result = run(['ip', '-force', '-batch', '-'], stdin=_batch(undos))
    lost = {int(number) - 1 for number in re.findall(r'Command failed -:(\d+)', result.stderr)}
    if result.rc != 0 and not lost:
        lost = set(range(len(undos)))
    left = [' '.join(argv) for index, argv in enumerate(undos) if index in lost]
    undone = [' '.join(argv) for index, argv in enumerate(undos) if index not in lost]
    if left:
        ending = 'What had been done was taken back only in part; still to be run: {0}'.format('; '.join(left))
    else:
        ending = 'What had been done was taken back'
    raise AddressError('{0}. {1}'.format(message.rstrip('.'), ending), done=done, undone=undone, left=left)
