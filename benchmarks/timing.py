# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a command takes."""

from __future__ import annotations

import subprocess
import sys
import time


def timed(argv: list[str], good: tuple = (0,)) -> tuple[float, str]:
    """Return the seconds that a command took, and its output; end where its exit status is none of the good ones."""
    begin = time.monotonic()
    done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode not in good:
        sys.exit('{0} failed: {1}'.format(argv[0], done.stdout))
    return time.monotonic() - begin, done.stdout
