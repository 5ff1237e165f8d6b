# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that ipvsadm can express, declared at once, is in the kernel as declared, and goes without a trace."""

from __future__ import annotations

# The kernel of Debian 12 has no ip_vs_twos. Whatever else is missing on another one has to be named here.
MAY_BE_MISSING = {'twos'}


def test_the_kernel_has_all_schedulers_but_those_named_here(matrix):
    assert set(matrix['missing']) <= MAY_BE_MISSING


def test_every_combination_was_taken(matrix):
    assert matrix['failed'] == []
    assert matrix['services'] > 800
    assert matrix['combined'] == matrix['possible']


def test_check_mode_touched_nothing(matrix):
    assert matrix['check_mode_touched_nothing']


def test_check_mode_foretold_every_line(matrix):
    assert matrix['foretold_as_done']


def test_everything_was_written_in_one_go(matrix):
    assert matrix['writes'] == 1


def test_the_kernel_has_nothing_but_what_is_declared(matrix):
    assert matrix['too_much'] == []


def test_the_kernel_lacks_nothing_that_is_declared(matrix):
    assert matrix['too_little'] == []


def test_declared_again_nothing_is_to_be_done(matrix):
    assert matrix['again'] == []
    assert matrix['again_wrote'] == []


def test_removed_again_the_table_is_as_it_was_before(matrix):
    assert not matrix['left']


def test_the_record_goes_with_what_it_recorded(matrix):
    assert not matrix['record_left']


def test_what_was_there_before_kept_answering(matrix):
    assert matrix['requests']['made'] > 0
    assert matrix['requests']['failed'] == []
