# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small file on the host in which a module keeps what is its own: read, written in one step, never anything half.

Private to this collection. `option` is the one that names the file, for what an error says.
"""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile

# PATH_MAX of Linux, less what the name of a temporary file beside the record takes.
MAX_PATH = 4096 - 16

# What decoding leaves where there are bytes that are no text.
_NO_TEXT = '\ufffd'


class RecordError(Exception):
    """The record cannot be read, written or removed, or is nothing that a module may write."""


def check_path(option: str, path: str) -> str:
    """Return the path of a record in its shortest spelling; raise `RecordError` for what is none."""
    if not os.path.isabs(path) or path.endswith('/'):
        raise RecordError('{0}: {1} is not an absolute path of a file'.format(option, _quoted(path)))
    if not path.isprintable():
        raise RecordError('{0}: {1} has characters that no path should have'.format(option, _quoted(path)))
    if len(os.fsencode(path)) >= MAX_PATH:
        raise RecordError('{0}: {1} is too long for a path'.format(option, _quoted(path)))
    return os.path.normpath(path)


def _quoted(path: str) -> str:
    text = repr(path)
    return text if len(text) <= 100 else '{0}... ({1} characters)'.format(text[:60], len(text))


def read(option: str, path: str) -> str | None:
    """Return the text of a record, None where there is none; raise `RecordError`, also for what is no regular file."""
    check_path(option, path)
    try:
        # Looked at before it is opened: there are devices that act on being opened, and a pipe would wait for ever.
        mode = os.lstat(path).st_mode
        if not stat.S_ISREG(mode):
            raise RecordError('{0}: {1} is {2}, not a regular file, and is left alone; name another file'.format(
                option, path, 'a symbolic link' if stat.S_ISLNK(mode) else 'a directory or device'))
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(handle, encoding='utf-8', errors='replace') as stream:
            return stream.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RecordError('{0}: cannot read {1}: {2}'.format(option, path, error.strerror)) from error


def body(text: str, path: str, marker: str, version: int, advice: str) -> str:
    """Return what follows the first line of a record; raise `RecordError` if that is not `marker` and `version`."""
    if _NO_TEXT in text:
        raise RecordError('{0} is damaged: it is not text'.format(path))
    first, _newline, rest = text.partition('\n')
    if not first.startswith(marker):
        raise RecordError('{0} is not a record of this collection: its first line is {1!r}. {2}'.format(
            path, first[:80], advice))
    found = first[len(marker):].strip()
    if found != str(version):
        raise RecordError(
            '{0} was written in version {1} of its format, this collection knows version {2}. '
            'Use the newer collection'.format(path, found[:20], version)
        )
    return rest


def check_writable(option: str, path: str) -> None:
    """Raise `RecordError` if a record could not be written here; nothing is changed."""
    check_path(option, path)
    folder = os.path.dirname(path)
    if not os.path.exists(folder):
        folder = os.path.dirname(folder)
    if not os.path.isdir(folder):
        raise RecordError('{0}: {1} would be in {2}, which is not a folder'.format(option, path, folder))
    if not os.access(folder, os.W_OK | os.X_OK) or os.path.exists(path) and not os.access(path, os.W_OK):
        raise RecordError('{0}: {1} is not writable'.format(option, path))


def write(option: str, path: str, text: str | None, mode: int = 0o644, keep_folder: bool = False) -> None:
    """Replace a record in one step: a crash leaves the old one or the new one; raise `RecordError`.

    Its folder is made if only that is missing. A record of nothing (None) is no record: it goes, and unless
    `keep_folder` so does its folder once it is empty.
    """
    try:
        if text is None:
            _remove(path, keep_folder)
        else:
            _replace(path, text, mode)
    except OSError as error:
        raise RecordError('{0}: cannot {1} {2}: {3}'.format(
            option, 'remove' if text is None else 'write', path, error.strerror)) from error


def _replace(path: str, text: str, mode: int) -> None:
    folder, name = os.path.split(path)
    if not os.path.isdir(folder):
        os.mkdir(folder, 0o755)
    # The temporary name does not end as that of the record does, so nothing takes it at boot if we are killed now.
    handle, temporary = tempfile.mkstemp(prefix='.' + name + '.', dir=folder)
    try:
        with os.fdopen(handle, 'w', encoding='utf-8') as stream:
            os.fchmod(stream.fileno(), mode)
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _remove(path: str, keep_folder: bool) -> None:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    if not keep_folder:
        with contextlib.suppress(OSError):
            os.rmdir(os.path.dirname(path))
