# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nobody is refused while the kernel changes the scheduler of a live service.

Private to this collection. In between the service has no scheduler (ip_vs_edit_service), and the kernel answers a new
connection with the ICMP message "port unreachable", which the client takes for a refusal. Without an answer it asks
again a second later and is served. So a policy rule keeps that one message from leaving this host as long as the change
takes. All other ICMP goes its way, above all path MTU and neighbour discovery, and so does what this host says to itself.
"""

from __future__ import annotations

import contextlib
import os
import re
from typing import Callable, Collection, Iterator

from ..command import CommandError, Runner, checked
from .lock import Lock

# An older kernel would leave out protocol and port, and the rule would drop everything that leaves this host.
FIRST_KERNEL = (4, 17)
# Of an ICMP message that the kernel sends itself, type and code stand where a rule looks for the port (struct flowi_uli):
# here destination unreachable, port unreachable. Numbers, for a host may have no /etc/protocols. Preference 1 comes after
# delivery to this host itself (0) and before all that a person would add.
RULES = {
    'ipv4': ('-4', 'pref', '1', 'ipproto', '1', 'dport', str(3 * 256 + 3), 'blackhole'),
    'ipv6': ('-6', 'pref', '1', 'ipproto', '58', 'dport', str(1 * 256 + 4), 'blackhole'),
}

Warn = Callable[[str], None]


@contextlib.contextmanager
def raised(run: Runner, lock: Lock, families: Collection[str], warn: Warn) -> Iterator[None]:
    """Keep new connections of these address families from being refused; warn where this host has no way to."""
    try:
        for family in sorted(families):
            _raise(run, lock, family, warn)
        yield
    finally:
        lower(run, lock, warn)


def lower(run: Runner, lock: Lock, warn: Warn) -> None:
    """Remove the rules that the lock's note names: those of this task, or of one that was killed."""
    left = []
    for family in (word for word in lock.note if word in RULES):
        try:
            _rule(run, 'delete', family, otherwise='No such file or directory')
        except CommandError as error:
            left.append(family)
            warn('{0}. As long as that rule is there, this host sends no ICMP message "port unreachable". The next task '
                 'that changes IPVS on this host tries again'.format(error))
    lock.note = tuple(left)


def _raise(run: Runner, lock: Lock, family: str, warn: Warn) -> None:
    warning = 'While the scheduler changes, new {0} connections may be refused for a moment: {1}'
    release = os.uname().release
    if tuple(int(number) for number in re.findall(r'\d+', release)[:2]) < FIRST_KERNEL:
        warn(warning.format(family, 'to prevent it takes Linux {0}.{1} or newer, and this is {2}'.format(
            *FIRST_KERNEL, release)))
        return
    try:
        # Before it is there, for the task may be killed at any point.
        lock.note += (family,)
        _rule(run, 'add', family, otherwise='File exists')
    except (CommandError, OSError) as error:
        lock.note = tuple(noted for noted in lock.note if noted != family)
        warn(warning.format(family, error))


def _rule(run: Runner, verb: str, family: str, otherwise: str) -> None:
    """Run `ip rule`; it may find things as they should be, and says so in the words of `otherwise`."""
    option, *words = RULES[family]
    result = run(('ip', option, 'rule', verb, *words))
    if otherwise not in result.stderr:
        checked(result)
