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


def test_a_record_of_nothing_is_none(tmp_path):
    path = tmp_path / 'record'
    record.write(str(path), TABLE)
    record.write(str(path), record.Table())
    assert not path.exists()


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
