# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`python3 -m tests.browser.install`: a Chromium from the distribution, if there is none and it can be had without a question."""

from __future__ import annotations

import pathlib
import sys

from lab import host
from lab.errors import LabError

from .chromium import found

LOG = pathlib.Path(__file__).parents[1] / 'output' / 'browser' / 'install.log'


def main() -> int:
    if not found():
        LOG.parent.mkdir(parents=True, exist_ok=True)
        try:
            host.ensure({'chromium': 'chromium'}, LOG)
        except LabError as error:
            print('{0}\nOr name another Chromium with $CHROMIUM.'.format(error), file=sys.stderr)
            return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
