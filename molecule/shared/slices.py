# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of a long list is tested at every change: a part that moves with the date. With LVS_EVERY_WAY all of it is."""

from __future__ import annotations

import datetime
import os

EVERY = bool(os.environ.get('LVS_EVERY_WAY'))
SEED = int(os.environ.get('LVS_SEED') or datetime.date.today().toordinal())


def of_the_day(whole, count):
    """Return so many neighbours of a list, others each day until all have had their turn."""
    whole = list(whole)
    if EVERY or count >= len(whole):
        return whole
    first = SEED * count % len(whole)
    return [whole[(first + number) % len(whole)] for number in range(count)]
