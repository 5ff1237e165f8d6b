# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a program on the managed host: an argv list, never a shell, and one typed error when it fails.

Private to this collection.
"""

from __future__ import annotations

import dataclasses
import os
import subprocess
import tempfile
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
    """Return a runner that finds programs as ``AnsibleModule`` does and has them speak an untranslated locale.

    What a program reads is complete before it starts. ``AnsibleModule.run_command`` would send it through a pipe: if the
    module is killed meanwhile, the program takes the half of a line for a whole one and, say, deletes port 80 for 8000.
    """

    def run(argv: Sequence[str], stdin: str | None = None) -> Result:
        program = module.get_bin_path(argv[0], opt_dirs=['/sbin', '/usr/sbin', '/usr/local/sbin'])
        if program is None:
            raise NotInstalled(argv)
        with tempfile.TemporaryFile() as given:
            given.write((stdin or '').encode())
            given.seek(0)
            done = subprocess.run(
                [program] + list(argv[1:]),
                stdin=given,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(os.environ, LANG='C', LC_ALL='C', LANGUAGE='C'),
                # A lock that was made inheritable is held until the program ends, also if the module is killed.
                close_fds=False,
                check=False,
            )
        return Result(tuple(argv), done.returncode, _text(done.stdout), _text(done.stderr))

    return run


def _text(output: bytes) -> str:
    return output.decode('utf-8', errors='replace')


def checked(result: Result, advice: str = '') -> str:
    """Return the standard output of a program that succeeded; raise `CommandError` otherwise."""
    if result.rc != 0:
        raise CommandError(result.argv, result.rc, result.stderr or result.stdout, advice)
    return result.stdout
