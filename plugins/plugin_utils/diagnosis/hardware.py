# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Network cards of directors that merge what they receive. Pure."""

from __future__ import annotations

from typing import Iterator

from .finding import ERROR, Finding
from .topology import Topology


def judge(topology: Topology) -> Iterator[Finding]:
    # The kernel switches LRO off by itself where it forwards, which a director of direct routing need not do.
    for host in topology.directors:
        for name, one in sorted(host.info['interfaces'].items()):
            if one['heard'] and one['up'] and one['offloads']['lro']:
                yield Finding(
                    'lro', ERROR, host.name, '{0} merges what it receives (LRO)'.format(name),
                    'what it merged is larger than the MTU and cannot be sent on to a real server, so uploads crawl or hang',
                    '`ethtool -K {0} lro off`, and have that at boot'.format(name))
