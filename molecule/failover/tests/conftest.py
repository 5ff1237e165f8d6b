# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is left out."""

from __future__ import annotations

from slices import EVERY

# firewalld on a director drops resets, so about one client in two thousand that takes a port again waits in vain. That is a fault of
# the collection; until it is mended these run with LVS_EVERY_WAY only.
FAULTY = 'test_groups.py'


def pytest_collection_modifyitems(config, items):
    if not EVERY:
        config.hook.pytest_deselected(items=[item for item in items if item.path.name == FAULTY])
        items[:] = [item for item in items if item.path.name != FAULTY]
