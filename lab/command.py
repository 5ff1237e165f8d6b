# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs one program with a time limit; a failure carries what was run and what it said."""
from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Mapping, Optional, Sequence

from lab.errors import LabError

# mke2fs and friends are not on every user's PATH.
SEARCH = os.pathsep.join([os.environ.get('PATH', os.defpath), '/usr/local/sbin', '/usr/sbin', '/sbin'])


def find(program: str) -> Optional[str]:
    """Where a program is, or None."""
    return shutil.which(program, path=SEARCH)


def tail(path: Path, lines: int = 15) -> str:
    """The end of a log, for an error message."""
    try:
        text = path.read_text(errors='replace')
    except OSError:
        return ''
    return '\n'.join(text.splitlines()[-lines:])


def run(argv: Sequence[str], limit: float, log: Optional[Path] = None, env: Optional[Mapping[str, str]] = None,
        check: bool = True, text: Optional[str] = None) -> subprocess.CompletedProcess:
    """Run to the end; output is captured, or goes to `log`. Raises LabError on failure (if `check`) and on time-out."""
    environment = {**os.environ, **(env or {}), 'PATH': SEARCH}
    shown = shlex.join(argv)
    try:
        if log is None:
            done = subprocess.run(argv, timeout=limit, env=environment, input=text if text is not None else '',
                                  capture_output=True, text=True, check=False)
        else:
            with log.open('a') as sink:
                done = subprocess.run(argv, timeout=limit, env=environment, input=text if text is not None else '',
                                      stdout=sink, stderr=subprocess.STDOUT, text=True, check=False)
    except subprocess.TimeoutExpired:
        raise LabError(f'no end after {limit:.0f} s: {shown}') from None
    except OSError as error:
        raise LabError(f'cannot run {shown}: {error}') from None
    if check and done.returncode:
        said = tail(log) if log else (done.stderr or done.stdout).strip()
        where = f' (whole log: {log})' if log else ''
        raise LabError(f'exit status {done.returncode}: {shown}{where}\n{said}')
    return done
