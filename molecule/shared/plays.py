# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plugin of pytest: fixtures that run the product's playbooks."""

from __future__ import annotations

import pytest
from nodes import Play, converge


@pytest.fixture(name='site', scope='session')
def run_site_yml():
    """Return a function that converges with these variables, or fails with the play's output."""
    return converge


@pytest.fixture(name='torn_down', scope='module')
def hosts_without_anything_of_ours():
    play = Play('playbooks/teardown.yml').run()
    assert play.status == 0, play.output
