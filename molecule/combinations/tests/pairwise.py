# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Few rows that have each pair of values of any two factors."""

from __future__ import annotations

import itertools


def pairs(row):
    """Return the pairs of (factor, value) that a row has."""
    return set(itertools.combinations(row.items(), 2))


def all_pairs(factors):
    """Return every pair of values of two factors; `factors` maps a name to its values."""
    return {
        ((one, first), (other, second))
        for one, other in itertools.combinations(factors, 2)
        for first, second in itertools.product(factors[one], factors[other])
    }


def rows(factors, random):
    """Return rows, each a value by factor, with every pair in one of them: begin each with a pair that is still
    missing, and give each other factor the value that adds most; `random` decides between equals."""
    missing = all_pairs(factors)
    found = []
    while missing:
        row = dict(random.choice(sorted(missing)))
        for factor in factors:
            if factor not in row:
                values = list(factors[factor])
                random.shuffle(values)
                row[factor] = max(values, key=lambda value: len(missing & pairs(in_order({**row, factor: value}, factors))))
        row = in_order(row, factors)
        missing -= pairs(row)
        found.append(row)
    return found


def in_order(row, factors):
    return {factor: row[factor] for factor in factors if factor in row}
