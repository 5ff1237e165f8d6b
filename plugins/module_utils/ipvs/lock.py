# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One task at a time changes IPVS on this host; what it must not leave behind is noted in the lock file.

Private to this collection.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from typing import Iterator

from ..command import CommandError

PATH = '/run/lvs-direct-routing.lock'


class Lock:
    """The lock while it is held. `waited`: for how many seconds another task held it, None if nobody did."""

    def __init__(self, handle: int, waited: float | None) -> None:
        self._handle = handle
        self.waited = waited

    @property
    def note(self) -> tuple[str, ...]:
        """Words that the next task finds should this one be killed."""
        return tuple(os.pread(self._handle, 4096, 0).decode('ascii', errors='replace').split())

    @note.setter
    def note(self, words: tuple[str, ...]) -> None:
        # Rewritten before it is cut: whenever it is read, it has at least what the old and the new one share.
        text = ' '.join(words).encode('ascii')
        os.pwrite(self._handle, text, 0)
        os.ftruncate(self._handle, len(text))


@contextlib.contextmanager
def exclusive(path: str = PATH) -> Iterator[Lock]:
    """Hold this host's lock, so that two tasks at once never mix their reading and writing.

    The programs that the task starts hold it with it: one that still writes when its task has been killed is waited for.
    The file goes with the lock, unless there is a note in it.
    """
    begin = time.monotonic()
    try:
        handle, waited = _locked(path)
    except OSError as error:
        raise CommandError(('flock', path), 1, str(error), 'Writing the IPVS table needs root: use become') from error
    lock = Lock(handle, time.monotonic() - begin if waited else None)
    try:
        yield lock
    finally:
        # Before it is unlocked: whoever waits for this file finds out below that it is gone, and makes a new one.
        if not lock.note:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(path)
        os.close(handle)


def _locked(path: str) -> tuple[int, bool]:
    """Return the locked file and whether another task had it."""
    waited = False
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        os.set_inheritable(handle, True)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waited = True
            fcntl.flock(handle, fcntl.LOCK_EX)
        try:
            if os.path.samestat(os.fstat(handle), os.stat(path, follow_symlinks=False)):
                return handle, waited
        except FileNotFoundError:
            pass
        os.close(handle)
