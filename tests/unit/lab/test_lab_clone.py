# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of one clone and its names."""
from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from lab.clone import SOCKET_LIMIT, Clone, is_private, private_dir, runtime_base, socket_dir
from lab.errors import LabError


def test_the_id_is_stable_and_tells_clones_apart(tmp_path):
    (tmp_path / 'a').mkdir()
    (tmp_path / 'b').mkdir()
    (tmp_path / 'link').symlink_to(tmp_path / 'a')
    ids = [Clone(tmp_path / name).id for name in ('a', 'b', 'link')]
    assert ids[0] == ids[2] != ids[1]


def test_what_was_saved_is_read_back(tmp_path):
    clone = Clone(tmp_path)
    with clone.locked():
        clone.save({'kind': 'vm'})
    assert Clone(tmp_path).state() == {'kind': 'vm'}


@pytest.mark.parametrize('content', [None, '', '{"kind": "v', '[]', '\0'])
def test_a_state_that_a_kill_tore_up_counts_as_none(tmp_path, content):
    clone = Clone(tmp_path)
    clone.dir.mkdir()
    if content is not None:
        clone.state_file.write_text(content)
    assert clone.state() == {}


def test_clearing_leaves_only_the_lock(tmp_path):
    clone = Clone(tmp_path)
    with clone.locked():
        clone.save({'kind': 'vm'})
        (clone.dir / 'ssh').mkdir()
        (clone.dir / 'ssh' / 'client').touch()
        clone.clear()
        assert [entry.name for entry in clone.dir.iterdir()] == ['lock']


def test_a_socket_that_outlived_the_state_is_found_and_removed(tmp_path, monkeypatch):
    with tempfile.TemporaryDirectory(dir='/tmp') as short:
        monkeypatch.setenv('XDG_RUNTIME_DIR', short)
        clone = Clone(tmp_path)
        assert not clone.has_socket()
        path = private_dir(socket_dir(Path(short), clone.id))
        assert clone.has_socket()
        clone.clear()
        assert not path.exists()


def test_the_socket_is_in_the_runtime_directory_of_the_user():
    with tempfile.TemporaryDirectory(dir='/tmp') as short:
        assert runtime_base('0123456789', {'XDG_RUNTIME_DIR': short}) == Path(short)


@pytest.mark.parametrize('environ', [{}, {'XDG_RUNTIME_DIR': ''}, {'XDG_RUNTIME_DIR': '/nowhere'}])
def test_without_a_runtime_directory_the_socket_is_in_tmp(environ):
    assert str(runtime_base('0123456789', environ)) == '/tmp'


def test_a_runtime_directory_too_long_for_a_socket_is_not_used(tmp_path):
    deep = tmp_path / ('x' * SOCKET_LIMIT)
    deep.mkdir()
    assert str(runtime_base('0123456789', {'XDG_RUNTIME_DIR': str(deep)})) == '/tmp'


def test_a_directory_of_our_own_is_accepted_twice(tmp_path):
    path = socket_dir(tmp_path, '0123456789')
    assert private_dir(path) == private_dir(path) == path
    assert is_private(path)


def others_may_enter(path, tmp_path):
    path.mkdir()
    path.chmod(0o755)


def is_a_link(path, tmp_path):
    (tmp_path / 'elsewhere').mkdir(mode=0o700)
    path.symlink_to(tmp_path / 'elsewhere')


def is_a_file(path, tmp_path):
    path.touch(mode=0o700)


@pytest.mark.parametrize('prepare', [others_may_enter, is_a_link, is_a_file])
def test_a_directory_that_others_could_use_is_refused(tmp_path, prepare):
    path = socket_dir(tmp_path, '0123456789')
    prepare(path, tmp_path)
    with pytest.raises(LabError, match='remove it'):
        private_dir(path)
