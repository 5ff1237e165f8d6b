# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python3 -m lab up|down|status|env`, from the root of the repository."""
from __future__ import annotations

import argparse
import sys
from pathlib import Path

from lab import commands
from lab.clone import Clone
from lab.errors import LabError
from lab.progress import say

COMMANDS = {'up': commands.up, 'down': commands.down, 'status': commands.status, 'env': commands.env}


def main() -> int:
    parser = argparse.ArgumentParser(prog='python3 -m lab', description='A Docker Engine whose kernel has IPVS.')
    parser.add_argument('command', choices=COMMANDS)
    chosen = parser.parse_args().command
    try:
        return COMMANDS[chosen](Clone(Path(__file__).resolve().parent.parent))
    except LabError as error:
        say(f'error: {error}')
    except KeyboardInterrupt:
        say('interrupted; run it again to carry on, or take it down')
    return 1


if __name__ == '__main__':
    sys.exit(main())
