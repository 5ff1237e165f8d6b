# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds, once per recipe, the nodes' root file system and the VM's kernel and disk."""
from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Dict, List

from lab import config, host, image, procs, qemu, source
from lab.cache import Cache, key_of
from lab.clone import Clone
from lab.command import run, tail
from lab.errors import LabError
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
        facts = [config.SUITE, config.ARCH, *self.source.lines, *self.source.options]
        self.node_key = key_of([*self._recipe('node'), HERE / 'build.py', HERE / 'image.py'], HERE, facts)
        vm_files = [*self._recipe('vm'), HERE / 'build.py', HERE / 'qemu.py']
        self.vm_key = key_of(vm_files, HERE, [*facts, config.VM_DISK, self.node_key])
        self.node = f'node-{self.node_key}'
        self.vm = f'vm-{self.vm_key}'
        self.image = f'{config.IMAGE_NAME}:{self.node_key}'

    def ensure(self, vm: bool) -> None:
        """Build the VM, or only the nodes' root file system; nothing happens when it is there."""
        target = self.cache.entry(self.vm if vm else self.node)
        if target.is_dir():
            return
        self._check_host(vm)
        with self.cache.building():
            # Another clone may have built it while this one waited.
            if target.is_dir():
                return
            host.ensure_disk(self.cache.path, config.BUILD_DISK, 'the build')
            if vm:
                host.ensure_memory()
                self._build_vm()
            else:
                self._build_node()
            for name in self.cache.prune([self.node, self.vm]):
                say(f'removed from the cache, nobody uses it any more: {name}')

    def _check_host(self, vm: bool) -> None:
        needs = {**host.BUILD, **(host.VM if vm else {}), **(host.UNPRIVILEGED if os.geteuid() else {})}
        host.ensure(needs, self.clone.dir / 'apt.log')
        if vm:
            host.ensure_machine()

    def _build_node(self) -> None:
        if self.cache.entry(self.node).is_dir():
            return
        with self.cache.adding(self.node) as work, step("building the nodes' root file system"):
            self._bootstrap('node', work, ['--skip=cleanup/apt'])

    def _build_vm(self) -> None:
        with self.cache.adding(self.vm) as work:
            with ThreadPoolExecutor(2) as pool:
                jobs = [pool.submit(self._build_node), pool.submit(self._root_of_vm, work)]
            for job in jobs:
                job.result()
            with step("making the VM's disk"):
                self._disk(work)
            accel = qemu.accelerator(self.cache, work / 'vmlinuz')
            with step(f'booting the VM once to load the node image ({accel})'):
                self._load_image(work, accel)

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

    def _load_image(self, work: Path, accel: str) -> None:
        archive, serial = work / 'image.tar', self._log('build-serial.log')
        with archive.open('wb') as sink:
            image.write(self.cache.entry(self.node) / 'node.tar', sink, self.image)
        argv = qemu.argv(accel, work, work / 'base.raw', 'raw', serial, second_disk=archive,
                         options=qemu.LOAD_OPTIONS)
        run(argv, config.LOAD_LIMIT, log=self._log('build-qemu.log'), env=self._marks(work))
        if 'LVS-LAB-LOADED' not in serial.read_text(errors='replace'):
            raise LabError(f'the VM could not load the node image; the end of {serial}:\n{tail(serial)}')
        archive.unlink()
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
