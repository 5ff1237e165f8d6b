# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A spread that cannot be an accident is told from one that can."""

from __future__ import annotations

import collections
import random

import pytest

from ansible_collections.lvs.direct_routing.plugins.plugin_utils.diagnosis.spread import LEVEL, chance, outliers, survival

EVEN = {'real1': 0.5, 'real2': 0.5}


def drawn(random_numbers, shares, requests):
    return collections.Counter(random_numbers.choices(list(shares), list(shares.values()), k=requests))


@pytest.mark.parametrize(('value', 'degrees', 'likely'), [
    # The five and one per cent points and others, as printed tables have them.
    (3.841, 1, 0.05), (6.635, 1, 0.01), (5.991, 2, 0.05), (16.919, 9, 0.05), (18.307, 10, 0.05), (124.342, 100, 0.05), (0, 3, 1),
])
def test_chi_square_is_that_of_the_tables(value, degrees, likely):
    assert survival(value, degrees) == pytest.approx(likely, rel=1e-3)


def test_two_to_one_in_place_of_one_to_one_is_said_at_a_thousand_requests():
    assert outliers({'real1': 667, 'real2': 333}, EVEN) == ['real1', 'real2']
    random_numbers = random.Random(8)
    for _run in range(100):
        assert outliers(drawn(random_numbers, {'real1': 2 / 3, 'real2': 1 / 3}, 1000), EVEN) == ['real1', 'real2']


@pytest.mark.parametrize('shares', [
    EVEN, {'real1': 0.75, 'real2': 0.25}, {'real1': 0.99, 'real2': 0.01}, {'real{0}'.format(n): 1 / 50 for n in range(50)},
], ids=['even', '3:1', '99:1', 'fifty'])
@pytest.mark.parametrize('requests', [40, 200])
def test_no_false_alarm_in_a_hundred_healthy_runs(shares, requests):
    random_numbers = random.Random(8)
    assert [outliers(drawn(random_numbers, shares, requests), shares) for _run in range(100)] == [[]] * 100


def test_round_robin_in_turn_is_no_alarm():
    assert chance({'real1': 100, 'real2': 100}, EVEN) == 1
    assert outliers({'real1': 2, 'real2': 1}, {'real1': 2 / 3, 'real2': 1 / 3}) == []


def test_only_who_is_out_of_line_is_named():
    shares = {'real{0}'.format(n): 0.1 for n in range(10)}
    counts = dict.fromkeys(shares, 100)
    counts.update(real3=10, real4=110, real5=110)
    assert outliers(counts, shares) == ['real3']


@pytest.mark.parametrize('requests', [40, 10000])
def test_who_gets_nothing_is_named(requests):
    assert outliers({'real1': requests}, EVEN) == ['real1', 'real2']


def test_one_server_has_all_of_it():
    assert chance({'real1': 10}, {'real1': 1.0}) == 1 and chance({}, EVEN) == 1
    assert chance({'other': 1}, EVEN) == 0 < LEVEL


def test_with_two_requests_for_each_server_it_is_no_more_alarmed_than_it_says():
    shares = {'real{0}'.format(n): 1 / 50 for n in range(50)}
    random_numbers = random.Random(8)
    assert sum(chance(drawn(random_numbers, shares, 100), shares) < 1e-3 for _run in range(1000)) <= 3
