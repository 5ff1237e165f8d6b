# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The VM as user-mode Linux: a kernel that is a program of the host and runs the guest's programs on the real CPU.

Needs no root and no /dev/kvm. The guest's network is slirp4netns, with the addresses of QEMU's user network. Paths are
given relative to the working directory: the kernel's command line knows no quoting.
"""
from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

from lab import config, host, procs
from lab.cache import Cache
from lab.command import SEARCH, tail
from lab.errors import LabError
from lab.machine import Boot, launch

KERNEL_OPTIONS = ['root=/dev/ubda', 'rw', 'rootflags=noinit_itable', 'net.ifnames=0', 'fsck.mode=skip',
                  'panic=-1', 'noreboot', 'quiet']
# Without seccomp each system call of the guest is traced, which is not faster than an emulated CPU.
SECCOMP = 'seccomp=on'
NETWORK_LIMIT = 30


class UserMode:
    """The VM under a kernel of the cache: its folder has `linux`, and `modules` as in /lib/modules/<release>."""

    name = 'uml'

    def __init__(self, kernel: Path) -> None:
        self.kernel = kernel

    def start(self, boot: Boot) -> subprocess.Popen:
        where = boot.console.parent / 'uml'
        shutil.rmtree(where, ignore_errors=True)
        where.mkdir()
        # What the guest reads of the host, by hostfs.
        (where / 'host').mkdir()
        (where / 'host' / 'modules').symlink_to(self.kernel / 'modules')
        for name, path in (boot.keys or {}).items():
            shutil.copy(path, where / 'host' / name)
        (where / 'base').symlink_to(boot.base)
        if boot.archive:
            (where / 'archive').symlink_to(boot.archive)
        held = Cache(self.kernel.parent).hold(self.kernel.name)
        if held is None:
            raise LabError('the kernel was removed from the cache at this very moment: run it again')
        with held:
            return self._start(boot._replace(held=[*boot.held, held.fileno()]), where)

    def _start(self, boot: Boot, where: Path) -> subprocess.Popen:
        argv = self.argv(boot)
        if not boot.ssh_port:
            return self._launch(boot, argv)
        # Its reading end tells slirp4netns that the guest, which alone has the other one, is gone.
        ends, lives = os.pipe()
        try:
            slirp = launch(['slirp4netns', '--target-type=bess', '--disable-host-loopback', f'--exit-fd={ends}',
                            '--api-socket', 'uml/api', 'uml/net'],
                           boot._replace(held=[ends], environment={**boot.environment, procs.ROLE: 'network'}))
            needed = {'slirp4netns': (slirp, boot.log)}
            appears(where / 'net', needed)
            guest = self._launch(boot._replace(held=[*boot.held, lives]),
                                 [*argv, 'vec0:transport=bess,dst=uml/net,depth=64,gro=1'])
        finally:
            os.close(ends)
            os.close(lives)
        # It listens there once the guest has connected.
        appears(where / 'api', {**needed, 'the guest': (guest, boot.console)})
        forward(where / 'api', boot.ssh_port)
        return guest

    @staticmethod
    def _launch(boot: Boot, argv: List[str]) -> subprocess.Popen:
        # Each page fault goes from a program to the kernel and back: on one CPU of the host that is a switch, between two a call
        # for an idle one to wake up, and everything takes twice as long.
        return launch(['taskset', '--cpu-list', str(free_cpu()), *argv], boot, output=boot.console, TMPDIR=str(memory_dir()))

    def argv(self, boot: Boot) -> List[str]:
        """The kernel's command line but for the network; paths are relative to the folder of the console file."""
        disk = f'{boot.overlay.name},uml/base/base.raw' if boot.overlay else 'uml/base/base.raw'
        # c: without locks, which would keep QEMU from using the same base disk.
        return [
            str(self.kernel / 'linux'), f'mem={config.VM_MEMORY // config.MIB}M', f'ncpus={boot.cpus}', SECCOMP,
            f'ubd0c={disk}', *(['ubd1rc=uml/archive'] if boot.archive else []),
            'hostfs=/proc/self/cwd/uml/host', 'umid=vm', 'uml_dir=uml/', 'con=null', 'con0=null,fd:1',
            *KERNEL_OPTIONS, *boot.options,
        ]


