# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of drained hosts is read, replaced by who has seen it, and never half."""

from __future__ import annotations

import contextlib
import json

import pytest
from ansible.module_utils.testing import patch_module_args

from ansible_collections.lvs.direct_routing.plugins.modules import lvs_drains

REAL1 = {'host': 'real1', 'since': '2026-07-01T12:00:00Z', 'by': 'ops', 'until': '', 'reason': ''}


@pytest.fixture(name='run')
def run_with_a_record_of_its_own(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(lvs_drains, 'exclusive', contextlib.nullcontext)
    path = tmp_path / 'lvs' / 'drained.json'

    def run(check=False, **params):
        with patch_module_args(dict(params, record=str(path), _ansible_check_mode=check)):
            with pytest.raises(SystemExit):
                lvs_drains.main()
        return json.loads(capsys.readouterr().out)

    run.path = path
    return run


def test_without_a_record_nobody_is_drained(run):
    seen = run()
    assert (seen['serial'], seen['drains'], seen['changed']) == (0, [], False)
    assert run(serial=0, drains=[])['changed'] is False
    assert not run.path.exists()


def test_what_is_written_is_read_and_the_second_time_changes_nothing(run):
    assert run(serial=1, drains=[REAL1])['changed'] is True
    seen = run()
    assert (seen['serial'], seen['drains']) == (1, [REAL1])
    assert run(serial=1, drains=[REAL1])['changed'] is False
    assert run.path.stat().st_mode & 0o777 == 0o644


def test_a_record_of_nobody_keeps_its_serial_number(run):
    run(serial=1, drains=[REAL1])
    assert run(serial=2, drains=[])['changed'] is True
    assert (run()['serial'], run()['drains']) == (2, [])


def test_check_mode_foretells_and_writes_nothing(run):
    foretold = run(check=True, serial=1, drains=[REAL1])
    assert foretold['changed'] is True and '"real1"' in foretold['diff']['after'] and foretold['diff']['before'] == ''
    assert not run.path.exists()


@pytest.mark.parametrize('serial', [0, 1])
def test_who_has_not_seen_the_newest_record_is_told(run, serial):
    run(serial=1, drains=[REAL1])
    refused = run(serial=serial, drains=[])
    assert refused['failed'] and 'somebody else has changed who is drained meanwhile (serial number 1)' in refused['msg']
    assert run()['drains'] == [REAL1]


def test_a_record_goes_with_its_folder(run):
    assert run(state='absent')['changed'] is False
    run(serial=1, drains=[REAL1])
    assert run(check=True, state='absent')['changed'] is True and run.path.exists()
    assert run(state='absent')['changed'] is True
    assert not run.path.parent.exists()


@pytest.mark.parametrize(('text', 'sentence'), [
    ('{', 'is damaged'), ('[]', 'is damaged'), ('{"version": 1, "serial": "1", "drains": []}', 'it has no serial number'),
    ('{"version": 1, "serial": 1, "drains": [{"since": "today"}]}', 'it has no serial number and list of drained hosts'),
    ('{"version": 2, "serial": 1, "drains": []}', 'was written in version 2 of its format'),
])
def test_a_damaged_record_is_said_and_kept(run, text, sentence):
    run.path.parent.mkdir()
    run.path.write_text(text)
    for refused in (run(), run(serial=9, drains=[]), run(state='absent')):
        assert refused['failed'] and sentence in refused['msg']
    assert run.path.read_text() == text


def test_drains_need_a_serial_number(run):
    assert 'serial' in run(drains=[])['msg']
