# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wraps a root file system in an image that `docker load` takes on every engine.

`docker import` cannot set the stop signal, and without it a node's systemd is killed instead of shut down.
"""
from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import IO, Any, Dict, Optional

from lab import config


def configuration(diff_id: str, labels: Optional[Dict[str, str]] = None) -> Dict[str, Any]:
    """The image's configuration: systemd as PID 1, told to power off by the signal it expects for that."""
    return {
        'architecture': config.ARCH,
        'os': 'linux',
        'created': '1970-01-01T00:00:00Z',
        'config': {
            'Cmd': ['/sbin/init'],
            # systemd finds out by this variable that it runs in a container.
            'Env': ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'container=docker'],
            'StopSignal': 'SIGRTMIN+3',
            'Labels': labels or {},
        },
        'rootfs': {'type': 'layers', 'diff_ids': [diff_id]},
        'history': [{'created': '1970-01-01T00:00:00Z', 'created_by': 'lvs.direct_routing lab'}],
    }


def digest_of(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open('rb') as source:
        while chunk := source.read(config.MIB):
            digest.update(chunk)
    return digest.hexdigest()


def write(rootfs: Path, sink: IO[bytes], name: str, labels: Optional[Dict[str, str]] = None) -> None:
    """Write the archive of one image, called `name`, with the tar `rootfs` as its only layer."""
    image = json.dumps(configuration('sha256:' + digest_of(rootfs), labels)).encode()
    image_file = hashlib.sha256(image).hexdigest() + '.json'
    manifest = json.dumps([{'Config': image_file, 'RepoTags': [name], 'Layers': ['layer.tar']}]).encode()
    with tarfile.open(fileobj=sink, mode='w|') as archive:
        for member, content in ((image_file, image), ('manifest.json', manifest)):
            info = tarfile.TarInfo(member)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        info = tarfile.TarInfo('layer.tar')
        info.size = rootfs.stat().st_size
        with rootfs.open('rb') as layer:
            archive.addfile(info, layer)
