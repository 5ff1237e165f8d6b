# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether requests are spread by weight: the G-test, with Williams' correction for few requests. Pure.

Round robin spreads more evenly than chance, which the test supposes, so a healthy director is safe from it.
"""

from __future__ import annotations

import math
from typing import Mapping

LEVEL = 1e-5
"""So unlikely is what is taken for no accident."""


def chance(counts: Mapping[str, int], shares: Mapping[str, float]) -> float:
    """Return how likely chance spreads at least as unevenly as `counts`, where `shares` (of 1) are what is right.

    A count of who has no share is impossible, and its likelihood 0.
    """
    total = sum(counts.values())
    if total and any(count for name, count in counts.items() if not shares.get(name)):
        return 0.0
    if not total or len(shares) < 2:
        return 1.0
    found = 2 * sum(count * math.log(count / (total * shares[name])) for name, count in counts.items() if count)
    correction = 1 + (sum(1 / share for share in shares.values()) - 1) / (6 * total * (len(shares) - 1))
    return survival(max(found, 0.0) / correction, len(shares) - 1)


def survival(value: float, degrees: int) -> float:
    """Return how likely chi-square of so many degrees of freedom exceeds a value (Abramowitz and Stegun, 26.4.4, 26.4.5)."""
    half = value / 2
    if half <= 0:
        return 1.0
    odd = degrees % 2
    exponents = [step + odd / 2 for step in range((degrees - odd) // 2)]
    # In logarithms, since large numbers are divided by large ones.
    series = sum(math.exp(exponent * math.log(half) - half - math.lgamma(exponent + 1)) for exponent in exponents)
    return min(1.0, series + (math.erfc(math.sqrt(half)) if odd else 0.0))


def outliers(counts: Mapping[str, int], shares: Mapping[str, float]) -> list[str]:
    """Return who has too many or too few for it to be an accident, sorted; none if all of it may be one."""
    if chance(counts, shares) >= LEVEL:
        return []
    total = sum(counts.values())

    def own(name: str) -> float:
        count, share = counts.get(name, 0), shares[name]
        return chance({name: count, '': total - count}, {name: share, '': 1 - share}) if share < 1 else 1.0

    likely = {name: own(name) for name in sorted(shares)}
    # Many small deviations may be no accident together and each for itself: then those that are least likely.
    limit = max(LEVEL, min(likely.values(), default=0))
    return [name for name, one in likely.items() if one <= limit]
