# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the commands print and decide."""
from __future__ import annotations

import shlex
import subprocess
import types
from pathlib import Path

import pytest
from lab import __main__ as lab_main
from lab import accel, commands, engine, qemu, uml
from lab.cache import Cache
from lab.clone import Clone
from lab.errors import LabError
from lab.kernel import lacks
from lab.machine import Boot

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


@pytest.mark.parametrize('state, demanded, expected', [
    ({'kind': 'vm', 'key': 'vm-key', 'accel': 'tcg'}, '', True),
    ({'kind': 'vm', 'key': 'node-key', 'accel': 'tcg'}, '', False),
    ({'kind': 'vm', 'key': 'vm-key', 'accel': 'tcg'}, 'uml', False),
    ({'kind': 'vm', 'key': 'vm-key', 'accel': 'uml', 'cpus': 2}, 'uml', True),
    ({'kind': 'vm', 'key': 'vm-key', 'accel': 'uml', 'cpus': 1}, '', False),
    ({'kind': 'engine', 'key': 'node-key'}, '', True),
    ({'kind': 'engine', 'key': 'old'}, '', False),
    ({'kind': 'engine', 'key': 'node-key'}, 'uml', False),
])
def test_a_lab_of_another_recipe_or_way_is_not_current(monkeypatch, state, demanded, expected):
    monkeypatch.setenv('LVS_LAB_ACCEL', demanded)
    builder = types.SimpleNamespace(vm_key='vm-key', node_key='node-key')
    assert commands.is_current(state, builder, 2) is expected


@pytest.mark.parametrize('address, expected', [
    ('unix:///tmp/lvs-lab-0123456789/docker.sock', True),
    ('unix:///run/user/1000/lvs-lab-f2af6c097a/docker.sock', True),
    ('unix:///var/run/docker.sock', False),
    ('tcp://192.0.2.1:2376', False),
    ('ssh://lvs-lab-0123456789/', False),
])
def test_the_vm_of_a_clone_is_no_engine_for_another_one(address, expected):
    assert engine.is_lab_socket(address) is expected


def boot(tmp_path, **more):
    return Boot(base=tmp_path, console=tmp_path / 'serial', log=tmp_path / 'log', environment={}, **more)


def test_the_vm_listens_on_loopback_only(tmp_path):
    forwards = [part for part in qemu.Qemu('tcg').argv(boot(tmp_path, ssh_port=2222)) if 'hostfwd' in part]
    assert forwards == ['user,id=net,ipv6=off,hostfwd=tcp:127.0.0.1:2222-10.0.2.15:22']


def test_a_second_disk_is_read_only(tmp_path):
    given = boot(tmp_path, archive=tmp_path / 'b')
    assert f'if=virtio,format=raw,readonly=on,file={tmp_path}/b' in qemu.Qemu('tcg').argv(given)
    assert 'ubd1rc=uml/archive' in uml.UserMode(tmp_path / 'kernel').argv(given)


def test_a_comma_in_a_path_does_not_end_the_option(tmp_path):
    assert qemu.escape(tmp_path / 'a,b') == f'{tmp_path}/a,,b'


@pytest.mark.parametrize('overlay, disk', [(None, 'uml/base/base.raw'), ('overlay', 'overlay,uml/base/base.raw')])
def test_paths_on_the_command_line_of_user_mode_are_relative(tmp_path, overlay, disk):
    clone = tmp_path / 'a clone, with a comma'
    given = boot(clone, overlay=overlay and clone / overlay)
    assert f'ubd0c={disk}' in uml.UserMode(tmp_path / 'kernel').argv(given)
    assert not [part for part in uml.UserMode(tmp_path / 'kernel').argv(given)[1:] if str(clone) in part]


