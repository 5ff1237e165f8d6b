# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One boot of the VM, described the same for every way to run it (`qemu`, `uml`)."""
from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Dict, List, Mapping, NamedTuple, Optional, Protocol, Sequence

from lab import config
from lab.command import SEARCH

# At build time: the boot loads the node image and powers off. No keys are handed in, and SSH is not waited for.
LOAD_OPTIONS = ('lvs.lab.load', 'systemd.mask=ssh.service', 'systemd.mask=lvs-lab-keys.service',
                'systemd.mask=lvs-lab-ready.service')


class Boot(NamedTuple):
    """What a machine is started with."""

    base: Path                              # the folder with base.raw, vmlinuz and initrd.img
    console: Path                           # the file that gets what the guest prints
    log: Path                               # the file that gets what the program that runs the guest prints
    environment: Mapping[str, str]          # marks by which the processes are found again
    overlay: Optional[Path] = None          # takes the writes; without it base.raw itself is written to
    archive: Optional[Path] = None          # a second disk, read-only
    keys: Optional[Dict[str, Path]] = None  # name in the guest -> file
    ssh_port: Optional[int] = None          # on 127.0.0.1; without it the guest has no network
    options: Sequence[str] = ()             # for the guest's kernel
    cpus: int = config.UML_CPUS             # of a guest in user mode
    held: Sequence[int] = ()                # file descriptors that stay open as long as the guest runs


class Machine(Protocol):
    """A way to run the VM."""

    name: str

    def start(self, boot: Boot) -> subprocess.Popen:
        """Start the guest and return its process, which ends when the guest powers off."""


def launch(argv: List[str], boot: Boot, output: Optional[Path] = None, **more: str) -> subprocess.Popen:
    """Start a program of one boot, detached from this terminal; its standard output goes to the log or to `output`."""
    with boot.log.open('a') as log, (output or boot.log).open('a') as sink:
        return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=sink, stderr=log, pass_fds=list(boot.held),
                                start_new_session=True, cwd=boot.console.parent,
                                env={**os.environ, **boot.environment, **more, 'PATH': SEARCH})
