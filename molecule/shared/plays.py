# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plugin of pytest: fixtures that run the product's playbooks."""

from __future__ import annotations

import pytest
from nodes import REALSERVERS, Play, converge, on

OURS = 'find /var/lib/lvs /usr/local/lib/lvs /usr/local/sbin/lvs-* /etc/systemd/system/lvs-* /etc/sysctl.d/90-lvs-* -type f'


@pytest.fixture(name='site', scope='session')
def run_site_yml():
    """Return a function that converges with these variables, or fails with the play's output."""
    return converge


@pytest.fixture(name='torn_down', scope='module')
def hosts_without_anything_of_ours():
    if any(on(node, OURS + ' 2> /dev/null', check=False) for node in ('director', *REALSERVERS)):
        play = Play('playbooks/teardown.yml').run()
        assert play.status == 0, play.output


def pytest_collection_modifyitems(items):
    """Begin with the tests that want such hosts: new ones are."""
    items.sort(key=lambda item: 'torn_down' not in item.fixturenames)
