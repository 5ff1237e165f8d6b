# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shared cache of built disks and images: keys, locks, removal of what nobody uses."""
from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Iterable, Iterator, List, Mapping, Optional

from lab import procs
from lab.progress import say

KEY_LENGTH = 12


def key_of(files: Iterable[Path], root: Path, facts: Iterable[str]) -> str:
    """A short hash over names, modes and contents of files and over facts such as the suite."""
    digest = hashlib.sha256()
    for path in sorted(files):
        kind = 'link' if path.is_symlink() else 'program' if os.access(path, os.X_OK) else 'file'
        content = os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
        digest.update(f'{path.relative_to(root)}\0{kind}\0{len(content)}\0'.encode() + content)
    for fact in facts:
        digest.update(f'{len(fact)}\0{fact}'.encode())
    return digest.hexdigest()[:KEY_LENGTH]


class Cache:
    """A directory of entries `<kind>-<key>/`; an entry is complete from the moment it has its name."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of_user(cls, environ: Optional[Mapping[str, str]] = None) -> Cache:
        environ = os.environ if environ is None else environ
        if environ.get('LVS_LAB_CACHE'):
            return cls(Path(environ['LVS_LAB_CACHE']).expanduser().absolute())
        base = environ.get('XDG_CACHE_HOME') or '~/.cache'
        return cls(Path(base).expanduser().absolute() / 'lvs-lab')

    def entry(self, name: str) -> Path:
        return self.path / name

    def hold(self, name: str) -> Optional[IO[str]]:
        """Keep an entry from being removed for as long as the returned file is open anywhere; None if there is none.

        A process that inherits the file holds the entry, too: that is how a running VM keeps its base disk.
        """
        marker = self.entry(name) / 'held'
        try:
            held = marker.open()
            fcntl.flock(held, fcntl.LOCK_SH)
            if os.path.samestat(os.fstat(held.fileno()), marker.stat()):
                return held
        except OSError:
            pass
        return None

    @contextmanager
    def building(self, what: str) -> Iterator[None]:
        """One build of its kind at a time for all clones; removes what a killed one left behind."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self.path / f'lock-{what}').open('a') as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                say('waiting for another build to end')
                fcntl.flock(lock, fcntl.LOCK_EX)
            for stale in self.path.glob(f'tmp-{what}-*'):
                procs.end({procs.BUILD: str(stale)}, 0)
                shutil.rmtree(stale, ignore_errors=True)
            yield

    @contextmanager
    def adding(self, what: str, name: str) -> Iterator[Path]:
        """A directory to build in, which becomes the entry when all went well and vanishes otherwise."""
        work = Path(tempfile.mkdtemp(prefix=f'tmp-{what}-', dir=self.path))
        try:
            yield work
            (work / 'held').touch()
            os.replace(work, self.entry(name))
        finally:
            if work.exists():
                procs.end({procs.BUILD: str(work)}, 0)
                shutil.rmtree(work, ignore_errors=True)

    def prune(self, what: str, keep: Iterable[str]) -> List[str]:
        """Remove all entries but those to keep and those that somebody holds; call it inside `building(what)`."""
        removed = []
        for entry in sorted(self.path.glob('*-*')):
            if entry.name in keep or entry.name.startswith('tmp-') or not (entry / 'held').exists():
                continue
            with (entry / 'held').open() as held:
                try:
                    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                # Renamed first, so that a kill half-way leaves no entry that looks complete.
                trash = Path(tempfile.mkdtemp(prefix=f'tmp-{what}-', dir=self.path))
                os.replace(entry, trash / entry.name)
                shutil.rmtree(trash, ignore_errors=True)
                removed.append(entry.name)
        return removed

    def size(self) -> int:
        """Bytes on disk, not the nominal size of sparse files."""
        return sum(disk_usage(path) for path in self.path.rglob('*')) if self.path.is_dir() else 0


def disk_usage(path: Path) -> int:
    """Bytes that a file really occupies; 0 if it is gone."""
    try:
        return path.lstat().st_blocks * 512
    except OSError:
        return 0
