# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive that `docker load` takes."""
from __future__ import annotations

import hashlib
import io
import json
import tarfile

from lab import image


def archive(tmp_path, **kwargs):
    rootfs = tmp_path / 'root.tar'
    rootfs.write_bytes(b'layer' * 1000)
    sink = io.BytesIO()
    image.write(rootfs, sink, 'lvs-lab-node:abc', **kwargs)
    with tarfile.open(fileobj=io.BytesIO(sink.getvalue())) as opened:
        return {member.name: opened.extractfile(member).read() for member in opened.getmembers()}


def test_the_manifest_names_image_configuration_and_layer(tmp_path):
    members = archive(tmp_path)
    [manifest] = json.loads(members['manifest.json'])
    assert manifest['RepoTags'] == ['lvs-lab-node:abc']
    assert set(members) == {'manifest.json', manifest['Config'], *manifest['Layers']}


def test_the_layer_is_named_by_its_digest(tmp_path):
    members = archive(tmp_path)
    [manifest] = json.loads(members['manifest.json'])
    digest = hashlib.sha256(members['layer.tar']).hexdigest()
    assert json.loads(members[manifest['Config']])['rootfs']['diff_ids'] == [f'sha256:{digest}']


def test_systemd_is_pid_1_and_is_asked_to_stop_in_its_own_way(tmp_path):
    members = archive(tmp_path, labels={'lvs.lab': '0123456789'})
    [manifest] = json.loads(members['manifest.json'])
    found = json.loads(members[manifest['Config']])['config']
    assert found['Cmd'] == ['/sbin/init']
    assert found['StopSignal'] == 'SIGRTMIN+3'
    assert 'container=docker' in found['Env']
    assert found['Labels'] == {'lvs.lab': '0123456789'}
