# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python3 -m lab up|kernel|down|status|env`, from the root of the repository."""
from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from typing import Any, Callable, Dict

from lab import commands, config
from lab.clone import Clone
from lab.errors import LabError
from lab.progress import say


def main() -> int:
    parser = argparse.ArgumentParser(prog='python3 -m lab', description='A Docker Engine whose kernel has IPVS.')
    commanded = parser.add_subparsers(required=True, metavar='COMMAND')
    for command in (commands.up, commands.kernel, commands.down, commands.status, commands.env):
        described = (command.__doc__ or '').partition('\n')[0]
        added = commanded.add_parser(command.__name__, help=described, description=described)
        added.set_defaults(run=command)
        if command is commands.up:
            added.add_argument('--wait', action='store_true', help='build the kernel for user mode first, if this lab can use one')
            added.add_argument('--cpus', type=int, default=config.UML_CPUS, help='CPUs of a VM in user mode (%(default)s)')
        if command is commands.kernel:
            added.add_argument('--background', action='store_true', help='return at once')
    options = vars(parser.parse_args())
    command = options.pop('run')
    root, name = Path(__file__).resolve().parent.parent, os.environ.get('LVS_LAB_NAME', '')
    # What is half made is removed then, too.
    signal.signal(signal.SIGTERM, lambda *_signal: sys.exit(143))
    try:
        # What takes one lab down takes all of the clone down, unless it is told which.
        labs = Clone.all_of(root) if command is commands.down and not name else [Clone(root, name)]
        return max([attempt(command, lab, options) for lab in labs])
    except LabError as error:
        say(f'error: {error}')
    except KeyboardInterrupt:
        say('interrupted; run it again to carry on, or take it down')
    return 1


def attempt(command: Callable[..., int], lab: Clone, options: Dict[str, Any]) -> int:
    """Do to one lab what is commanded; a failure is said, and no reason to leave other labs alone."""
    try:
        return command(lab, **options)
    except LabError as error:
        say(f'error: {error}')
        return 1


if __name__ == '__main__':
    sys.exit(main())
