# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file of ours is replaced whole or not at all, and leaves nothing behind."""

from __future__ import annotations

import os

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils import record_file
from ansible_collections.lvs.direct_routing.plugins.module_utils.record_file import RecordError


def test_what_is_written_is_read_and_what_is_removed_leaves_no_folder(tmp_path):
    folder = tmp_path / 'lvs'
    path = str(folder / 'record')
    record_file.check_writable('file', path)
    assert record_file.read('file', path) is None and not folder.exists()
    record_file.write('file', path, 'one\n')
    record_file.write('file', path, 'two\n')
    assert record_file.read('file', path) == 'two\n' and os.listdir(folder) == ['record']
    assert folder.stat().st_mode & 0o777 == 0o755
    record_file.write('file', path, None)
    assert os.listdir(tmp_path) == []
    record_file.write('file', path, None)


@pytest.mark.parametrize('mode', [0o600, 0o644])
def test_a_file_has_the_mode_that_was_asked_for_whatever_the_umask(tmp_path, mode):
    before = os.umask(0o077)
    try:
        record_file.write('file', str(tmp_path / 'record'), 'one\n', mode)
    finally:
        os.umask(before)
    assert (tmp_path / 'record').stat().st_mode & 0o777 == mode


def test_a_folder_that_others_use_stays(tmp_path):
    (tmp_path / 'other').touch()
    record_file.write('file', str(tmp_path / 'record'), 'one\n')
    record_file.write('file', str(tmp_path / 'record'), None)
    assert os.listdir(tmp_path) == ['other']


def test_a_folder_that_is_not_ours_stays_though_it_is_empty(tmp_path):
    path = tmp_path / 'sysctl.d' / 'record'
    record_file.write('file', str(path), 'one\n')
    record_file.write('file', str(path), None, keep_folder=True)
    assert os.listdir(path.parent) == []


def test_a_write_that_fails_leaves_nothing_behind(tmp_path):
    (tmp_path / 'record').mkdir()
    with pytest.raises(RecordError, match='file: cannot write .*/record: Is a directory'):
        record_file.write('file', str(tmp_path / 'record'), 'one\n')
    assert os.listdir(tmp_path) == ['record']


def test_a_removal_that_fails_is_said(tmp_path):
    (tmp_path / 'record').mkdir()
    with pytest.raises(RecordError, match='file: cannot remove .*/record: '):
        record_file.write('file', str(tmp_path / 'record'), None)


@pytest.mark.parametrize('make, what', [(os.mkdir, 'a directory or device'), (os.mkfifo, 'a directory or device'),
                                        (lambda path: os.symlink('/dev/null', path), 'a symbolic link')])
def test_what_is_no_regular_file_is_not_read(tmp_path, make, what):
    make(tmp_path / 'record')
    with pytest.raises(RecordError, match='file: .*/record is {0}, not a regular file'.format(what)):
        record_file.read('file', str(tmp_path / 'record'))


def test_a_path_is_shortened():
    assert record_file.check_path('file', '/var//lib/./lvs/record') == '/var/lib/lvs/record'


@pytest.mark.parametrize('look', [record_file.check_path, record_file.check_writable, record_file.read])
@pytest.mark.parametrize('path, message', [
    ('relative', "file: 'relative' is not an absolute path of a file"),
    ('/var/lib/lvs/', "file: '/var/lib/lvs/' is not an absolute path of a file"),
    ('/var/lib/lvs\nx/record', 'file: .* has characters that no path should have'),
    ('/var/lib/lvs/rec\0rd', 'file: .* has characters that no path should have'),
    ('/' + 'x' * 4096, 'file: .* is too long for a path'),
])
def test_what_is_no_path_is_refused(look, path, message):
    with pytest.raises(RecordError, match=message) as error:
        look('file', path)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize('path, folder', [('/nowhere/at/all/record', '/nowhere/at'), ('/dev/null/record', '/dev/null')])
def test_a_place_where_no_file_can_be_is_said_before_anything_is_written(path, folder):
    with pytest.raises(RecordError, match='file: {0} would be in {1}, which is not a folder'.format(path, folder)):
        record_file.check_writable('file', path)
