# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The timeouts that a task declared, kept on the host for boot, and what was there before, to be given back.

Private to this collection. The file is a marker line, what was before as a comment, and what is declared, both in the
words of `ipvsadm -R`.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .. import record_file
from ..record_file import RecordError
from . import rules
from .settings import UNDECLARED, Timeouts

VERSION = 1
_MARKER = '# lvs.direct_routing timeouts, version '
_BEFORE = '# before: '
_BODY = re.compile(_BEFORE + r'--set ([0-9]{1,10}) ([0-9]{1,10}) ([0-9]{1,10})\n'
                   r'--set ([0-9]{1,10}) ([0-9]{1,10}) ([0-9]{1,10})\n')


class Kept(NamedTuple):
    """What is recorded: the declared timeouts and what those were before us, 0 for one that is not declared."""

    ours: Timeouts
    before: Timeouts


NOTHING = Kept(UNDECLARED, UNDECLARED)


class Plan(NamedTuple):
    """The timeouts to be, what is recorded while they are set and once they are, and warnings about those left alone."""

    want: Timeouts
    during: Kept
    after: Kept
    warnings: tuple[str, ...]


def plan(kept: Kept, have: Timeouts, declared: Timeouts) -> Plan:
    """Return what sets the declared timeouts and gives back those that are recorded and declared no longer. Pure."""
    want, before, warnings = [], [], []
    for name, live, asked, ours, former in zip(Timeouts._fields, have, declared, *kept):
        before.append(former or (live if asked else 0))
        # One that we set, or that somebody has given back already.
        untouched = live in (ours, former)
        want.append(asked or (former if former and untouched else live))
        if former and not asked and not untouched:
            warnings.append('{0} is {1} s, which is not what this module set ({2}): it is left as it is, not given back as '
                            '{3}'.format(name, live, ours, former))
    during = Kept(Timeouts(*[asked or ours for asked, ours in zip(declared, kept.ours)]), Timeouts(*before))
    after = Kept(declared, Timeouts(*[former if asked else 0 for asked, former in zip(declared, before)]))
    return Plan(Timeouts(*want), during, after, tuple(warnings))


def lines(kept: Kept) -> list[str]:
    """Return the lines of a record, none for one of nothing."""
    if kept == NOTHING:
        return []
    return [_MARKER + str(VERSION), _BEFORE + rules.timeouts_rule(*kept.before), rules.timeouts_rule(*kept.ours)]


def parse(text: str, path: str) -> Kept:
    """Return what a record's text says; raise `RecordError`."""
    advice = 'Compare it with `ipvsadm -Ln --timeout`, then mend it or remove it (what was before is then forgotten)'
    found = _BODY.fullmatch(record_file.body(text, path, _MARKER, VERSION, advice))
    numbers = [int(number) for number in found.groups()] if found else []
    before, ours = Timeouts(*numbers[:3]) if found else UNDECLARED, Timeouts(*numbers[3:]) if found else UNDECLARED
    if ours == UNDECLARED or any(bool(former) != bool(one) for former, one in zip(before, ours)):
        raise RecordError('{0} is damaged: it does not say for the same timeouts what was before and what is. {1}'.format(
            path, advice))
    return Kept(ours, before)


def read(path: str) -> Kept:
    """Return what is recorded, nothing where there is no record yet; raise `RecordError`."""
    text = record_file.read('record', path)
    return NOTHING if text is None else parse(text, path)


def write(path: str, kept: Kept) -> None:
    """Replace the record in one step, for root only; one of nothing goes. Raise `RecordError`."""
    record_file.write('record', path, ''.join(line + '\n' for line in lines(kept)) or None, 0o600)
