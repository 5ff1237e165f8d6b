# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Says what the lab is doing and for how long it has been at it."""
from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import Iterator

HEARTBEAT = 10.0
_began = time.monotonic()


def say(text: str) -> None:
    """One line on stderr, with the seconds since the command began: stdout belongs to `env` and `status`."""
    print(f'lab [{time.monotonic() - _began:4.0f} s] {text}', file=sys.stderr, flush=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Announce a step, repeat it with the time so far while it lasts, and say how long it took."""
    began = time.monotonic()
    done = threading.Event()

    def beat() -> None:
        while not done.wait(HEARTBEAT):
            say(f'{what} ... {time.monotonic() - began:.0f} s')

    say(what)
    beater = threading.Thread(target=beat, daemon=True)
    beater.start()
    try:
        yield
    except BaseException:
        done.set()
        say(f'{what}: failed after {time.monotonic() - began:.0f} s')
        raise
    done.set()
    beater.join()
    say(f'{what}: done in {time.monotonic() - began:.0f} s')
