# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's VM: boots it from the shared base disk, waits for it, stops it."""
from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Dict, Optional

from lab import config, host, procs, qemu
from lab.build import Builder
from lab.cache import Cache, disk_usage
from lab.clone import Clone
from lab.command import SEARCH, run, tail
from lab.errors import LabError
from lab.progress import step
from lab.tunnel import Tunnel

READY = 'LVS-LAB-READY'


class VM:
    """The VM of one clone. It writes to an overlay that no other VM has and that does not outlive it."""

    def __init__(self, clone: Clone, cache: Cache) -> None:
        self.clone = clone
        self.cache = cache
        self.marks = {**clone.marks, procs.ROLE: 'vm'}
        self.overlay = clone.dir / 'overlay.qcow2'
        self.serial = clone.dir / 'serial.log'
        self.tunnel = Tunnel(clone)

    def pid(self) -> Optional[int]:
        pids = procs.marked(self.marks)
        return pids[0] if pids else None

    def answers(self, state: Dict[str, Any]) -> bool:
        """Whether Docker answers; a tunnel that died alone is set up again."""
        if not self.pid():
            return False
        if self.tunnel.alive() and self.tunnel.ping(config.PING_LIMIT):
            return True
        with step('reconnecting to the VM'):
            self.tunnel.close()
            try:
                self.tunnel.open(int(state['ssh_port']))
            except (LabError, KeyError, ValueError):
                return False
        return True

    def start(self, builder: Builder) -> Dict[str, Any]:
        """Boot on a fresh overlay and return what `state.json` has to say."""
        host.ensure({**host.VM, **host.DOCKER}, self.clone.dir / 'apt.log')
        host.ensure_machine()
        builder.ensure(vm=True)
        host.ensure_memory()
        host.ensure_disk(self.clone.dir, config.RUN_DISK, "the VM's overlay")
        held = self.cache.hold(builder.vm)
        if held is None:
            raise LabError('the base disk was removed from the cache at this very moment: run it again')
        base = self.cache.entry(builder.vm)
        with held:
            accel = qemu.accelerator(self.cache, base / 'vmlinuz')
            with step(f'booting the VM ({accel})'):
                port = self._boot(base, accel, held.fileno())
        with step('connecting to its Docker Engine'):
            self.tunnel.open(port)
        return {'kind': 'vm', 'accel': accel, 'ssh_port': port, 'key': builder.vm_key, 'image': builder.image,
                'docker_host': f'unix://{self.tunnel.socket}', 'since': time.time()}

    def _boot(self, base: Path, accel: str, held: int) -> int:
        self.tunnel.make_keys()
        self.overlay.unlink(missing_ok=True)
        run(['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', str(base / 'base.raw'),
             str(self.overlay)], 60)
        self.serial.unlink(missing_ok=True)
        port = free_port()
        argv = qemu.argv(accel, base, self.overlay, 'qcow2', self.serial, ssh_port=port,
                         firmware=self.tunnel.firmware())
        log = self.clone.dir / 'qemu.log'
        with log.open('w') as sink:
            # Detached, and with the cache entry's lock in its hands for as long as it lives.
            process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, pass_fds=[held],
                                       start_new_session=True, cwd='/',
                                       env={**os.environ, **self.marks, 'PATH': SEARCH})
        deadline = time.monotonic() + config.BOOT_LIMIT
        while READY not in tail(self.serial, 200):
            if process.poll() is not None:
                raise LabError(f'QEMU ended with status {process.returncode}:\n{tail(log)}\n{tail(self.serial)}')
            if time.monotonic() > deadline:
                raise LabError(f'the VM did not come up within {config.BOOT_LIMIT} s; the end of {self.serial}:\n'
                               f'{tail(self.serial)}')
            time.sleep(0.3)
        return port

    def stop(self) -> None:
        """End the VM and the tunnel. Its disk is thrown away with it, so there is nothing for the guest to save."""
        self.tunnel.close()
        procs.end(self.marks, config.STOP_LIMIT)
        self.overlay.unlink(missing_ok=True)

    def figures(self) -> Dict[str, int]:
        """Bytes: memory that QEMU has touched, overlay, cache."""
        pid = self.pid()
        status = Path(f'/proc/{pid}/status').read_text() if pid else ''
        resident = [int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith('VmRSS:')]
        return {'memory': resident[0] if resident else 0, 'overlay': disk_usage(self.overlay),
                'cache': self.cache.size()}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return int(probe.getsockname()[1])
