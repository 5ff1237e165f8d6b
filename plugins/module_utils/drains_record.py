# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is drained, kept on a director: read, and replaced only by who has seen what is there.

Private to this collection. The file is JSON with a version. Its serial number grows with each change, so that of the records
of several directors the newest is known, and of two people who change it at once the second is told.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from . import record_file
from .record_file import RecordError, check_writable

VERSION = 1
TEXTS = ('host', 'since', 'by', 'until', 'reason')
_ADVICE = 'Compare it with `ipvsadm -Ln`, then mend it or remove it (then nobody is drained)'

__all__ = ['Record', 'RecordError', 'check_writable', 'entry', 'parse', 'read', 'render', 'replace', 'write']


class Record(NamedTuple):
    """What is recorded; each drain has the texts `TEXTS`, of which all but the host may be empty."""

    serial: int = 0
    drains: tuple[dict, ...] = ()


def entry(given: dict) -> dict:
    """Return a drain with all its texts."""
    return {name: given.get(name) or '' for name in TEXTS}


def render(record: Record) -> str:
    """Return the text of a record."""
    content = {'version': VERSION, 'serial': record.serial, 'drains': list(record.drains)}
    return json.dumps(content, indent=2) + '\n'


def parse(text: str, path: str) -> Record:
    """Return the record of a text; raise `RecordError`."""
    try:
        content = json.loads(text)
        version, serial, drains = (content[key] for key in ('version', 'serial', 'drains'))
        if version != VERSION:
            raise RecordError('{0} was written in version {1} of its format, this collection knows version {2}. Use the newer '
                              'collection'.format(path, str(version)[:20], VERSION))
        sound = isinstance(serial, int) and not isinstance(serial, bool) and serial >= 0 and isinstance(drains, list) and all(map(_sound, drains))
    except (ValueError, KeyError, TypeError) as error:
        raise RecordError('{0} is damaged: {1}. {2}'.format(path, error, _ADVICE)) from error
    if not sound:
        raise RecordError('{0} is damaged: it has no serial number and list of drained hosts. {1}'.format(path, _ADVICE))
    return Record(serial, tuple(entry(one) for one in drains))


def _sound(drain: object) -> bool:
    return isinstance(drain, dict) and bool(drain.get('host')) and all(isinstance(drain.get(name, ''), str) for name in TEXTS)


def read(path: str) -> Record:
    """Return what is recorded, nothing where there is no record; raise `RecordError`."""
    text = record_file.read('record', path)
    return Record() if text is None else parse(text, path)


def replace(have: Record, want: Record) -> bool:
    """Say whether a record is to be replaced; raise `RecordError` if it was changed since it was last seen."""
    if have == want:
        return False
    if have.serial >= want.serial:
        raise RecordError('somebody else has changed who is drained meanwhile (serial number {0}); look again'.format(
            have.serial))
    return True


def write(path: str, record: Record | None) -> None:
    """Replace the record in one step; None removes it. Raise `RecordError`."""
    record_file.write('record', path, None if record is None else render(record))
