# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds and ends the lab's own processes, by a mark in their environment that every child inherits.

There are no pid files: a pid can be reused by a stranger, and a file can be lost.
"""
from __future__ import annotations

import os
import select
import signal
import time
from pathlib import Path
from typing import Dict, List, Mapping, Set

# Whose process it is (the clone's state directory), what it does, and in which build directory.
CLONE = 'LVS_LAB_CLONE'
ROLE = 'LVS_LAB_ROLE'
BUILD = 'LVS_LAB_BUILD'


def environ(pid: int, proc: Path = Path('/proc')) -> Dict[str, str]:
    """The environment a process was started with; empty if it is gone or not ours to read."""
    try:
        raw = (proc / str(pid) / 'environ').read_bytes()
    except OSError:
        return {}
    pairs = (item.partition(b'=') for item in raw.split(b'\0') if item)
    return {os.fsdecode(key): os.fsdecode(value) for key, _equals, value in pairs}


def bears(pid: int, marks: Mapping[str, str], proc: Path = Path('/proc')) -> bool:
    """Whether a process carries all these marks."""
    found = environ(pid, proc)
    return all(found.get(key) == value for key, value in marks.items())


def marked(marks: Mapping[str, str], proc: Path = Path('/proc')) -> List[int]:
    """The pids of all processes that carry all these marks, except this one."""
    if not marks:
        raise ValueError('no marks would mean every process of the machine')
    pids = sorted(int(entry.name) for entry in proc.iterdir() if entry.name.isdigit())
    return [pid for pid in pids if pid != os.getpid() and bears(pid, marks, proc)]


def affinity(pid: int) -> Set[int]:
    """The CPUs that a process may run on; none if it is gone."""
    try:
        return os.sched_getaffinity(pid)
    except ProcessLookupError:
        return set()


def end(marks: Mapping[str, str], grace: float) -> int:
    """Ask all marked processes to end, kill what is left after `grace` seconds; returns how many there were."""
    count = _end(marks, signal.SIGTERM, grace) if grace else 0
    # Once more for children born in between: a killed process leaves no new ones.
    for _attempt in range(5):
        left = _end(marks, signal.SIGKILL, 5)
        if not left:
            break
        count = count or left
    return count


def _end(marks: Mapping[str, str], number: int, limit: float) -> int:
    handles = []
    for pid in marked(marks):
        try:
            handle = os.pidfd_open(pid)
        except OSError:
            continue
        # The handle pins the process: checked again after it was taken, the pid cannot have passed to a stranger.
        if bears(pid, marks):
            handles.append(handle)
            _signal(handle, number)
        else:
            os.close(handle)
    deadline = time.monotonic() + limit
    for handle in handles:
        select.select([handle], [], [], max(deadline - time.monotonic(), 0))
        os.close(handle)
    return len(handles)


def _signal(handle: int, number: int) -> None:
    try:
        signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        pass
