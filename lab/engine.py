# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Docker Engine that is reachable already: does its kernel have IPVS, and what of ours is in it?"""
from __future__ import annotations

import os
import re
import subprocess
import time
from typing import Any, Dict, List, NoReturn, Optional

from lab import config, image
from lab.build import Builder
from lab.cache import Cache
from lab.clone import Clone
from lab.command import find, run
from lab.errors import LabError
from lab.progress import say, step

LIMIT = 60
# Whatever can be loaded is; a node then sees IPVS, or it does not.
PROBE = ('modprobe -qa ip_vs ip_vs_rr ip_vs_wrr ip_vs_wlc ip_vs_sh ip_vs_mh dummy arptable_filter 2>/dev/null; '
         'test -r /proc/net/ip_vs')


def is_lab_socket(address: str) -> bool:
    """Whether this address is that of a VM some clone booted: its engine goes when that clone is done with it."""
    return bool(re.search(r'/lvs-lab-[0-9a-f]{10}/docker\.sock$', address))


class Engine:
    """The engine that `docker` talks to without our doing."""

    def __init__(self, clone: Clone, address: str) -> None:
        self.clone = clone
        self.address = address
        self.label = f'{config.LABEL}={clone.id}'

    @classmethod
    def reachable(cls, clone: Clone) -> Optional[Engine]:
        """The engine at DOCKER_HOST, the current context or the default socket, if it answers."""
        if not find('docker'):
            return None
        context = ['docker', 'context', 'inspect', '--format', '{{.Endpoints.docker.Host}}']
        address = os.environ.get('DOCKER_HOST') or run(context, LIMIT, check=False).stdout.strip()
        if not address or is_lab_socket(address):
            return None
        engine = cls(clone, address)
        return engine if engine.answers() else None

    def docker(self, *argv: str, check: bool = True, limit: float = LIMIT) -> str:
        return run(['docker', '--host', self.address, *argv], limit, check=check).stdout.strip()

    def image_name(self, builder: Builder) -> str:
        """A name of this clone's own: another clone on the same engine may go away and take its image along."""
        return f'{builder.image}-{self.clone.id}'

    def answers(self) -> bool:
        try:
            return bool(self.docker('version', '--format', '{{.Server.Version}}', check=False, limit=20))
        except LabError:
            return False

    def start(self, builder: Builder, cache: Cache) -> Optional[Dict[str, Any]]:
        """Put the node image in and look whether a node would see IPVS; None if it would not."""
        wanted = '{{.Server.Os}}/{{.Server.Arch}} {{.Server.KernelVersion}}'
        platform, _space, kernel = self.docker('version', '--format', wanted).partition(' ')
        if platform != f'linux/{config.ARCH}':
            say(f'the Docker Engine at {self.address} is {platform}, the nodes are linux/{config.ARCH}: not taken')
            return None
        name = self.image_name(builder)
        builder.ensure(vm=False)
        if not self.docker('image', 'ls', '--quiet', name):
            with step(f'loading the node image into the Docker Engine at {self.address}'):
                self._load(builder, cache, name)
        with step(f'looking for IPVS in the kernel of that engine ({kernel})'):
            qualifies = self._has_ipvs(name)
        if not qualifies:
            say('its kernel has no ip_vs: not taken')
            self.clear()
            return None
        return {'kind': 'engine', 'docker_host': self.address, 'image': name, 'key': builder.node_key,
                'kernel': kernel, 'since': time.time()}

    def _load(self, builder: Builder, cache: Cache, name: str) -> None:
        with cache.hold(builder.node) or _gone():
            rootfs = cache.entry(builder.node) / 'node.tar'
            loader = subprocess.Popen(['docker', '--host', self.address, 'load', '--quiet'], stdin=subprocess.PIPE,
                                      stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            assert loader.stdin and loader.stderr
            try:
                image.write(rootfs, loader.stdin, name, {config.LABEL: self.clone.id})
                loader.stdin.close()
                said = loader.stderr.read().decode(errors='replace')
                if loader.wait(config.LOAD_LIMIT):
                    raise LabError(f'docker load: {said.strip()}')
            except BrokenPipeError:
                raise LabError('docker load: ' + loader.stderr.read().decode(errors='replace').strip()) from None
            finally:
                loader.kill()

    def _has_ipvs(self, name: str) -> bool:
        try:
            return run(['docker', '--host', self.address, 'run', '--rm', '--privileged', '--network', 'none',
                        '--label', self.label, '--volume', '/lib/modules:/lib/modules:ro', name, 'sh', '-c', PROBE],
                       120, check=False).returncode == 0
        except LabError as error:
            say(str(error))
            return False

    def clear(self) -> None:
        """Remove what carries this clone's label or runs its image, and nothing else."""
        mine = ['--quiet', '--filter', f'label={self.label}']
        images = self._ids('image', 'ls', *mine)
        containers = self._ids('ps', '--all', *mine)
        for image_id in images:
            containers += self._ids('ps', '--all', '--quiet', '--filter', f'ancestor={image_id}')
        for ids, remove in ((containers, ['rm', '--force', '--volumes']),
                            (self._ids('network', 'ls', *mine), ['network', 'rm']),
                            (images, ['image', 'rm', '--force'])):
            if ids:
                self.docker(*remove, *sorted(set(ids)), limit=300)

    def _ids(self, *argv: str) -> List[str]:
        return self.docker(*argv).split()

    def nodes(self, everything: bool) -> List[str]:
        """Names of running containers: all of them in a VM of ours, else those with our label."""
        only = [] if everything else ['--filter', f'label={self.label}']
        return self.docker('ps', '--format', '{{.Names}}', *only).split()


def _gone() -> NoReturn:
    raise LabError('the node image was removed from the cache at this very moment: run it again')