def test_slirp4netns_is_told_to_listen_on_loopback_only(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(uml, 'ask', lambda path, question: asked.append(question) or {'return': {'id': 1}})
    uml.forward(tmp_path / 'api', 2222)
    assert asked[0]['arguments']['host_addr'] == '127.0.0.1'


def test_a_port_that_is_not_forwarded_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setattr(uml, 'ask', lambda path, question: {'error': {'desc': 'bad request'}})
    with pytest.raises(LabError, match='bad request'):
        uml.forward(tmp_path / 'api', 2222)


class Kernels:
    """A kernel for user mode that is built, can be built, or cannot be."""

    clone = types.SimpleNamespace(dir=Path('/clone'))

    def __init__(self, built=False, fails=False):
        self.built, self.fails = built, fails

    def is_built(self):
        return self.built

    def ensure(self):
        if self.fails:
            raise LabError('no sid mirror')
        self.built = True
        return Path('/cache/kernel-1')


@pytest.fixture(name='chosen')
def the_way_that_is_chosen(monkeypatch, tmp_path):
    def choose(kernels, kvm=False, boots=True, wait=False, demanded=''):
        monkeypatch.setenv('LVS_LAB_ACCEL', demanded)
        monkeypatch.setattr(accel.host, 'ensure', lambda needs, log: None)
        monkeypatch.setattr(accel.os, 'access', lambda path, mode: True)
        monkeypatch.setattr(accel, 'kvm_works', lambda cache, vmlinuz: kvm)
        monkeypatch.setattr(accel.uml, 'probe', lambda kernel: boots)
        return accel.choose(Cache(tmp_path), kernels, tmp_path / 'vmlinuz', wait).name
    return choose


@pytest.mark.parametrize('expected, kernels, options', [
    ('kvm', Kernels(built=True), {'kvm': True}),
    ('uml', Kernels(built=True), {}),
    ('tcg', Kernels(), {}),
    ('uml', Kernels(), {'wait': True}),
    ('tcg', Kernels(fails=True), {'wait': True}),
    ('tcg', Kernels(built=True), {'boots': False}),
    ('tcg', Kernels(built=True), {'kvm': True, 'demanded': 'tcg'}),
    ('uml', Kernels(), {'kvm': True, 'demanded': 'uml'}),
])
def test_the_fastest_way_that_is_at_hand_is_taken(chosen, expected, kernels, options):
    assert chosen(kernels, **options) == expected


@pytest.mark.parametrize('kernels, options, said', [
    (Kernels(), {'demanded': 'kvm'}, 'does not boot with KVM'),
    (Kernels(fails=True), {'demanded': 'uml'}, 'no sid mirror'),
    (Kernels(), {'demanded': 'uml', 'boots': False}, 'does not boot here'),
    (Kernels(), {'demanded': 'xen'}, 'must be one of: kvm, uml, tcg'),
])
def test_a_way_that_is_demanded_and_cannot_be_had_is_an_error(chosen, kernels, options, said):
    with pytest.raises(LabError, match=said):
        chosen(kernels, **options)


def test_kvm_is_probed_once_per_boot_of_the_host(monkeypatch, tmp_path):
    probes = []
    monkeypatch.setattr(qemu, 'probe_kvm', lambda vmlinuz: probes.append(vmlinuz) or True)
    cache = Cache(tmp_path)
    assert [accel.kvm_works(cache, tmp_path / 'vmlinuz') for _run in range(2)] == [True, True]
    (tmp_path / 'kvm.json').write_text('{"boot": "an earlier one", "works": true}')
    monkeypatch.setattr(qemu, 'probe_kvm', lambda vmlinuz: False)
    assert accel.kvm_works(cache, tmp_path / 'vmlinuz') is False
    assert len(probes) == 1


def test_a_host_without_the_device_is_not_probed(monkeypatch):
    monkeypatch.setattr(accel, 'kvm_works', lambda cache, vmlinuz: pytest.fail('probed'))
    kernels = Kernels(built=True)
    monkeypatch.setenv('LVS_LAB_ACCEL', '')
    monkeypatch.setattr(accel.os, 'access', lambda path, mode: False)
    monkeypatch.setattr(accel.uml, 'probe', lambda kernel: True)
    assert accel.choose(None, kernels, Path('vmlinuz'), False).name == 'uml'


@pytest.mark.parametrize('program, expected', [
    ('exec sleep 5', False),
    ('exec false', False),
    ('exec no-such-program', False),
    ('echo "Kernel panic - not syncing: Attempted to kill init! exitcode=0x00000000"; exit 1', True),
    ('echo "Kernel panic - not syncing: Attempted to kill init! exitcode=0x0000000b"; exit 1', False),
])
def test_a_kernel_boots_if_its_first_program_ends_well(monkeypatch, tmp_path, program, expected):
    monkeypatch.setattr(uml.config, 'PROBE_LIMIT', 0.5)
    (tmp_path / 'linux').write_text(f'#!/bin/sh\n{program}\n')
    (tmp_path / 'linux').chmod(0o755)
    assert uml.probe(tmp_path) is expected


def test_memory_is_where_there_is_room_and_programs_may_run(monkeypatch, tmp_path):
    monkeypatch.setattr(uml.config, 'VM_MEMORY', 4096)
    assert uml.memory_dir(['/no-such-folder', str(tmp_path)]) == tmp_path
    with pytest.raises(LabError, match='no folder has room'):
        uml.memory_dir(['/proc'])
    monkeypatch.setattr(uml.config, 'VM_MEMORY', 1 << 60)
    with pytest.raises(LabError, match='no folder has room'):
        uml.memory_dir([str(tmp_path)])


def test_who_ended_is_named_with_its_last_words(tmp_path):
    (tmp_path / 'log').write_text('no room\n')
    process = subprocess.Popen(['false'])
    process.wait()
    with pytest.raises(LabError, match='slirp4netns ended with status 1:\nno room'):
        uml.appears(tmp_path / 'net', {'slirp4netns': (process, tmp_path / 'log')})


def test_a_lab_is_bound_to_the_cpu_that_the_fewest_others_have(monkeypatch):
    monkeypatch.setattr(uml.os, 'sched_getaffinity', lambda pid: {0, 1, 3})
    monkeypatch.setattr(uml.procs, 'marked', lambda marks: [10, 11, 12])
    monkeypatch.setattr(uml.procs, 'affinity', {10: {0}, 11: {0, 1, 3}, 12: set()}.get)
    assert uml.free_cpu() == 1


def test_all_of_a_guest_in_user_mode_is_bound(tmp_path, monkeypatch):
    launched = []
    monkeypatch.setattr(uml, 'free_cpu', lambda: 3)
    monkeypatch.setattr(uml, 'launch', lambda argv, boot, **_more: launched.append(argv))
    uml.UserMode._launch(Boot(tmp_path, tmp_path / 'console', tmp_path / 'log', {}), ['linux', 'ncpus=1'])
    assert launched == [['taskset', '--cpu-list', '3', 'linux', 'ncpus=1']]


@pytest.mark.parametrize('state, demanded, built, background, expected', [
    ({}, '', False, False, 'here'),
    ({'accel': 'uml'}, 'tcg', False, False, 'here'),
    ({'accel': 'tcg'}, '', False, True, 'in the background'),
    ({'accel': 'tcg'}, 'tcg', False, True, 'not'),
    ({'accel': 'tcg'}, '', True, True, 'not'),
    ({'accel': 'kvm'}, '', False, True, 'not'),
    ({}, '', False, True, 'not'),
])
def test_where_the_kernel_is_built(tmp_path, monkeypatch, state, demanded, built, background, expected):
    clone, done = Clone(tmp_path), []
    kernels = types.SimpleNamespace(is_built=lambda: built, ensure=lambda: done.append('here'))
    monkeypatch.setattr(commands, 'Builder', lambda clone, cache: types.SimpleNamespace(kernels=kernels))
    monkeypatch.setattr(commands.subprocess, 'Popen', lambda *_argv, **_options: done.append('in the background'))
    monkeypatch.setenv('LVS_LAB_ACCEL', demanded)
    if state:
        clone.dir.mkdir(exist_ok=True)
        clone.save(state)
    commands.kernel(clone, background)
    assert (done or ['not']) == [expected]
    # A new clone has no folder for its log yet.
    assert clone.dir.is_dir() or not done


@pytest.mark.parametrize('state, demanded, built, wait, nodes, expected', [
    ({'accel': 'tcg'}, '', True, False, [], True),
    ({'accel': 'tcg'}, '', True, False, ['real1'], False),
    ({'accel': 'tcg'}, '', True, True, ['real1'], True),
    ({'accel': 'tcg'}, '', False, False, [], False),
    ({'accel': 'tcg'}, '', False, True, [], True),
    ({'accel': 'tcg'}, 'tcg', True, True, [], False),
    ({'accel': 'uml'}, '', True, True, [], False),
    ({'kind': 'engine'}, '', True, True, [], False),
])
def test_a_lab_with_an_emulated_cpu_gives_way_to_a_faster_one(monkeypatch, state, demanded, built, wait, nodes, expected):
    monkeypatch.setenv('LVS_LAB_ACCEL', demanded)
    monkeypatch.setattr(accel.uml, 'probe', lambda kernel: True)
    there = types.SimpleNamespace(nodes=lambda everything: nodes)
    assert commands.improves(state, types.SimpleNamespace(kernels=Kernels(built=built)), wait, there) is expected


def test_a_lab_stays_if_the_kernel_cannot_be_built(monkeypatch, capsys):
    monkeypatch.delenv('LVS_LAB_ACCEL', raising=False)
    assert commands.improves({'accel': 'tcg'}, types.SimpleNamespace(kernels=Kernels(fails=True)), True, None) is False
    assert 'no sid mirror' in capsys.readouterr().err


def test_all_labs_of_a_clone_are_found_and_nothing_else(tmp_path):
    for name in ('.lab', '.lab-2', '.lab-old_1', '.lab-'):
        (tmp_path / name).mkdir()
    assert [lab.dir.name for lab in Clone.all_of(tmp_path)] == ['.lab', '.lab-2']
    assert len({lab.id for lab in Clone.all_of(tmp_path)}) == 2


def test_a_lab_that_cannot_be_taken_down_does_not_keep_the_others_up():
    seen = []

    def down(lab):
        seen.append(lab)
        raise LabError('the engine does not answer')

    assert max([lab_main.attempt(down, name, {}) for name in 'ab']) == 1
    assert seen == ['a', 'b']


def test_a_module_that_the_kernel_lacks_is_named(tmp_path):
    (tmp_path / 'kernel').mkdir()
    (tmp_path / 'kernel' / 'ip_vs.ko').touch()
    (tmp_path / 'modules.builtin').write_text('kernel/net/bridge/bridge.ko\n')
    assert lacks(tmp_path, '# a comment\nip_vs\nbridge\nip_vs_mh\n\n') == ['ip_vs_mh']


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
