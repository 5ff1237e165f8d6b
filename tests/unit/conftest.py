# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every unit test shares."""

from __future__ import annotations

import os
import pathlib

import hypothesis
from ansible.plugins.loader import init_plugin_loader

# Before any test imports the collection: Ansible finds no plugins, documentation or metadata in a collection that
# Python's own import got hold of first.
init_plugin_loader([str(pathlib.Path(__file__).resolve().parents[2] / '.collections')])

# Wall time is noise on a busy machine: an example may take as long as it takes.
hypothesis.settings.register_profile('lvs', deadline=None)
# For the long proofs (tests/chaos.py).
hypothesis.settings.register_profile(
    'chaos', deadline=None, max_examples=2000, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile(os.environ.get('LVS_HYPOTHESIS_PROFILE', 'lvs'))
