# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ruleset that a task applied, kept on the host: what we own, and what the host restores at boot.

Private to this collection. The file is a marker line and then the words of `ipvsadm -R`, thresholds included.
"""

from __future__ import annotations

from .. import record_file
from ..record_file import RecordError, check_writable
from . import dump, rules
from .model import Table

VERSION = 1
_MARKER = '# lvs.direct_routing ruleset, version '

__all__ = ['RecordError', 'check_writable', 'parse', 'read', 'render', 'union', 'write']


def render(table: Table) -> str:
    """Return the text of a record."""
    return ''.join(line + '\n' for line in [_MARKER + str(VERSION)] + rules.ruleset(table))


def parse(text: str, path: str) -> Table:
    """Return the table of a record's text; raise `RecordError`."""
    advice = 'Compare it with `ipvsadm -Sn`, then mend it or remove it (what it recorded is then nobody\'s)'
    rest = record_file.body(text, path, _MARKER, VERSION, advice)
    try:
        return dump.parse_table(rest)
    except dump.DumpError as error:
        raise RecordError('{0} is damaged: {1}. {2}'.format(path, error, advice)) from error


def read(path: str) -> Table:
    """Return the recorded table, an empty one where there is no record yet; raise `RecordError`."""
    text = record_file.read('record', path)
    return Table() if text is None else parse(text, path)


def write(path: str, table: Table) -> None:
    """Replace the record in one step, for root only; one of nothing goes. Raise `RecordError`."""
    record_file.write('record', path, None if table == Table() else render(table), 0o600)


def union(one: Table, other: Table) -> Table:
    """Return the entries of both; where both have an entry, that of the second."""
    return Table(
        list(one.services.values()) + list(other.services.values()),
        list(one.realservers.values()) + list(other.realservers.values()),
    )
