# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packets that do not get the firewall mark of their service. Pure."""

from __future__ import annotations

from typing import Iterator

from .finding import ERROR, Finding, listed
from .topology import MARKS, Topology, name_of


def judge(topology: Topology) -> Iterator[Finding]:
    marked = [service for service in topology.services if service.get('fwmark')]
    for host in topology.directors if marked else ():
        seen = host.variable(MARKS) or {}
        if seen.get('commands'):
            what = 'does not mark packets, or leave others untracked, as the inventory declares it'
        elif seen.get('msg'):
            what = 'its marks cannot be read: {0}'.format(' '.join(str(seen['msg']).split()))
        else:
            continue
        yield Finding(
            'marks', ERROR, host.name, what, 'packets without the mark of {0} never come to the service'.format(
                listed(name_of(service) for service in marked)),
            '`systemctl reload lvs-director`, or run site.yml; whatever flushes all of nftables removes the marks',
            tuple(dict.fromkeys(service['vip'] for service in marked)))
