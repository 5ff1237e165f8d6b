# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a program on the managed host: an argv list, never a shell, and one typed error when it fails.

Private to this collection.
"""

from __future__ import annotations

import dataclasses
from typing import Callable, Sequence


@dataclasses.dataclass(frozen=True)
class Result:
    """What a program returned."""

    argv: tuple[str, ...]
    rc: int
    stdout: str
    stderr: str


Runner = Callable[..., Result]
"""``run(argv, stdin=None) -> Result``; raises `NotInstalled`."""


class CommandError(Exception):
    """A program could not be run or refused what it was asked."""

    def __init__(self, argv: Sequence[str], rc: int, stderr: str, advice: str = '') -> None:
        self.argv = tuple(argv)
        self.rc = rc
        self.stderr = stderr.strip()
        said = self.stderr or 'exit status {0} and no message'.format(rc)
        message = '`{0}` failed: {1}'.format(' '.join(self.argv), said)
        super().__init__('{0}. {1}'.format(message.rstrip('.'), advice) if advice else message)


class NotInstalled(CommandError):
    """The program is not on this host."""

    def __init__(self, argv: Sequence[str]) -> None:
        super().__init__(argv, 127, 'not installed', 'Install the package that provides {0}'.format(argv[0]))


def module_runner(module) -> Runner:
    """Return a runner that goes through ``AnsibleModule.run_command`` with an untranslated locale."""

    def run(argv: Sequence[str], stdin: str | None = None) -> Result:
        program = module.get_bin_path(argv[0], opt_dirs=['/sbin', '/usr/sbin', '/usr/local/sbin'])
        if program is None:
            raise NotInstalled(argv)
        rc, stdout, stderr = module.run_command(
            [program] + list(argv[1:]),
            data=stdin,
            binary_data=True,
            environ_update={'LANG': 'C', 'LC_ALL': 'C', 'LANGUAGE': 'C'},
        )
        return Result(tuple(argv), rc, stdout, stderr)

    return run


def checked(result: Result, advice: str = '') -> str:
    """Return the standard output of a program that succeeded; raise `CommandError` otherwise."""
    if result.rc != 0:
        raise CommandError(result.argv, result.rc, result.stderr or result.stdout, advice)
    return result.stdout
