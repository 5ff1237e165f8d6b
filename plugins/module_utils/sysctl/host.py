# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kernel parameters and the files that keep them, read and written below a root directory.

Private to this collection.
"""

from __future__ import annotations

import errno
import os
from typing import Iterable

from .. import record_file
from ..record_file import RecordError
from .declaration import CONF, RUN_FOLDER, Declaration, SysctlError, one_line, parse_settings
from .plan import Plan, State

SYSCTL_DIRECTORIES = ('/etc/sysctl.d', '/run/sysctl.d', '/usr/local/lib/sysctl.d', '/usr/lib/sysctl.d', '/lib/sysctl.d')
"""Where sysctl --system and systemd-sysctl look, highest precedence first (sysctl.d(5))."""


class Host:
    """Kernel parameters and files of a host. `root` is where its file system begins."""

    def __init__(self, root: str = '/') -> None:
        self.root = root

    def path(self, path: str) -> str:
        return os.path.join(self.root, path.lstrip('/'))

    def read(self, name: str) -> str:
        with open(self.path('/proc/sys/' + name)) as stream:
            return one_line(stream.read())

    def write(self, name: str, value: str) -> None:
        try:
            with open(self.path('/proc/sys/' + name), 'w') as stream:
                # Without the newline, an empty value would be nothing to write.
                stream.write(value + '\n')
        except OSError as error:
            hint = ('The kernel does not take this value' if error.errno in (errno.EINVAL, errno.ERANGE) else
                    'This needs root, and in a container a writable /proc/sys')
            raise SysctlError('Cannot set {0} to {1}: {2}. {3}'.format(name, value, error.strerror, hint)) from None

    def interfaces(self) -> list[str]:
        """Return the interfaces that have parameters of IPv4."""
        try:
            names = os.listdir(self.path('/proc/sys/' + CONF))
        except OSError as error:
            raise SysctlError('Cannot read /proc/sys/{0}: {1}. Is IPv4 in this kernel?'.format(
                CONF, error.strerror)) from None
        return sorted(name for name in names if name not in ('all', 'default'))

    def live(self, names: Iterable[str]) -> dict[str, str]:
        """Read those of the parameters that exist."""
        values = {}
        for name in names:
            try:
                values[name] = self.read(name)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except IsADirectoryError:
                raise SysctlError('{0} is a folder of kernel parameters, not one of them'.format(name)) from None
            except OSError as error:
                raise SysctlError('Cannot read {0}: {1}'.format(name, error.strerror)) from None
        return values

    def text(self, path: str) -> str | None:
        return record_file.read('file', self.path(path))

    def replace(self, path: str, text: str | None) -> None:
        """Write a file in one step, or remove it. Where it is kept for boot the folder is not ours."""
        record_file.write('file', self.path(path), text, keep_folder=os.path.dirname(path) != RUN_FOLDER)

    def later(self, path: str, names: Iterable[str]) -> list[tuple[str, dict[str, str]]]:
        """Return which files set any of `names` after the file `path` at boot, in the order in which they are read."""
        directory, ours = os.path.split(path)
        if directory not in SYSCTL_DIRECTORIES:
            return []
        found: dict[str, str] = {}
        for folder in SYSCTL_DIRECTORIES:
            try:
                entries = os.listdir(self.path(folder))
            except OSError:
                continue
            for entry in entries:
                if entry.endswith('.conf'):
                    found.setdefault(entry, os.path.join(folder, entry))
        paths = [found[entry] for entry in sorted(found) if entry > ours]
        # The sysctl program reads this one last. Distributions often link to it from sysctl.d as well.
        if not any(os.path.realpath(self.path(name)) == os.path.realpath(self.path('/etc/sysctl.conf'))
                   for name in paths):
            paths.append('/etc/sysctl.conf')
        names = set(names)
        later = []
        for name in paths:
            try:
                with open(self.path(name), encoding='utf-8', errors='replace') as stream:
                    settings = parse_settings(stream.read())
            except OSError:
                continue
            settings = {item: value for item, value in settings.items() if item in names}
            if settings:
                later.append((name, settings))
        return later

    def state(self, wanted: Declaration, also: Iterable[str] = ()) -> State:
        file, run = self.text(wanted.file), self.text(wanted.run_file)
        names = dict.fromkeys(also)
        if wanted.present:
            names.update(dict.fromkeys(wanted.values))
        for record in map(wanted.record.parse, (file, run)):
            names.update(dict.fromkeys(record.before if record else ()))
        later = self.later(wanted.file, wanted.values) if wanted.present and wanted.persist else []
        return State(self.live(names), file, run, later)

    def apply(self, what: Plan, state: State, wanted: Declaration) -> None:
        """Write a plan: the kernel first, then the files.

        What has been written stays where a later step fails: a host that is silent in ARP without a file is safe, one
        that answers for a VIP again is not.
        """
        done = []
        run = state.run
        try:
            if what.safeguard is not None and what.safeguard != run:
                self.replace(wanted.run_file, what.safeguard)
                run = what.safeguard
            for name, value in what.writes.items():
                self.write(name, value)
                done.append('{0} = {1}'.format(name, value))
            if what.file != state.file:
                self.replace(wanted.file, what.file)
            if what.run != run:
                self.replace(wanted.run_file, what.run)
        except (SysctlError, RecordError) as error:
            if done:
                raise SysctlError('{0}. The running kernel has {1} by now, and keeps it'.format(
                    error, ', '.join(done))) from None
            raise