def free_cpu() -> int:
    """The CPU of the host that the fewest labs are bound to."""
    bound = Counter(cpu for pid in procs.marked({procs.ROLE: 'vm'}) for cpu in procs.affinity(pid))
    return min(sorted(os.sched_getaffinity(0)), key=lambda cpu: bound[cpu])


def appears(path: Path, needed: Dict[str, Tuple[subprocess.Popen, Path]]) -> None:
    """Wait for a socket of slirp4netns, for as long as the processes that are needed for it run; each has a log."""
    deadline = time.monotonic() + NETWORK_LIMIT
    while not path.exists():
        for name, (process, log) in needed.items():
            if process.poll() is not None:
                raise LabError(f'{name} ended with status {process.returncode}:\n{tail(log)}')
        if time.monotonic() > deadline:
            raise LabError(f'slirp4netns did not make {path} within {NETWORK_LIMIT} s')
        time.sleep(0.05)


def forward(api: Path, port: int) -> None:
    """Have slirp4netns forward a port of 127.0.0.1 to the guest's SSH."""
    try:
        answer = ask(api, {'execute': 'add_hostfwd', 'arguments': {
            'proto': 'tcp', 'host_addr': '127.0.0.1', 'host_port': port, 'guest_addr': '10.0.2.15', 'guest_port': 22}})
    except (OSError, ValueError) as error:
        raise LabError(f'slirp4netns cannot be asked to forward port {port}: {error}') from None
    if 'return' not in answer:
        raise LabError(f'slirp4netns does not forward port {port}: {answer}')


def ask(path: Path, question: Dict[str, Any]) -> Dict[str, Any]:
    """Send a question to slirp4netns and return its answer."""
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(NETWORK_LIMIT)
        # A socket's path may be short, and a clone's folder may be deep.
        folder = os.open(path.parent, os.O_PATH)
        try:
            link.connect(f'/proc/self/fd/{folder}/{path.name}')
        finally:
            os.close(folder)
        link.sendall(json.dumps(question).encode())
        link.shutdown(socket.SHUT_WR)
        answer = b''
        while chunk := link.recv(4096):
            answer += chunk
    return json.loads(answer)


def memory_dir(candidates: Sequence[str] = ('/dev/shm', tempfile.gettempdir(), '/var/tmp')) -> Path:
    """Where the file that is the guest's memory lies: in memory if there is room for it. The kernel runs code from it."""
    for name in candidates:
        try:
            if (os.access(name, os.W_OK) and not os.statvfs(name).f_flag & os.ST_NOEXEC
                    and shutil.disk_usage(name).free >= config.VM_MEMORY):
                return Path(name)
        except OSError:
            pass
    raise LabError(f"no folder has room for the guest's memory ({host.gib(config.VM_MEMORY)}) and lets programs run: "
                   + ', '.join(candidates))


def probe(kernel: Path) -> bool:
    """Boot the kernel with the host's own files and /bin/true as its first program, which must end well.

    The kernel then panics, as the first program of a system must not end.
    """
    with tempfile.TemporaryDirectory(prefix='lvs-lab-uml-') as directory:
        try:
            done = subprocess.run(
                [str(kernel / 'linux'), 'mem=128M', SECCOMP, 'root=/dev/root', 'rootfstype=hostfs', 'ro', 'init=/bin/true',
                 'uml_dir=./', 'umid=probe', 'con=null', 'con0=null,fd:1', 'panic=-1', 'noreboot'],
                timeout=config.PROBE_LIMIT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                check=False, cwd=directory, env={**os.environ, 'PATH': SEARCH, 'TMPDIR': str(memory_dir())})
        except (subprocess.TimeoutExpired, OSError):
            return False
    return b'Attempted to kill init! exitcode=0x00000000' in done.stdout
