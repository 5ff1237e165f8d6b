# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ruleset that a task applied, kept on the host: what we own, and what the host restores at boot.

Private to this collection. The file is a marker line and then the words of `ipvsadm -R`, thresholds included.
"""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile

from . import dump, rules
from .model import Table, shown

VERSION = 1
# PATH_MAX of Linux, less what the name of a temporary file beside the record takes.
MAX_PATH = 4096 - 16
_MARKER = '# lvs.direct_routing ruleset, version '


class RecordError(Exception):
    """The record cannot be read or written."""


def render(table: Table) -> str:
    """Return the text of a record."""
    return ''.join(line + '\n' for line in [_MARKER + str(VERSION)] + rules.ruleset(table))


def parse(text: str, path: str) -> Table:
    """Return the table of a record's text; raise `RecordError`."""
    first, _newline, rest = text.partition('\n')
    advice = 'Compare it with `ipvsadm -Sn`, then mend it or remove it (what it recorded is then nobody\'s)'
    if not first.startswith(_MARKER):
        raise RecordError('{0} is not a record of this collection: its first line is {1!r}. {2}.'.format(
            path, first[:80], advice))
    version = first[len(_MARKER):].strip()
    if version != str(VERSION):
        raise RecordError(
            '{0} was written in version {1} of its format, this collection knows version {2}. '
            'Use the newer collection.'.format(path, version[:20], VERSION)
        )
    try:
        return dump.parse_table(rest)
    except dump.DumpError as error:
        raise RecordError('{0} is damaged: {1}. {2}.'.format(path, error, advice)) from error


def read(path: str) -> Table:
    """Return the recorded table, an empty one where there is no record yet; raise `RecordError`."""
    _check_path(path)
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return Table()
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise RecordError('{0} is a symbolic link; a record is a plain file.'.format(path)) from error
        raise RecordError('cannot read the record {0}: {1}.'.format(path, error.strerror)) from error
    try:
        with os.fdopen(handle, encoding='ascii') as stream:
            return parse(stream.read(), path)
    except UnicodeDecodeError as error:
        raise RecordError('{0} is damaged: it is not text.'.format(path)) from error
    except OSError as error:
        raise RecordError('cannot read the record {0}: {1}.'.format(path, error.strerror)) from error


def _check_path(path: str) -> None:
    if not os.path.isabs(path):
        raise RecordError('record: {0} is not an absolute path.'.format(shown(path)))
    if not path.isprintable():
        raise RecordError('record: {0} has characters that no path should have.'.format(shown(path)))
    if len(os.fsencode(path)) >= MAX_PATH:
        raise RecordError('record: {0} is too long for a path.'.format(shown(path)))


def check_writable(path: str) -> None:
    """Raise `RecordError` if a record could not be written here; nothing is changed."""
    _check_path(path)
    folder = os.path.dirname(path)
    if not os.path.exists(folder):
        folder = os.path.dirname(folder)
    if not os.path.isdir(folder):
        raise RecordError('the record {0} would be in {1}, which is not a folder.'.format(path, folder))
    if not os.access(folder, os.W_OK | os.X_OK) or os.path.exists(path) and not os.access(path, os.W_OK):
        raise RecordError('the record {0} is not writable.'.format(path))


def write(path: str, table: Table) -> None:
    """Replace the record in one step: a crash leaves the old one or the new one; raise `RecordError`.

    A record of nothing is no record: it goes, and so does its folder once it is empty.
    """
    folder = os.path.dirname(path)
    try:
        if table == Table():
            _remove(path)
            return
        if not os.path.isdir(folder):
            os.mkdir(folder, 0o755)
        handle, temporary = tempfile.mkstemp(dir=folder, prefix='.' + os.path.basename(path) + '.')
        try:
            with os.fdopen(handle, 'w', encoding='ascii') as stream:
                os.fchmod(stream.fileno(), 0o600)
                stream.write(render(table))
                stream.flush()
                os.fsync(stream.fileno())
            os.rename(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as error:
        raise RecordError('cannot write the record {0}: {1}.'.format(path, error.strerror)) from error


def _remove(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    with contextlib.suppress(OSError):
        os.rmdir(os.path.dirname(path))


def union(one: Table, other: Table) -> Table:
    """Return the entries of both; where both have an entry, that of the second."""
    return Table(
        list(one.services.values()) + list(other.services.values()),
        list(one.realservers.values()) + list(other.realservers.values()),
    )
