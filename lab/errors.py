# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one error a person is shown without a traceback."""
from __future__ import annotations


class LabError(Exception):
    """What failed and what to do about it, in words."""
