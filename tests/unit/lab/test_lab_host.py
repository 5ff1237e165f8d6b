# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the host must have."""
from __future__ import annotations

import pytest
from lab import config, host
from lab.errors import LabError


def test_a_program_that_is_there_needs_no_package():
    assert host.missing({'ssh': 'openssh-client'}, lambda program: f'/usr/bin/{program}') == []


def test_two_missing_programs_of_one_package_are_one_package():
    needs = {'ssh': 'openssh-client', 'ssh-keygen': 'openssh-client', 'mke2fs': 'e2fsprogs'}
    assert host.missing(needs, lambda program: None) == ['e2fsprogs', 'openssh-client']


def test_a_path_is_looked_up_as_a_file(tmp_path):
    keyring = tmp_path / 'keyring.gpg'
    assert host.missing({str(keyring): 'keyring'}, lambda program: program) == ['keyring']
    keyring.touch()
    assert host.missing({str(keyring): 'keyring'}, lambda program: None) == []


@pytest.mark.parametrize('root, first', [(True, 'apt-get'), (False, 'sudo')])
def test_apt_runs_by_sudo_unless_root(root, first):
    argv = host.apt_argv(['qemu-utils', 'mmdebstrap'], root)
    assert argv[0] == first
    assert argv[-2:] == ['qemu-utils', 'mmdebstrap']


def test_without_root_the_exact_command_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(host.os, 'geteuid', lambda: 1000)
    monkeypatch.setattr(host, 'find', {'apt-get': '/usr/bin/apt-get'}.get)
    monkeypatch.setattr(host, 'missing', lambda needs: ['qemu-utils'])
    with pytest.raises(LabError) as error:
        host.ensure({'qemu-img': 'qemu-utils'}, tmp_path / 'log')
    assert str(error.value).endswith(
        'sudo apt-get install --yes --no-install-recommends -o DPkg::Lock::Timeout=300 qemu-utils')


def test_available_memory_is_what_needs_no_swapping():
    meminfo = 'MemTotal:  24683912 kB\nMemFree:  100 kB\nMemAvailable:  2048 kB\n'
    assert host.available_memory(meminfo) == 2 * config.MIB


def test_too_little_memory_is_said_with_both_figures(monkeypatch):
    monkeypatch.setattr(host, 'available_memory', lambda text: config.GIB)
    with pytest.raises(LabError) as error:
        host.ensure_memory()
    assert str(error.value) == 'too little memory for the VM: 5.0 GiB needed, 1.0 GiB available'


def test_too_little_disk_is_said_with_both_figures(tmp_path):
    with pytest.raises(LabError) as error:
        host.ensure_disk(tmp_path, 1 << 60, 'the build')
    assert str(error.value).startswith(f'too little disk space for the build in {tmp_path}: 1073741824.0 GiB needed, ')


def test_another_architecture_is_told_what_to_do(monkeypatch):
    monkeypatch.setattr(host.platform, 'machine', lambda: 'aarch64')
    with pytest.raises(LabError, match='aarch64: point DOCKER_HOST'):
        host.ensure_machine()
