# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory that adopt.yml writes is that of the live director. Taking over is tried in the scenario seeds."""

from __future__ import annotations

from declared import web
from nodes import Play


def test_the_inventory_that_adopt_writes_changes_nothing(site, tmp_path):
    services = web({'real1': 3}, persistence_timeout=90)
    site(lvs_virtual_services=services, director_timeouts={'tcp': 700, 'tcp_fin': 120, 'udp': 300})
    path = tmp_path / 'adopted.yml'
    play = Play('playbooks/adopt.yml', adopt_dest=str(path)).run()
    assert play.status == 0, play.output
    assert path.exists()
    again = Play('playbooks/site.yml', '-i', str(path)).run()
    assert again.status == 0, again.output
    assert not any(again.changed.values()), again.output
