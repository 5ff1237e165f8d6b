# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds, once per recipe, a Linux kernel for user mode from Debian's linux-source."""
from __future__ import annotations

import re
from pathlib import Path
from typing import Dict, List

from lab import config, host, procs
from lab.cache import Cache, key_of
from lab.clone import Clone
from lab.command import run
from lab.errors import LabError
from lab.progress import say, step
from lab.source import Source

HERE = Path(__file__).resolve().parent
RECIPE = [config.RECIPE / 'kernel.config', config.RECIPE / 'kernel.patch', config.RECIPE / 'kernel-build.sh']
MODULES = config.RECIPE / 'vm' / 'etc' / 'modules-load.d' / 'lvs-lab.conf'
DISK = 4 * config.GIB
LIMIT = 3600


class KernelBuilder:
    """Knows what the cache entry of the kernel is called and makes it if it is not there."""

    def __init__(self, clone: Clone, cache: Cache, source: Source) -> None:
        self.clone = clone
        self.cache = cache
        self.source = source
        self.key = key_of([*RECIPE, MODULES], HERE, [config.KERNEL_SUITE, config.ARCH, *source.options])
        self.name = f'kernel-{self.key}'

    def is_built(self) -> bool:
        return self.cache.entry(self.name).is_dir()

    def ensure(self) -> Path:
        """Build the kernel; nothing happens when it is there. Returns the folder with `linux` and `modules`."""
        host.ensure(host.UML, self.clone.dir / 'apt.log')
        target = self.cache.entry(self.name)
        if target.is_dir():
            return target
        if re.search(r'[\s:]', str(self.cache.path)):
            raise LabError(f'a kernel cannot be built in a folder with a space or a colon in its name: {self.cache.path} '
                           '(LVS_LAB_CACHE names another one)')
        host.ensure(host.KERNEL, self.clone.dir / 'apt.log')
        with self.cache.building('kernel'):
            # Another clone may have built it while this one waited.
            if not target.is_dir():
                host.ensure_disk(self.cache.path, DISK, 'building the kernel')
                with self.cache.adding('kernel', self.name) as work, step('building the kernel for user mode'):
                    self._build(work)
        return target

    def _build(self, work: Path) -> None:
        (work / 'sources.list').write_text(self.source.kernel_line() + '\n')
        (work / 'apt.conf').write_text(''.join(f'{option};\n' for option in self.source.options))
        log = self.clone.dir / 'build-kernel.log'
        log.unlink(missing_ok=True)
        run([str(config.RECIPE / 'kernel-build.sh'), str(work)], LIMIT, log=log, env=self._marks(work))
        lacking = lacks(work / 'modules', MODULES.read_text())
        if lacking:
            raise LabError(f'the kernel was built without what the lab needs: {" ".join(lacking)}')
        say(f'built Linux {(work / "release").read_text().strip()} for user mode')

    def _marks(self, work: Path) -> Dict[str, str]:
        return {**self.clone.marks, procs.ROLE: 'build', procs.BUILD: str(work), 'TMPDIR': str(work)}


def lacks(modules: Path, wanted: str) -> List[str]:
    """Which of the modules that the VM loads at boot are neither in a folder of modules nor built in."""
    found = {path.stem.replace('-', '_') for path in modules.rglob('*.ko')}
    builtin = modules / 'modules.builtin'
    if builtin.exists():
        found |= {Path(line).stem.replace('-', '_') for line in builtin.read_text().split()}
    names = [line for line in wanted.split('\n') if re.fullmatch(r'\w+', line)]
    return [name for name in names if name not in found]
