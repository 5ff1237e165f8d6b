# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of the timeouts says what is ours and what was before, and what was before comes back."""

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs.settings import UNDECLARED, Timeouts
from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs.timeouts_record import (
    NOTHING,
    Kept,
    lines,
    parse,
    plan,
)
from ansible_collections.lvs.direct_routing.plugins.module_utils.record_file import RecordError

FRESH = Timeouts(900, 120, 300)
KEPT = Kept(Timeouts(7200, 0, 30), Timeouts(900, 0, 300))
RECORD = '# lvs.direct_routing timeouts, version 1\n# before: --set 900 0 300\n--set 7200 0 30\n'

SECONDS = st.integers(1, 2147483)
LIVE = st.builds(Timeouts, SECONDS, SECONDS, SECONDS)
DECLARED = st.builds(Timeouts, *[st.one_of(st.just(0), SECONDS)] * 3).filter(any)


def text(kept):
    return ''.join(line + '\n' for line in lines(kept))


def test_a_record_is_what_ipvsadm_takes_and_as_a_comment_what_was_before():
    assert text(KEPT) == RECORD and parse(RECORD, 'record') == KEPT


@hypothesis.given(LIVE, DECLARED)
def test_a_record_is_read_back(live, declared):
    kept = plan(NOTHING, live, declared).after
    assert parse(text(kept), 'record') == kept


@pytest.mark.parametrize('damaged', [
    RECORD.replace('7200', 'x'), RECORD + '-C\n', RECORD.replace('--set 7200 0 30\n', ''), RECORD.replace('# before', '# was'),
    RECORD.replace('900 0 300', '900 120 300'), RECORD.replace('900 0 300', '0 0 300'), RECORD.replace('900', '\u0669'),
    '# lvs.direct_routing timeouts, version 1\n# before: --set 0 0 0\n--set 0 0 0\n'])
def test_a_damaged_record_is_refused_with_advice(damaged):
    with pytest.raises(RecordError, match='^record is damaged: .* Compare it with'):
        parse(damaged, 'record')


@pytest.mark.parametrize(('damaged', 'message'), [
    ('--set 7200 0 30\n', 'is not a record of this collection'),
    (RECORD.replace('version 1', 'version 2'), 'Use the newer collection')])
def test_a_record_that_is_not_ours_or_newer_is_refused(damaged, message):
    with pytest.raises(RecordError, match=message):
        parse(damaged, 'record')


@hypothesis.given(LIVE, st.lists(DECLARED, min_size=1, max_size=5))
def test_whatever_is_declared_in_turn_what_was_before_comes_back_in_the_end(before, declarations):
    live, kept = before, NOTHING
    for declared in declarations:
        what = plan(kept, live, declared)
        assert what.warnings == ()
        # What is declared is set, everything else is as it was before us.
        assert what.want == tuple(asked or former for asked, former in zip(declared, before))
        assert plan(what.after, what.want, declared)[:3] == (what.want, what.after, what.after)
        live, kept = what.want, what.after
    last = plan(kept, live, UNDECLARED)
    assert (last.want, last.after, last.warnings) == (before, NOTHING, ())


@hypothesis.given(LIVE, DECLARED, st.booleans())
def test_a_task_that_is_killed_loses_nothing_of_what_was_before(before, declared, kernel_was_set):
    what = plan(NOTHING, before, declared)
    live = what.want if kernel_was_set else before
    assert plan(what.during, live, declared)[:3] == (what.want, what.after, what.after)
    assert plan(what.during, live, UNDECLARED).want == before


@hypothesis.given(LIVE, DECLARED, DECLARED, st.booleans())
def test_a_second_declaration_that_is_killed_converges_when_it_runs_again(before, first, second, kernel_was_set):
    one = plan(NOTHING, before, first)
    two = plan(one.after, one.want, second)
    again = plan(two.during, two.want if kernel_was_set else one.want, second)
    assert (again.want, again.after, again.warnings) == (two.want, two.after, ())


def test_a_timeout_that_someone_else_changed_is_left_with_a_warning():
    what = plan(KEPT, Timeouts(1200, 120, 30), UNDECLARED)
    assert what.want == (1200, 120, 300) and what.after == NOTHING
    assert what.warnings == (
        'tcp is 1200 s, which is not what this module set (7200): it is left as it is, not given back as 900',)


def test_what_is_back_already_needs_no_warning():
    assert plan(KEPT, FRESH, UNDECLARED)[::3] == (FRESH, ())
