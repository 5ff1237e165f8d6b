# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the host must have before anything is built: programs, memory, disk."""
from __future__ import annotations

import os
import platform
import shlex
import shutil
from pathlib import Path
from typing import Callable, Dict, Iterable, List, Optional

from lab import config
from lab.command import find, run
from lab.errors import LabError
from lab.progress import say, step

# Program (or file) that is needed -> Debian package that brings it.
DOCKER = {'docker': 'docker-cli'}
BUILD = {'mmdebstrap': 'mmdebstrap', 'tar': 'tar', config.KEYRING: 'debian-archive-keyring'}
VM = {'mke2fs': 'e2fsprogs', 'ssh': 'openssh-client', 'ssh-keygen': 'openssh-client'}
QEMU = {'qemu-system-x86_64': 'qemu-system-x86', 'qemu-img': 'qemu-utils'}
UML = {'slirp4netns': 'slirp4netns', 'taskset': 'util-linux'}
KERNEL = {'gcc': 'gcc', 'make': 'make', 'flex': 'flex', 'bison': 'bison', 'bc': 'bc', 'xz': 'xz-utils', 'patch': 'patch',
          'depmod': 'kmod', 'strip': 'binutils', '/usr/include/stdio.h': 'libc6-dev',
          config.KEYRING: 'debian-archive-keyring'}
UNPRIVILEGED = {'newuidmap': 'uidmap', 'unshare': 'util-linux'}


def missing(needs: Dict[str, str], look: Callable[[str], Optional[str]] = find) -> List[str]:
    """The packages to install: looked up by what is needed of them, so nothing is installed that is there already."""
    absent = [package for need, package in needs.items()
              if not (os.path.exists(need) if need.startswith('/') else look(need))]
    return sorted(set(absent))


def apt_argv(packages: Iterable[str], root: bool) -> List[str]:
    """The command that installs packages, as root or by sudo."""
    argv = ['apt-get', 'install', '--yes', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', *packages]
    return argv if root else ['sudo', *argv]


def ensure(needs: Dict[str, str], log: Path) -> None:
    """Install what is missing when that is possible without a question, else say what to run."""
    packages = missing(needs)
    if not packages:
        return
    if not find('apt-get'):
        raise LabError('this host lacks, and the lab can only install with apt: ' + ' '.join(packages))
    if 'docker-cli' in packages and not run(['apt-cache', 'show', '--quiet=2', 'docker-cli'], 60, check=False).stdout:
        packages[packages.index('docker-cli')] = 'docker.io'
    root = os.geteuid() == 0
    argv = apt_argv(packages, root)
    if not root and (not find('sudo') or run(['sudo', '-n', 'true'], 20, check=False).returncode):
        raise LabError('packages are missing on this host; install them with\n  ' + shlex.join(argv))
    with step('installing on this host: ' + ' '.join(packages)):
        env = {'DEBIAN_FRONTEND': 'noninteractive'}
        if run(argv, 1200, log=log, env=env, check=False).returncode:
            # Package lists may be missing or too old for the mirror.
            run([*argv[:argv.index('install')], 'update'], 600, log=log, env=env, check=False)
            run(argv, 1200, log=log, env=env)
    left = missing(needs)
    if left:
        raise LabError(f'installed, but what they should bring is still not found: {" ".join(left)} (log: {log})')


def ensure_machine() -> None:
    """The VM runs the host's own architecture."""
    if platform.machine() != 'x86_64':
        raise LabError(f'the VM needs an x86_64 host, this one is {platform.machine()}: '
                       'point DOCKER_HOST at a Docker Engine whose kernel has ip_vs')


def ensure_disk(path: Path, need: int, what: str) -> None:
    """Refuse a run that would fill the disk."""
    free = shutil.disk_usage(path).free
    if free < need:
        raise LabError(too_little('disk space', f'for {what} in {path}', need, free))
    say(f'disk: {gib(free)} free in {path}, {what} needs up to {gib(need)}')


def ensure_memory() -> None:
    """Refuse a VM that would push the host into the OOM killer."""
    need = config.VM_MEMORY + config.VM_OVERHEAD
    free = available_memory(Path('/proc/meminfo').read_text())
    if free < need:
        raise LabError(too_little('memory', 'for the VM', need, free))


def available_memory(meminfo: str) -> int:
    """Bytes that can be had without swapping, from the text of /proc/meminfo."""
    for line in meminfo.splitlines():
        if line.startswith('MemAvailable:'):
            return int(line.split()[1]) * 1024
    raise LabError('/proc/meminfo has no MemAvailable')


def too_little(of: str, purpose: str, need: int, free: int) -> str:
    return f'too little {of} {purpose}: {gib(need)} needed, {gib(free)} available'


def gib(size: int) -> str:
    return f'{size / config.GIB:.1f} GiB'
