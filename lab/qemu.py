# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The QEMU command lines: the lab's VM, and the probe of whether KVM really works here."""
from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Dict, List, Optional

from lab import config
from lab.cache import Cache
from lab.command import SEARCH
from lab.progress import say

KERNEL_OPTIONS = ('console=ttyS0 root=/dev/vda rw rootflags=noatime,noinit_itable net.ifnames=0 mitigations=off '
                  'apparmor=0 selinux=0 audit=0 fsck.mode=skip panic=-1 quiet')
# For the boot at build time: no keys are handed in, and nobody waits for this VM's SSH.
LOAD_OPTIONS = 'lvs.lab.load systemd.mask=ssh.service systemd.mask=lvs-lab-keys.service ' \
               'systemd.mask=lvs-lab-ready.service'


def escape(path: Path) -> str:
    """A path inside a QEMU option, where a comma ends the value unless it is doubled."""
    return str(path).replace(',', ',,')


def argv(accel: str, boot: Path, disk: Path, disk_format: str, serial: Path, second_disk: Optional[Path] = None,
         ssh_port: Optional[int] = None, firmware: Optional[Dict[str, Path]] = None, options: str = '') -> List[str]:
    """The VM: `boot` has vmlinuz and initrd.img, `firmware` maps names to files the guest reads as lvs-lab/<name>."""
    # The disk is disposable, so nothing waits for the host's disk (cache=unsafe).
    drive = f'if=virtio,format={disk_format},cache=unsafe,discard=unmap,file={escape(disk)}'
    net = 'user,id=net,ipv6=off' + (f',hostfwd=tcp:127.0.0.1:{ssh_port}-10.0.2.15:22' if ssh_port else '')
    command = [
        'qemu-system-x86_64', '-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none',
        *acceleration(accel), '-smp', str(config.VM_CPUS), '-m', str(config.VM_MEMORY // config.MIB),
        '-kernel', str(boot / 'vmlinuz'), '-initrd', str(boot / 'initrd.img'),
        '-append', f'{KERNEL_OPTIONS} {options}'.strip(),
        '-drive', drive,
        '-serial', f'file:{serial}',
        '-netdev', net, '-device', 'virtio-net-pci,netdev=net,romfile=',
        '-device', 'virtio-rng-pci',
    ]
    if second_disk:
        command += ['-drive', f'if=virtio,format=raw,readonly=on,file={escape(second_disk)}']
    for name, path in (firmware or {}).items():
        command += ['-fw_cfg', f'name=opt/lvs-lab/{name},file={escape(path)}']
    return command


def acceleration(accel: str) -> List[str]:
    if accel == 'kvm':
        return ['-accel', 'kvm', '-cpu', 'host']
    return ['-accel', 'tcg,thread=multi,tb-size=1024', '-cpu', 'max']


def accelerator(cache: Cache, kernel: Path) -> str:
    """`kvm` if a kernel really boots with it, else `tcg`; asked once per boot of the host."""
    if not os.access('/dev/kvm', os.R_OK | os.W_OK):
        return 'tcg'
    boot = Path('/proc/sys/kernel/random/boot_id').read_text().strip()
    verdict = cache.path / 'kvm.json'
    try:
        known = json.loads(verdict.read_text())
        if known['boot'] == boot:
            return 'kvm' if known['works'] else 'tcg'
    except (OSError, ValueError, KeyError, TypeError):
        pass
    works = probe_kvm(kernel)
    partial = verdict.with_name(f'kvm.json.{os.getpid()}')
    partial.write_text(json.dumps({'boot': boot, 'works': works}))
    partial.replace(verdict)
    say('KVM boots a kernel here: using it' if works else
        '/dev/kvm is there, but a kernel does not boot with it: emulating the CPU')
    return 'kvm' if works else 'tcg'


def probe_kvm(kernel: Path) -> bool:
    """Boot a kernel without a root file system: it must get as far as to panic about that."""
    with tempfile.TemporaryDirectory(prefix='lvs-lab-kvm-') as directory:
        serial = Path(directory) / 'serial.log'
        command = ['qemu-system-x86_64', '-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none',
                   *acceleration('kvm'), '-m', '256', '-kernel', str(kernel), '-append', 'console=ttyS0 panic=-1',
                   '-serial', f'file:{serial}']
        try:
            subprocess.run(command, timeout=config.KVM_PROBE_LIMIT, stdin=subprocess.DEVNULL, check=False,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, 'PATH': SEARCH})
        except (subprocess.TimeoutExpired, OSError):
            return False
        return serial.exists() and b'Kernel panic' in serial.read_bytes()
