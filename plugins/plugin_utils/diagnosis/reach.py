# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts that could not be looked at. Pure."""

from __future__ import annotations

from typing import Iterator

from .finding import ERROR, Finding
from .topology import Topology


def judge(topology: Topology) -> Iterator[Finding]:
    for host in topology.hosts:
        if host.looked_at or not host.info:
            # Nothing at all was read where a run was limited to other hosts.
            continue
        said = ' '.join(str(host.info.get('msg') or 'no reason was given').split()).rstrip('.')
        if host.info.get('unreachable'):
            yield Finding(
                'unreachable', ERROR, host.name, 'cannot be reached: {0}'.format(said),
                'what it does is unknown, and if it is down it serves nobody',
                'look whether it runs, and make `ansible {0} -m ping` work'.format(host.name))
        else:
            yield Finding(
                'unread', ERROR, host.name, 'cannot be looked at: {0}'.format(said), 'what its kernel does is unknown',
                'run this playbook with -b, and mend what the message says')
