# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What check mode said of site.yml, and what site.yml did. The sequence is check, converge, idempotence, check."""

from __future__ import annotations

import json
import os
import pathlib

import pytest


@pytest.fixture(name='runs', scope='module')
def runs_of_site_yml():
    folder = pathlib.Path(os.environ['LVS_CHANGES_BY_RUN'])
    runs = [json.loads(path.read_text(encoding='utf-8')) for path in sorted(folder.iterdir())]
    assert len(runs) == 4
    return runs


def changes(run):
    return [(result['host'], result['task']) for result in run if result['changed']]


def test_check_mode_foretold_what_was_done_to_new_hosts(runs):
    foretold, done = runs[:2]
    assert changes(done)
    assert foretold == done


def test_the_second_run_changed_nothing(runs):
    assert changes(runs[2]) == []


def test_check_mode_foretells_that_nothing_will_change(runs):
    assert changes(runs[3]) == []
