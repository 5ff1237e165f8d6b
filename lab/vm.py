# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab's VM: boots it from the shared base disk, waits for it, stops it."""
from __future__ import annotations

import shutil
import socket
import time
from pathlib import Path
from typing import Any, Dict, Optional

from lab import accel, config, host, procs
from lab.build import Builder
from lab.cache import Cache, disk_usage
from lab.clone import Clone
from lab.command import tail
from lab.errors import LabError
from lab.machine import Boot, Machine
from lab.progress import step
from lab.tunnel import Tunnel

READY = 'LVS-LAB-READY'


class VM:
    """The VM of one clone. It writes to an overlay that no other VM has and that does not outlive it."""

    def __init__(self, clone: Clone, cache: Cache) -> None:
        self.clone = clone
        self.cache = cache
        self.marks = {**clone.marks, procs.ROLE: 'vm'}
        self.overlay = clone.dir / 'overlay'
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

    def start(self, builder: Builder, wait: bool, cpus: int) -> Dict[str, Any]:
        """Boot on a fresh overlay and return what `state.json` has to say."""
        host.ensure({**host.VM, **host.DOCKER}, self.clone.dir / 'apt.log')
        host.ensure_machine()
        builder.ensure(vm=True, wait=wait)
        host.ensure_memory()
        host.ensure_disk(self.clone.dir, config.RUN_DISK, "the VM's overlay")
        held = self.cache.hold(builder.vm)
        if held is None:
            raise LabError('the base disk was removed from the cache at this very moment: run it again')
        base = self.cache.entry(builder.vm)
        with held:
            machine = accel.choose(self.cache, builder.kernels, base / 'vmlinuz', wait)
            with step(f'booting the VM ({accel.NAMES[machine.name]})'):
                port = self._boot(base, machine, cpus, held.fileno())
        with step('connecting to its Docker Engine'):
            self.tunnel.open(port)
        return {'kind': 'vm', 'accel': machine.name, 'cpus': cpus, 'ssh_port': port, 'key': builder.vm_key, 'image': builder.image,
                'docker_host': f'unix://{self.tunnel.socket}', 'since': time.time()}

    def _boot(self, base: Path, machine: Machine, cpus: int, held: int) -> int:
        self.tunnel.make_keys()
        log = self.clone.dir / 'boot.log'
        for old in (self.overlay, self.serial, log):
            old.unlink(missing_ok=True)
        port = free_port()
        # The guest holds the cache entry's lock for as long as it lives.
        guest = machine.start(Boot(base=base, console=self.serial, log=log, environment=self.marks, overlay=self.overlay,
                                   keys=self.tunnel.firmware(), ssh_port=port, cpus=cpus, held=[held]))
        deadline = time.monotonic() + config.BOOT_LIMIT
        while READY not in tail(self.serial, 200):
            if guest.poll() is not None:
                raise LabError(f'the VM ended with status {guest.returncode}:\n{tail(log)}\n{tail(self.serial)}')
            if time.monotonic() > deadline:
                raise LabError(f'the VM did not come up within {config.BOOT_LIMIT} s; the end of {self.serial}:\n'
                               f'{tail(self.serial)}')
            time.sleep(0.3)
        return port

    def stop(self) -> None:
        """End the VM and the tunnel. Its disk is thrown away with it, so there is nothing for the guest to save."""
        self.tunnel.close()
        procs.end(self.marks, config.STOP_LIMIT)
        procs.end({**self.clone.marks, procs.ROLE: 'network'}, config.STOP_LIMIT)
        self.overlay.unlink(missing_ok=True)
        shutil.rmtree(self.clone.dir / 'uml', ignore_errors=True)

    def figures(self) -> Dict[str, int]:
        """Bytes: memory that the VM has touched, overlay, cache."""
        # The largest of its processes has the guest's memory; user-mode Linux has small ones beside it.
        memory = max((resident(pid) for pid in procs.marked(self.marks)), default=0)
        return {'memory': memory, 'overlay': disk_usage(self.overlay), 'cache': self.cache.size()}


def resident(pid: int) -> int:
    """Bytes of memory that a process has touched; 0 if it is gone."""
    try:
        status = Path(f'/proc/{pid}/status').read_text()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith('VmRSS:'))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return int(probe.getsockname()[1])
