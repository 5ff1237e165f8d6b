# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packets that do not get the firewall mark of their service. Pure.

What is in the same table beside marks is judged with the firewall, to which it matters.
"""

from __future__ import annotations

from typing import Iterator, Mapping

from .finding import ERROR, Finding, listed
from .topology import MARKS, Topology, name_of


def differs(seen: Mapping, word: str) -> bool:
    """Say whether rules with this word are others, live or recorded, than declared, by what ipvs_marks would change."""
    return any(
        [line for line in part['before'].splitlines() if word in line] != [line for line in part['after'].splitlines() if word in line]
        for part in seen.get('diff') or ())


def judge(topology: Topology) -> Iterator[Finding]:
    marked = [service for service in topology.services if service.get('fwmark')]
    for host in topology.directors if marked else ():
        seen = host.variable(MARKS) or {}
        if differs(seen, ' mark set '):
            what = 'does not mark packets as the inventory declares it'
        elif seen.get('msg'):
            what = 'its marks cannot be read: {0}'.format(' '.join(str(seen['msg']).split()))
        else:
            continue
        yield Finding(
            'marks', ERROR, host.name, what, 'packets without the mark of {0} never come to the service'.format(
                listed(name_of(service) for service in marked)),
            '`systemctl reload lvs-director`, or run site.yml; whatever flushes all of nftables removes the marks',
            tuple(dict.fromkeys(service['vip'] for service in marked)))
