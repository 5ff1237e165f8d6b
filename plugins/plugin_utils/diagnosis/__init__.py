# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judge a topology from what was read on all of its hosts: what is wrong, where, why it matters and what to do. Pure.

Private to this collection. One file for each kind of finding; `judge` of each takes the topology and yields findings.
"""

from __future__ import annotations

from typing import Mapping, Sequence

from . import (
    arp, clock, drains, firewall, hardware, listeners, marks, masters, modules, reach, routes, segment, strangers, tables, units, vips,
)
from .finding import SILENCING, WARNING, Finding, worst_first
from .topology import Topology

# Where one finding has several causes the first in this order comes first.
CHECKS = (reach, modules, masters, vips, arp, segment, routes, firewall, marks, listeners, hardware, tables, units, strangers, drains, clock)


def diagnose(services: Sequence[Mapping], groups: Mapping, hostvars: Mapping) -> list[Finding]:
    """Return what is wrong, worst first. `services` are resolved; `topology` says which variables of hosts are read."""
    topology = Topology(services, groups, hostvars)
    idle = drains.idle(topology) - {host.name for host in topology.declared_directors}
    return worst_first(_eased(finding, idle) for check in CHECKS for finding in check.judge(topology))


def _eased(finding: Finding, idle: set[str]) -> Finding:
    """Who is drained may be worked on, and only must not be put back like that."""
    if finding.host not in idle or finding.kind not in SILENCING:
        return finding
    return finding._replace(severity=WARNING, why='nobody is sent there now, since it has weight 0; put back, {0}'.format(finding.why))
