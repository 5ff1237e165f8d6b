# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chooses how the VM runs: KVM if a kernel boots with it, else user-mode Linux if that boots, else an emulated CPU."""
from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Mapping, Optional

from lab import host, qemu, uml
from lab.cache import Cache
from lab.errors import LabError
from lab.kernel import KernelBuilder
from lab.machine import Machine
from lab.progress import say

NAMES = {'kvm': 'KVM', 'uml': 'user-mode Linux', 'tcg': 'emulated CPU'}


def forced(environ: Optional[Mapping[str, str]] = None) -> Optional[str]:
    """The way that LVS_LAB_ACCEL demands, or None."""
    name = (os.environ if environ is None else environ).get('LVS_LAB_ACCEL') or None
    if name and name not in NAMES:
        raise LabError(f'LVS_LAB_ACCEL is {name}, it must be one of: {", ".join(NAMES)}')
    return name


def choose(cache: Cache, kernels: KernelBuilder, vmlinuz: Path, wait: bool) -> Machine:
    """The machine to boot the VM with. With `wait` a kernel for user mode that is not in the cache is built first."""
    name, log = forced(), kernels.clone.dir / 'apt.log'
    if name == 'uml':
        return user_mode(kernels.ensure())
    if name in ('kvm', None) and os.access('/dev/kvm', os.R_OK | os.W_OK):
        host.ensure(host.QEMU, log)
        if kvm_works(cache, vmlinuz):
            return qemu.Qemu('kvm')
    if name == 'kvm':
        raise LabError('LVS_LAB_ACCEL is kvm, and a kernel does not boot with KVM here')
    if name is None and (wait or kernels.is_built()):
        try:
            return user_mode(kernels.ensure())
        except LabError as error:
            say(f'emulating the CPU, which takes three times as long as user-mode Linux: {error}')
    host.ensure(host.QEMU, log)
    return qemu.Qemu('tcg')


def user_mode(kernel: Path) -> Machine:
    """The machine with this kernel, if that boots here."""
    if not uml.probe(kernel):
        raise LabError(f'the kernel for user mode in {kernel} does not boot here')
    return uml.UserMode(kernel)


def kvm_works(cache: Cache, vmlinuz: Path) -> bool:
    """Whether a kernel boots with KVM. A probe that fails takes long, so it is made once per boot of the host."""
    boot = Path('/proc/sys/kernel/random/boot_id').read_text().strip()
    known = cache.path / 'kvm.json'
    try:
        found = json.loads(known.read_text())
        if found['boot'] == boot:
            return bool(found['works'])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    result = qemu.probe_kvm(vmlinuz)
    partial = known.with_name(f'{known.name}.{os.getpid()}')
    partial.write_text(json.dumps({'boot': boot, 'works': result}))
    partial.replace(known)
    return result
