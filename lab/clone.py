# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where one clone of the repository keeps the state of its lab, and the lock around changing it."""
from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Dict, Iterator, List, Optional

from lab.errors import LabError
from lab.progress import say

# sun_path has 108 bytes, and ssh appends a random suffix while it binds.
SOCKET_LIMIT = 90


class Clone:
    """The state directory of one lab of a clone, and the names derived from where the clone is.

    A clone has one lab, in `.lab/`, and may have further ones beside it, which have names.
    """

    def __init__(self, root: Path, name: str = '') -> None:
        if not re.fullmatch('[a-z0-9]*', name):
            raise LabError(f'the name of a lab consists of lower-case letters and digits: {name}')
        self.root = root.resolve()
        self.dir = self.root / (f'.lab-{name}' if name else '.lab')
        self.id = hashlib.sha256(os.fsencode(self.root if not name else self.dir)).hexdigest()[:10]

    @classmethod
    def all_of(cls, root: Path) -> List[Clone]:
        """The lab of a clone and those with a name, if they are there."""
        named = sorted(path.name[len('.lab-'):] for path in root.glob('.lab-*') if re.fullmatch(r'\.lab-[a-z0-9]+', path.name))
        return [cls(root, name) for name in ['', *named]]

    @property
    def marks(self) -> Dict[str, str]:
        """What every process of this clone's lab has in its environment."""
        return {'LVS_LAB_CLONE': str(self.dir)}

    @property
    def state_file(self) -> Path:
        return self.dir / 'state.json'

    def state(self) -> Dict[str, Any]:
        """What runs, as `up` left it; empty when nothing does or the file is unreadable."""
        try:
            found = json.loads(self.state_file.read_text())
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def save(self, state: Dict[str, Any]) -> None:
        partial = self.state_file.with_suffix('.new')
        partial.write_text(json.dumps(state, indent=2) + '\n')
        partial.replace(self.state_file)

    def clear(self) -> None:
        """Remove everything but the lock, which is held while this runs."""
        for directory in self._socket_dirs():
            shutil.rmtree(directory, ignore_errors=True)
        for entry in self.dir.iterdir() if self.dir.is_dir() else ():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            elif entry.name != 'lock':
                entry.unlink()

    def has_socket(self) -> bool:
        """Whether a socket's directory is there, which may outlive the state directory."""
        return bool(self._socket_dirs())

    def _socket_dirs(self) -> List[Path]:
        recorded = str(self.state().get('docker_host', ''))
        candidates = {socket_dir(base, self.id) for base in (runtime_base(self.id), Path('/tmp'))}
        if recorded.startswith('unix://'):
            candidates.add(Path(recorded[len('unix://'):]).parent)
        # By name and owner: `docker_host` may be an engine that is not ours.
        return sorted(path for path in candidates if path.name == socket_dir(path, self.id).name and is_private(path))

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One `up` or `down` at a time; a second one waits and says for whom."""
        self.dir.mkdir(mode=0o700, exist_ok=True)
        with (self.dir / 'lock').open('a+') as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                say(f'waiting for another run on this clone (process {lock.read().strip() or "unknown"}) to end')
                fcntl.flock(lock, fcntl.LOCK_EX)
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield
            lock.truncate(0)


def runtime_base(clone_id: str, environ: Optional[Dict[str, str]] = None) -> Path:
    """The user's runtime directory if there is one and a socket's path in it is short enough, else /tmp."""
    chosen = (os.environ if environ is None else environ).get('XDG_RUNTIME_DIR', '')
    if chosen and os.path.isdir(chosen) and os.access(chosen, os.W_OK):
        if len(os.fsencode(str(socket_dir(Path(chosen), clone_id) / 'docker.sock'))) <= SOCKET_LIMIT:
            return Path(chosen)
    return Path('/tmp')


def socket_dir(base: Path, clone_id: str) -> Path:
    return base / f'lvs-lab-{clone_id}'


def private_dir(path: Path) -> Path:
    """Make a directory that only we can enter, or refuse one that somebody else put there."""
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        pass
    if not is_private(path):
        raise LabError(f'{path} exists and is not a directory of our own with mode 0700: remove it')
    return path


def is_private(path: Path) -> bool:
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077
