# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""VIPs that no director has, or several, and directors that do not tell each other of connections. Pure."""

from __future__ import annotations

from typing import Iterator

from .finding import ERROR, WARNING, Finding, listed
from .topology import KEEPALIVED, Host, Topology, names

SYNC = 'director_ha_sync_interface'


def judge(topology: Topology) -> Iterator[Finding]:
    if not topology.complete:
        return
    missing = [vip for vip in topology.vips if not topology.holders(vip)]
    if missing:
        elsewhere = [one['interface'] for vip in missing for host in topology.directors for one in host.placements(vip)]
        yield Finding(
            'no_master', ERROR, names(topology.directors),
            'has {0} {1}'.format(listed(missing), 'only on {0}, where nobody hears of it'.format(listed(elsewhere))
                                 if elsewhere else 'on no network card'),
            'nobody answers clients that ask for it',
            '`systemctl restart {0}` there and look at what it says, or run site.yml'.format(_unit(topology.directors[0]))
            if topology.directors else 'put a host into the group directors', tuple(missing))
    shared: dict[str, list[str]] = {}
    for vip in topology.vips:
        holders = topology.holders(vip)
        if len(holders) > 1:
            shared.setdefault(names(holders), []).append(vip)
    for holders, vips in shared.items():
        yield Finding(
            'two_masters', ERROR, holders, 'each has {0}'.format(listed(vips)),
            'both answer clients, whose connections break as they change from one to the other',
            'let adverts through between them (VRRP is IP protocol 112), and see that priority and virtual_router_id agree; '
            'with director_engine: static leave one director in the inventory', tuple(vips))
    yield from _judge_sync(topology)


def _judge_sync(topology: Topology) -> Iterator[Finding]:
    expected = [host for host in topology.directors if host.variable(SYNC) and len(topology.directors) > 1]
    running = {}
    for host in expected:
        interface = host.variable(SYNC)
        daemons = [one for one in host.table.get('daemons') or () if one['interface'] == interface]
        if host.table and not daemons:
            yield Finding(
                'sync_missing', WARNING, host.name, 'no sync daemon runs on {0}'.format(interface),
                'the other director does not know its connections, and all of them break as it takes over',
                '`systemctl reload keepalived`, or run site.yml; an interface that is down cannot have one')
        elif daemons:
            running[host.name] = daemons[0]['syncid']
    if len(set(running.values())) > 1:
        yield Finding(
            'sync_apart', WARNING, listed(running), 'their sync daemons have the ids {0}'.format(listed(running.values())),
            'each ignores what another id says, so they do not know each other\'s connections',
            'give director_ha_sync_id the same value on all of them')


def _unit(host: Host) -> str:
    return 'keepalived' if host.engine == KEEPALIVED and len(host.table.get('services') or ()) == 0 else 'lvs-director'
