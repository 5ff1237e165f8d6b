# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The cache: keys, locks, removal."""
from __future__ import annotations

import pytest
from lab.cache import Cache, key_of


@pytest.fixture
def recipe(tmp_path):
    root = tmp_path / 'recipe'
    root.mkdir()
    (root / 'packages').write_text('curl\n')
    (root / 'hook.sh').write_text('#!/bin/sh\n')
    return root


def key(root, *facts):
    return key_of([path for path in root.rglob('*') if path.is_file()], root, facts)


def test_the_key_is_the_same_for_the_same_recipe_elsewhere(recipe, tmp_path):
    before = key(recipe, 'bookworm')
    assert key(recipe.rename(tmp_path / 'moved'), 'bookworm') == before


def change_content(root):
    (root / 'packages').write_text('curl\nvim\n')


def change_name(root):
    (root / 'packages').rename(root / 'packets')


def change_mode(root):
    (root / 'hook.sh').chmod(0o755)


def add_file(root):
    (root / 'more').touch()


def move_a_line_to_another_file(root):
    (root / 'packages').write_text('')
    (root / 'hook.sh').write_text('#!/bin/sh\ncurl\n')


@pytest.mark.parametrize('change', [change_content, change_name, change_mode, add_file, move_a_line_to_another_file])
def test_the_key_changes_with_everything_the_build_depends_on(recipe, change):
    before = key(recipe, 'bookworm')
    change(recipe)
    assert key(recipe, 'bookworm') != before


def test_the_key_changes_with_a_fact(recipe):
    assert len({key(recipe, 'bookworm'), key(recipe, 'trixie'), key(recipe, 'bookworm', ''), key(recipe)}) == 4


@pytest.mark.parametrize('environ, expected', [
    ({'LVS_LAB_CACHE': '/a/b'}, '/a/b'),
    ({'LVS_LAB_CACHE': '/a/b', 'XDG_CACHE_HOME': '/c'}, '/a/b'),
    ({'XDG_CACHE_HOME': '/c'}, '/c/lvs-lab'),
])
def test_the_environment_says_where_the_cache_is(environ, expected):
    assert str(Cache.of_user(environ).path) == expected


def test_without_a_word_the_cache_is_in_the_home_directory(monkeypatch):
    monkeypatch.setenv('HOME', '/home/x')
    assert str(Cache.of_user({}).path) == '/home/x/.cache/lvs-lab'


@pytest.fixture
def cache(tmp_path):
    made = Cache(tmp_path / 'cache')
    with made.building('vm'):
        for name in ('vm-1', 'vm-2'):
            with made.adding('vm', name) as work:
                (work / 'disk').write_text('data')
    return made


def test_an_entry_appears_whole_or_not_at_all(cache):
    with pytest.raises(RuntimeError), cache.building('vm'), cache.adding('vm', 'vm-3') as work:
        (work / 'disk').write_text('half')
        assert not cache.entry('vm-3').exists()
        raise RuntimeError
    assert sorted(path.name for path in cache.path.iterdir()) == ['lock-vm', 'vm-1', 'vm-2']


def test_the_next_build_removes_what_a_killed_one_left(cache):
    (cache.path / 'tmp-vm-killed').mkdir()
    (cache.path / 'tmp-vm-killed' / 'disk').touch()
    with cache.building('vm'):
        assert not (cache.path / 'tmp-vm-killed').exists()


def test_an_entry_that_is_held_is_not_removed(cache):
    with cache.hold('vm-1'), cache.building('vm'):
        assert cache.prune('vm', []) == ['vm-2']
    with cache.building('vm'):
        assert cache.prune('vm', []) == ['vm-1']


def test_an_entry_to_keep_is_not_removed(cache):
    with cache.building('vm'):
        assert cache.prune('vm', ['vm-2']) == ['vm-1']
    assert (cache.entry('vm-2') / 'disk').read_text() == 'data'


def test_what_is_not_there_cannot_be_held(cache):
    assert cache.hold('vm-9') is None


def test_files_of_somebody_else_in_the_cache_stay(cache):
    (cache.path / 'not-ours').mkdir()
    with cache.building('vm'):
        cache.prune('vm', [])
    assert (cache.path / 'not-ours').is_dir()


def test_two_kinds_are_built_at_once_and_leave_each_other_alone(cache):
    with cache.building('kernel'), cache.adding('kernel', 'kernel-1') as work:
        with cache.building('vm'):
            assert work.is_dir()
    assert cache.entry('kernel-1').is_dir()
