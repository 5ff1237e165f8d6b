# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record keeps the whole ruleset and never anything half."""

from __future__ import annotations

import os

import hypothesis
import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import options, record

from .strategies import tables

TABLE = options.table(
    [
        {
            'address': '192.0.2.100',
            'port': 80,
            'realservers': [{'address': '192.0.2.21', 'upper_threshold': 100, 'lower_threshold': 50}],
        }
    ]
)


@hypothesis.given(tables)
def test_a_record_is_read_back_with_thresholds_and_all(table):
    assert record.parse(record.render(table), 'record') == table


def test_behind_its_first_line_a_record_is_what_ipvsadm_takes():
    assert record.render(TABLE).splitlines()[1:] == [
        '-A -t 192.0.2.100:80 -s wlc',
        '-a -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 1 -x 100 -y 50',
    ]


def test_a_written_record_is_there_for_root_only_and_alone(tmp_path):
    path = tmp_path / 'record'
    record.write(str(path), TABLE)
    assert record.read(str(path)) == TABLE
    assert path.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ['record']


def test_where_there_is_no_record_nothing_is_recorded(tmp_path):
    assert record.read(str(tmp_path / 'record')) == record.Table()


def test_the_folder_comes_and_goes_with_the_record(tmp_path):
    path = tmp_path / 'lvs' / 'record'
    record.check_writable(str(path))
    assert not path.parent.exists()
    record.write(str(path), TABLE)
    assert path.exists()
    record.write(str(path), record.Table())
    assert not path.parent.exists()


def test_a_folder_with_something_else_in_it_stays(tmp_path):
    (tmp_path / 'neighbour').touch()
    record.write(str(tmp_path / 'record'), TABLE)
    record.write(str(tmp_path / 'record'), record.Table())
    assert os.listdir(tmp_path) == ['neighbour']


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'', 'is not a record of this collection'),
        (b'-A -t 192.0.2.100:80 -s rr\n', 'is not a record of this collection'),
        (record.render(TABLE).encode()[:-20], 'is damaged'),
        (b'# lvs.direct_routing ruleset, version 1\n-C\n', 'is damaged'),
        (b'# lvs.direct_routing ruleset, version 1\n\xff\xfe\n', 'is damaged'),
        (b'# lvs.direct_routing ruleset, version 2\n', 'Use the newer collection'),
    ],
)
def test_a_record_that_cannot_be_trusted_is_refused(tmp_path, content, message):
    path = tmp_path / 'record'
    path.write_bytes(content)
    with pytest.raises(record.RecordError) as caught:
        record.read(str(path))
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_symbolic_link_is_no_record(tmp_path):
    record.write(str(tmp_path / 'elsewhere'), TABLE)
    os.symlink(tmp_path / 'elsewhere', tmp_path / 'record')
    with pytest.raises(record.RecordError, match='is a symbolic link'):
        record.read(str(tmp_path / 'record'))


@pytest.mark.parametrize(
    ('path', 'message'),
    [
        ('relative', "record: 'relative' is not an absolute path"),
        ('/var/lib/lvs\nx/record', 'has characters that no path should have'),
        ('/var/lib/lvs/rec\0rd', 'has characters that no path should have'),
        ('/' + 'x' * 4096, 'is too long for a path'),
        ('/nowhere/at/all/record', 'would be in /nowhere/at, which is not a folder'),
        ('/dev/null/record', 'would be in /dev/null, which is not a folder'),
    ],
)
def test_a_place_where_no_record_can_be_is_said_before_anything_is_written(path, message):
    with pytest.raises(record.RecordError, match=message):
        record.check_writable(path)
