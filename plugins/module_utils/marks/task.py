# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A table of nftables that marks packets and leaves others untracked, and its record: the one door of ipvs_marks.

Private to this collection.
"""

from __future__ import annotations

from .. import record_file
from ..command import NotInstalled, Runner
from ..ipvs.model import InvalidEntry
from ..record_file import RecordError
from . import tables
from .options import OPTIONS, Wanted
from .rules import FAMILY, TABLE, MarksError, Table, replacement

__all__ = ['OPTIONS', 'InvalidEntry', 'MarksError', 'Wanted', 'declare']

_MARKER = '# lvs.direct_routing marks, version '
VERSION = 1


def declare(run: Runner, wanted: Wanted, check: bool) -> dict:
    """Read once, compare, and unless `check` write; return what the ipvs_marks module returns.

    The table is ours by its name, so nothing has to be recorded before it is there. The record comes after the kernel:
    what nft refuses is never loaded at boot. A task that is killed in between leaves one of the two as it was, and the
    next one sees that.
    """
    text = record_file.read('record', wanted.record)
    foreign = text is not None and not text.startswith(_MARKER)
    if wanted.table:
        if foreign:
            raise RecordError('record: {0} was not written by this module and is left alone; remove it, or name another '
                              'file'.format(wanted.record))
        record_file.check_writable('record', wanted.record)
    recorded = text if foreign else render(wanted.table)
    live, warnings = _live(run, wanted, text is not None and not foreign, check)
    commands = [] if live == wanted.table else replacement(wanted.table)
    if commands and not check:
        tables.write(run, wanted.table)
    if recorded != text and not check:
        record_file.write('record', wanted.record, recorded, 0o600)
    differences = []
    if commands:
        differences.append(_difference('table {0} {1}'.format(FAMILY, TABLE), _listed(live), _listed(wanted.table)))
    if recorded != text:
        differences.append(_difference(wanted.record, text or '', recorded or ''))
    return {
        'changed': bool(differences),
        'commands': commands,
        'warnings': warnings,
        'diff': differences,
    }


def render(table: Table | None) -> str | None:
    """Return the text of a record; a record of no table is no record."""
    if table is None:
        return None
    return ''.join(line + '\n' for line in [_MARKER + str(VERSION)] + replacement(table))


def _live(run: Runner, wanted: Wanted, is_recorded: bool, check: bool) -> tuple[Table | None, list[str]]:
    try:
        return tables.read(run, needed=wanted.table is not None), []
    except NotInstalled as error:
        if wanted.table is None:
            # Somebody may have removed nft since the table was made; it is in the kernel then, until the next boot.
            return None, ['nft is not installed, so nobody looked whether the kernel still has the table {0} {1}'.format(
                FAMILY, TABLE)] if is_recorded else []
        if not check:
            raise
        return None, ['{0}. The prediction is for a host without the table {1} {2}.'.format(error, FAMILY, TABLE)]


def _listed(table: Table | None) -> str:
    return ''.join(line + '\n' for line in table.lines) if table else ''


def _difference(header: str, before: str, after: str) -> dict:
    return {'before_header': header, 'after_header': header, 'before': before, 'after': after}
