# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kernel parameters and the files that keep them, read and written below a root directory.

Private to this collection.
"""

from __future__ import annotations

import os
from typing import Iterable

from .. import record_file
from ..record_file import RecordError
from .declaration import CONF, PARAMETERS, Silence, SysctlError, key, parse_settings
from .plan import Plan, State

RUN_FILE = '/run/lvs-direct-routing/arp_sysctl.conf'
"""What was before, where nothing is persisted and while a task is at work: it goes with a reboot, as the values do."""

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
            return stream.read().strip()

    def write(self, name: str, value: str) -> None:
        try:
            with open(self.path('/proc/sys/' + name), 'w') as stream:
                stream.write(value)
        except OSError as error:
            raise SysctlError('Cannot set {0} to {1}: {2}. This needs root, and in a container a writable '
                              '/proc/sys'.format(name, value, error.strerror)) from None

    def live(self) -> dict[str, str]:
        """Read the ARP parameters of every interface and of `all`."""
        try:
            names = os.listdir(self.path('/proc/sys/' + CONF))
        except OSError as error:
            raise SysctlError('Cannot read /proc/sys/{0}: {1}. Is IPv4 in this kernel?'.format(
                CONF, error.strerror)) from None
        values = {}
        for name in sorted(names):
            if name == 'default':
                continue
            try:
                values.update({key(name, parameter): self.read(key(name, parameter)) for parameter in PARAMETERS})
            except FileNotFoundError:
                # The interface went away since the listing.
                for parameter in PARAMETERS:
                    values.pop(key(name, parameter), None)
        return values

    def text(self, path: str) -> str | None:
        return record_file.read('file', self.path(path))

    def replace(self, path: str, text: str | None) -> None:
        """Write a file in one step, or remove it. Where it is kept for boot the folder is not ours."""
        record_file.write('file', self.path(path), text, keep_folder=path != RUN_FILE)

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

    def state(self, wanted: Silence) -> State:
        later = self.later(wanted.file, wanted.values) if wanted.present and wanted.persist else []
        return State(self.live(), self.text(wanted.file), self.text(RUN_FILE), later)

    def apply(self, what: Plan, state: State, file: str) -> None:
        """Write a plan: the kernel first, then the files.

        What has been written stays where a later step fails: a host that is silent without a file is safe, one that
        answers for a VIP again is not.
        """
        done = []
        run = state.run
        try:
            if what.safeguard is not None and what.safeguard != run:
                self.replace(RUN_FILE, what.safeguard)
                run = what.safeguard
            for name, value in what.writes.items():
                self.write(name, value)
                done.append('{0} = {1}'.format(name, value))
            if what.file != state.file:
                self.replace(file, what.file)
            if what.run != run:
                self.replace(RUN_FILE, what.run)
        except (SysctlError, RecordError) as error:
            if done:
                raise SysctlError('{0}. The running kernel has {1} by now, and keeps it'.format(
                    error, ', '.join(done))) from None
            raise
