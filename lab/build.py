# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds, once per recipe, the nodes' root file system and the VM's kernel and disk."""
from __future__ import annotations

import os
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Dict, List

from lab import accel, config, host, image, procs, source
from lab.cache import Cache, key_of
from lab.clone import Clone
from lab.command import run, tail
from lab.errors import LabError
from lab.kernel import KernelBuilder
from lab.machine import LOAD_OPTIONS, Boot, Machine
from lab.progress import say, step

HERE = Path(__file__).resolve().parent
LIMIT = 1800


def listed(name: str) -> List[str]:
    """The packages of one list of the recipe."""
    lines = (config.RECIPE / name).read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith('#')]


class Builder:
    """Knows what the two cache entries are called and makes those that are not there."""

    def __init__(self, clone: Clone, cache: Cache) -> None:
        self.clone = clone
        self.cache = cache
        self.source = source.of_host()
        self.kernels = KernelBuilder(clone, cache, self.source)
        facts = [config.SUITE, config.ARCH, *self.source.lines, *self.source.options]
        self.node_key = key_of([*self._recipe('node'), HERE / 'build.py', HERE / 'image.py'], HERE, facts)
        vm_files = [*self._recipe('vm'), HERE / 'build.py', HERE / 'machine.py']
        self.vm_key = key_of(vm_files, HERE, [*facts, config.VM_DISK, self.node_key])
        self.node = f'node-{self.node_key}'
        self.vm = f'vm-{self.vm_key}'
        self.image = f'{config.IMAGE_NAME}:{self.node_key}'

    def ensure(self, vm: bool, wait: bool = False) -> None:
        """Build the VM, or only the nodes' root file system; nothing happens when it is there.

        With `wait` the VM's first boot waits for a kernel for user mode where that is the way to run it.
        """
        target = self.cache.entry(self.vm if vm else self.node)
        if target.is_dir():
            return
        self._check_host(vm)
        with self.cache.building('vm'):
            # Another clone may have built it while this one waited.
            if target.is_dir():
                return
            host.ensure_disk(self.cache.path, config.BUILD_DISK, 'the build')
            if vm:
                host.ensure_memory()
                self._build_vm(wait)
            else:
                self._build_node()
            for name in self.cache.prune('vm', [self.node, self.vm, self.kernels.name]):
                say(f'removed from the cache, nobody uses it any more: {name}')

    def _check_host(self, vm: bool) -> None:
        needs = {**host.BUILD, **(host.VM if vm else {}), **(host.UNPRIVILEGED if os.geteuid() else {})}
        host.ensure(needs, self.clone.dir / 'apt.log')
        if vm:
            host.ensure_machine()

    def _build_node(self) -> None:
        if self.cache.entry(self.node).is_dir():
            return
        with self.cache.adding('vm', self.node) as work, step("building the nodes' root file system"):
            self._bootstrap('node', work, ['--skip=cleanup/apt'])

    def _build_vm(self, wait: bool) -> None:
        with self.cache.adding('vm', self.vm) as work:
            with ThreadPoolExecutor(2) as pool:
                jobs = [pool.submit(self._build_node), pool.submit(self._root_of_vm, work)]
            for job in jobs:
                job.result()
            with step("making the VM's disk"):
                self._disk(work)
            machine = accel.choose(self.cache, self.kernels, work / 'vmlinuz', wait)
            with step(f'booting the VM once to load the node image ({accel.NAMES[machine.name]})'):
                self._load_image(work, machine)

    def _root_of_vm(self, work: Path) -> None:
        with step("building the VM's root file system"):
            self._bootstrap('vm', work, [f'--essential-hook={config.RECIPE / "vm-essential.sh"}'])

    def _bootstrap(self, name: str, work: Path, more: List[str]) -> None:
        (work / 'sources.list').write_text('\n'.join(self.source.lines) + '\n')
        argv = ['mmdebstrap', '--variant=minbase', f'--architectures={config.ARCH}', '--format=tar',
                '--include=' + ','.join(listed(f'{name}.packages')),
                '--aptopt=Acquire::Languages "none"', *(f'--aptopt={option}' for option in self.source.options),
                f'--dpkgopt={config.RECIPE / name / "etc/dpkg/dpkg.cfg.d/lvs-lab"}',
                f'--customize-hook={config.RECIPE / f"{name}-customize.sh"}', *more,
                config.SUITE, str(work / f'{name}.tar'), str(work / 'sources.list')]
        run(argv, LIMIT, log=self._log(f'build-{name}.log'), env=self._marks(work))

    def _disk(self, work: Path) -> None:
        """From tar to disk in one mount-free step; without root, in a user namespace that can hold any owner."""
        script = f'''set -eu
            cd "$1"
            mkdir root
            tar -x -C root --exclude='./dev/*' -f vm.tar
            cp root/boot/vmlinuz-* vmlinuz
            cp root/boot/initrd.img-* initrd.img
            mke2fs -q -t ext4 -O ^has_journal -E lazy_itable_init=1 -m 0 -d root base.raw {config.VM_DISK}
            rm -rf root vm.tar'''
        prefix = ['unshare', '--map-root-user', '--map-auto'] if os.geteuid() else []
        run([*prefix, 'sh', '-c', script, 'sh', str(work)], LIMIT, log=self._log('build-vm.log'),
            env=self._marks(work))

    def _load_image(self, work: Path, machine: Machine) -> None:
        archive, serial = work / 'image.tar', work / 'serial.log'
        with archive.open('wb') as sink:
            image.write(self.cache.entry(self.node) / 'node.tar', sink, self.image)
        log = self._log('build-boot.log')
        guest = machine.start(Boot(base=work, console=serial, log=log, environment=self._marks(work), archive=archive,
                                   options=LOAD_OPTIONS))
        try:
            guest.wait(config.LOAD_LIMIT)
        except subprocess.TimeoutExpired:
            raise LabError(f'the VM did not load the node image within {config.LOAD_LIMIT} s:\n{tail(serial)}') from None
        finally:
            shutil.copy(serial, self._log('build-serial.log'))
        if 'LVS-LAB-LOADED' not in tail(serial, 200) or guest.returncode != 0:
            raise LabError(f'the VM could not load the node image (whole log: {self._log("build-serial.log")}):\n'
                           f'{tail(serial)}\n{tail(log)}')
        shutil.rmtree(work / 'uml', ignore_errors=True)
        archive.unlink()
        serial.unlink()
        (work / 'base.raw').chmod(0o444)

    def _log(self, name: str) -> Path:
        path = self.clone.dir / name
        path.touch()
        return path

    def _marks(self, work: Path) -> Dict[str, str]:
        marks = {**self.clone.marks, procs.ROLE: 'build', procs.BUILD: str(work)}
        # What a killed build leaves should vanish with its directory. In a user namespace root could not enter that.
        return marks if os.geteuid() else {**marks, 'TMPDIR': str(work)}

    @staticmethod
    def _recipe(name: str) -> List[Path]:
        """The files of the recipe that belong to the nodes or to the VM."""
        return [path for path in config.RECIPE.rglob('*')
                if not path.is_dir() and path.relative_to(config.RECIPE).parts[0].split('.')[0].split('-')[0] == name]
