# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What would not come back after a reboot. Pure."""

from __future__ import annotations

from typing import Iterator

from .finding import ERROR, WARNING, Finding
from .topology import KEEPALIVED, Host, Topology

DIRECTOR, REALSERVER, ENGINE = NAMES = ('lvs-director.service', 'lvs-realserver.service', 'keepalived.service')


def judge(topology: Topology) -> Iterator[Finding]:
    for host in topology.directors:
        if topology.services:
            yield from _judge(host, DIRECTOR, 'table and VIPs')
            if host.engine == KEEPALIVED:
                yield from _judge(host, ENGINE, 'health checks and the table', ERROR)
    for host in topology.realservers:
        if topology.served(host):
            yield from _judge(host, REALSERVER, 'VIPs and silence in ARP')


def _judge(host: Host, unit: str, what: str, inactive: str = WARNING) -> Iterator[Finding]:
    state = host.info['units'].get(unit)
    if state is None:
        # Where systemd does not run nothing can be said.
        return
    if state['load'] != 'loaded':
        yield Finding(
            'unit', WARNING, host.name, '{0} is {1}'.format(unit, {'not-found': 'not installed'}.get(state['load'], state['load'])),
            'nothing brings {0} back after a reboot'.format(what), 'run site.yml')
    elif not state['file'].startswith('enabled'):
        yield Finding(
            'unit', WARNING, host.name, '{0} is {1}'.format(unit, state['file'] or 'not enabled'),
            'after a reboot {0} would not be there'.format(what), '`systemctl enable {0}`, or run site.yml'.format(unit))
    elif state['active'] not in ('active', 'reloading', 'activating'):
        yield Finding(
            'unit', inactive, host.name, '{0} is {1}'.format(unit, state['active']),
            'it looks after {0}, and does not now'.format(what), '`systemctl restart {0}`, and look at `journalctl -u '
            '{0}` if it does not stay up'.format(unit))
