# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The VM under QEMU, with KVM or with an emulated CPU, and the probe of whether KVM really works here."""
from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import List

from lab import config
from lab.command import SEARCH, run
from lab.machine import Boot, launch

KERNEL_OPTIONS = ('console=ttyS0 root=/dev/vda rw rootflags=noatime,noinit_itable net.ifnames=0 mitigations=off '
                  'apparmor=0 selinux=0 audit=0 fsck.mode=skip panic=-1 quiet')
BARE = ['qemu-system-x86_64', '-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none']


class Qemu:
    """The VM under QEMU; `name` is kvm or tcg."""

    def __init__(self, name: str) -> None:
        self.name = name

    def start(self, boot: Boot) -> subprocess.Popen:
        if boot.overlay:
            run(['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', str(boot.base / 'base.raw'),
                 str(boot.overlay)], 60)
        return launch(self.argv(boot), boot)

    def argv(self, boot: Boot) -> List[str]:
        disk, kind = (boot.overlay, 'qcow2') if boot.overlay else (boot.base / 'base.raw', 'raw')
        command = [
            *BARE, *acceleration(self.name), '-smp', str(config.VM_CPUS), '-m', str(config.VM_MEMORY // config.MIB),
            '-kernel', str(boot.base / 'vmlinuz'), '-initrd', str(boot.base / 'initrd.img'),
            '-append', ' '.join((KERNEL_OPTIONS, *boot.options)),
            # The disk is disposable, so nothing waits for the host's disk (cache=unsafe).
            '-drive', f'if=virtio,format={kind},cache=unsafe,discard=unmap,file={escape(disk)}',
            '-serial', f'file:{boot.console}',
            '-device', 'virtio-rng-pci',
        ]
        if boot.archive:
            command += ['-drive', f'if=virtio,format=raw,readonly=on,file={escape(boot.archive)}']
        if boot.ssh_port:
            command += ['-netdev', f'user,id=net,ipv6=off,hostfwd=tcp:127.0.0.1:{boot.ssh_port}-10.0.2.15:22',
                        '-device', 'virtio-net-pci,netdev=net,romfile=']
        for name, path in (boot.keys or {}).items():
            command += ['-fw_cfg', f'name=opt/lvs-lab/{name},file={escape(path)}']
        return command


def escape(path: Path) -> str:
    """A path inside a QEMU option, where a comma ends the value unless it is doubled."""
    return str(path).replace(',', ',,')


def acceleration(name: str) -> List[str]:
    if name == 'kvm':
        return ['-accel', 'kvm', '-cpu', 'host']
    return ['-accel', 'tcg,thread=multi,tb-size=1024', '-cpu', 'max']


def probe_kvm(kernel: Path) -> bool:
    """Boot a kernel without a root file system: it must get as far as to panic about that."""
    with tempfile.TemporaryDirectory(prefix='lvs-lab-kvm-') as directory:
        serial = Path(directory) / 'serial.log'
        command = [*BARE, *acceleration('kvm'), '-m', '256', '-kernel', str(kernel),
                   '-append', 'console=ttyS0 panic=-1', '-serial', f'file:{serial}']
        try:
            subprocess.run(command, timeout=config.PROBE_LIMIT, stdin=subprocess.DEVNULL, check=False,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, 'PATH': SEARCH})
        except (subprocess.TimeoutExpired, OSError):
            return False
        return serial.exists() and b'Kernel panic' in serial.read_bytes()
