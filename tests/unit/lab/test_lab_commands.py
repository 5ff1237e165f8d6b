# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the commands print and decide."""
from __future__ import annotations

import shlex
import types

import pytest
from lab import commands, engine, qemu
from lab.clone import Clone

STATE = {'kind': 'vm', 'key': 'k1', 'docker_host': 'unix:///run/user/1000/lvs-lab-0/docker.sock', 'image': 'n:1'}


def test_env_prints_nothing_but_exports():
    assert commands.exports(STATE, '0123456789') == [
        'export DOCKER_HOST=unix:///run/user/1000/lvs-lab-0/docker.sock',
        'export LVS_LAB_IMAGE=n:1',
        'export LVS_LAB_ID=0123456789',
    ]


def test_env_is_safe_to_evaluate():
    line = commands.exports({**STATE, 'docker_host': "unix:///a b/$(x)';"}, 'id')[0]
    assert shlex.split(line) == ['export', "DOCKER_HOST=unix:///a b/$(x)';"]


def test_env_without_a_lab_fails_and_leaves_stdout_empty(tmp_path, capsys):
    assert commands.env(Clone(tmp_path)) == 1
    captured = capsys.readouterr()
    assert captured.out == ''
    assert 'no lab runs' in captured.err


def test_status_without_a_lab_is_3(tmp_path, capsys):
    assert commands.status(Clone(tmp_path)) == 3
    assert capsys.readouterr().out == 'lab: down\n'


def test_down_without_a_lab_makes_nothing(tmp_path):
    assert commands.down(Clone(tmp_path)) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize('kind, key, expected', [
    ('vm', 'vm-key', True), ('vm', 'node-key', False), ('engine', 'node-key', True), ('engine', 'old', False)])
def test_a_lab_of_another_recipe_is_not_current(kind, key, expected):
    builder = types.SimpleNamespace(vm_key='vm-key', node_key='node-key')
    assert commands.is_current({'kind': kind, 'key': key}, builder) is expected


@pytest.mark.parametrize('address, expected', [
    ('unix:///tmp/lvs-lab-0123456789/docker.sock', True),
    ('unix:///run/user/1000/lvs-lab-f2af6c097a/docker.sock', True),
    ('unix:///var/run/docker.sock', False),
    ('tcp://192.0.2.1:2376', False),
    ('ssh://lvs-lab-0123456789/', False),
])
def test_the_vm_of_a_clone_is_no_engine_for_another_one(address, expected):
    assert engine.is_lab_socket(address) is expected


def argv(tmp_path, **kwargs):
    return qemu.argv('tcg', tmp_path, tmp_path / 'disk', 'qcow2', tmp_path / 'serial', **kwargs)


def test_the_vm_listens_on_loopback_only(tmp_path):
    forwards = [part for part in argv(tmp_path, ssh_port=2222) if 'hostfwd' in part]
    assert forwards == ['user,id=net,ipv6=off,hostfwd=tcp:127.0.0.1:2222-10.0.2.15:22']


def test_a_second_disk_is_read_only(tmp_path):
    assert f'if=virtio,format=raw,readonly=on,file={tmp_path}/b' in argv(tmp_path, second_disk=tmp_path / 'b')


def test_a_comma_in_a_path_does_not_end_the_option(tmp_path):
    assert qemu.escape(tmp_path / 'a,b') == f'{tmp_path}/a,,b'


def test_no_kvm_device_means_emulation(monkeypatch, tmp_path):
    monkeypatch.setattr(qemu.os, 'access', lambda path, mode: False)
    assert qemu.accelerator(types.SimpleNamespace(path=tmp_path), tmp_path / 'vmlinuz') == 'tcg'


def test_kvm_is_probed_once_per_boot_of_the_host(monkeypatch, tmp_path):
    probes = []
    monkeypatch.setattr(qemu.os, 'access', lambda path, mode: True)
    monkeypatch.setattr(qemu, 'probe_kvm', lambda kernel: probes.append(kernel) or True)
    cache = types.SimpleNamespace(path=tmp_path)
    assert [qemu.accelerator(cache, tmp_path / 'vmlinuz') for _run in range(2)] == ['kvm', 'kvm']
    (tmp_path / 'kvm.json').write_text('{"boot": "an earlier one", "works": true}')
    monkeypatch.setattr(qemu, 'probe_kvm', lambda kernel: False)
    assert qemu.accelerator(cache, tmp_path / 'vmlinuz') == 'tcg'
    assert len(probes) == 1


class FakeEngine(engine.Engine):
    """An engine that answers from a table and remembers what it was told to do."""

    answers_to = {'version': 'linux/amd64 6.1.0'}

    def __init__(self, clone, ipvs):
        super().__init__(clone, 'unix:///var/run/docker.sock')
        self.ipvs = ipvs
        self.calls = []

    def docker(self, *argv, **_kwargs):
        self.calls.append(argv)
        mine = f'label={self.label}' in argv
        return self.answers_to.get(argv[0], 'image1' if mine and argv[:2] == ('image', 'ls') else '')

    def _load(self, builder, cache, name):
        self.calls.append(('load', name))

    def _has_ipvs(self, name):
        return self.ipvs


BUILDER = types.SimpleNamespace(image='n:1', node_key='k1', ensure=lambda vm: None)


def test_an_engine_with_ipvs_in_its_kernel_is_taken(tmp_path):
    fake = FakeEngine(Clone(tmp_path), ipvs=True)
    found = fake.start(BUILDER, None)
    assert found['kind'] == 'engine'
    assert found['image'] == f'n:1-{fake.clone.id}'
    assert ('load', found['image']) in fake.calls


def test_an_engine_without_ipvs_is_left_as_it_was(tmp_path):
    fake = FakeEngine(Clone(tmp_path), ipvs=False)
    assert fake.start(BUILDER, None) is None
    assert fake.calls[-1] == ('image', 'rm', '--force', 'image1')


def test_an_engine_of_another_platform_gets_no_image(tmp_path, monkeypatch):
    fake = FakeEngine(Clone(tmp_path), ipvs=True)
    monkeypatch.setattr(FakeEngine, 'answers_to', {'version': 'linux/arm64 6.1.0'})
    assert fake.start(BUILDER, None) is None
    assert len(fake.calls) == 1


def test_nothing_without_our_label_or_image_is_looked_for(tmp_path):
    fake = FakeEngine(Clone(tmp_path), ipvs=True)
    fake.clear()
    listings = [call for call in fake.calls if 'ls' in call or 'ps' in call]
    assert listings
    assert all(f'label={fake.label}' in call or 'ancestor=image1' in call for call in listings)
