# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task is killed and the ipvsadm that it started lives on: it does what it was told, and nobody else writes meanwhile."""

from __future__ import annotations

import pytest


@pytest.fixture(name='orphans', scope='module')
def orphaned_writers(nodes):
    return nodes('director', 'orphans')


def test_half_a_line_is_no_line(orphans):
    assert orphans['cut']['lost'] == []


def test_the_next_run_removes_what_the_killed_one_left(orphans):
    assert not orphans['cut']['next_run_failed']
    assert orphans['cut']['as_before']


def test_the_next_run_waits_for_the_orphan_or_says_so(orphans):
    assert not [line for line in orphans['late']['table'] if '7102' in line] or orphans['late']['next_run'] != 'succeeded'


def test_nothing_of_the_orphan_stays(orphans):
    assert orphans['late']['left'] == []
