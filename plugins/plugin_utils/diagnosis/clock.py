# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Clocks that are not those of the others. Pure."""

from __future__ import annotations

from typing import Iterator, NamedTuple

from .finding import WARNING, Finding
from .topology import BEGAN, ENDED, Topology

TOLERANCE = 2.0
"""Seconds."""


class Skew(NamedTuple):
    """Between which bounds a clock is ahead of the controller's, in seconds: it was read at some time in between."""

    host: str
    least: float
    most: float


def judge(topology: Topology) -> Iterator[Finding]:
    skews = [
        Skew(host.name, host.info['time'] - float(host.variable(ENDED)), host.info['time'] - float(host.variable(BEGAN)))
        for host in topology.directors + topology.realservers
        if host.info.get('time') and host.variable(BEGAN) and host.variable(ENDED)
    ]
    if len(skews) < 2:
        return
    agreed = agreement(skews)
    for skew in skews:
        off = skew.least - agreed if skew.least > agreed else skew.most - agreed if skew.most < agreed else 0
        if abs(off) > TOLERANCE:
            yield Finding(
                'clock', WARNING, skew.host, 'its clock is at least {0:.0f} s {1} of the others'.format(
                    abs(off), 'ahead' if off > 0 else 'behind').replace('behind of', 'behind'),
                'a client whose persistence ends comes to another server, for which its cookies and tokens are of the past or '
                'the future, and logs of several hosts cannot be compared', 'have a time service run there, as chrony')


def agreement(skews: list[Skew]) -> float:
    """Return the skew that most clocks may have, the controller's own of those that as many may have."""
    ends = [0.0] + [end for skew in skews for end in (skew.least, skew.most)]
    return max(ends, key=lambda end: (sum(one.least - TOLERANCE <= end <= one.most + TOLERANCE for one in skews), -abs(end)))
