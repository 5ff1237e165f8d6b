# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One look at real servers that are to get no connections any more, or to get some again. `judge` is pure.

Private to this collection. This is the one door of the module drain_wait.
"""

from __future__ import annotations

from typing import Iterable, Mapping, NamedTuple

from . import procfs
from .command import Runner
from .iproute import Link, read_links
from .ipvs import options
from .ipvs.dump import IDLE, Activity
from .ipvs.kernel import Kernel
from .ipvs.model import RealServerKey, Table
from .ipvs.show import connections

QUIESCENT = '/proc/sys/net/ipv4/vs/expire_quiescent_template'


class Asked(NamedTuple):
    """What is asked of each real server. `finished` counts those connections as well that the kernel takes for ended."""

    state: str = 'drained'
    finished: bool = False
    standby: bool = False


class Seen(NamedTuple):
    """What a director's kernel says."""

    table: Table
    activity: Mapping[RealServerKey, Activity]
    connections: Iterable[Mapping]
    vips: frozenset[str]


def look(run: Runner, wanted: list[dict], asked: Asked, files: procfs.Files | None = None) -> list[dict]:
    """Return what there is of each real server, and whether that is what is waited for. Raises what `Kernel` raises.

    The connection table is read only where a persistence template sends clients to a real server without weight: the kernel
    forgets it on sight with expire_quiescent_template=1.
    """
    targets = [(target, _key(target)) for target in wanted]
    kernel = Kernel(run)
    table, activity = kernel.read_with_activity()
    persistent = any(table.services[key.service].persistence_timeout for _target, key in targets if key.service in table.services)
    sticky = persistent and (files or procfs.Files()).number(QUIESCENT) != 1
    seen = Seen(
        table, activity, connections(kernel.connections()) if sticky and asked.state == 'drained' else (),
        _vips(read_links(run).values()) if asked.standby else frozenset(),
    )  # fmt: skip
    return [judge(target, key, seen, asked) for target, key in targets]


def judge(target: Mapping, key: RealServerKey, seen: Seen, asked: Asked) -> dict:
    """Return what there is of one real server, and whether that is what is waited for.

    A director that does not have the VIP knows connections only from the one that has it, and forgets them late.
    """
    server = seen.table.realservers.get(key)
    service = seen.table.services.get(key.service)
    active, inactive = seen.activity.get(key, IDLE)
    templates = sum(_is_template_of(one, key) for one in seen.connections)
    weight = None if server is None else server.weight
    # Datagrams and single packets are no connections that would end.
    ends = service is not None and service.key.protocol != 'udp' and not service.one_packet
    left = (active + (inactive if asked.finished else 0) if ends else 0) + templates
    if asked.standby and target['vip'] not in seen.vips:
        left = 0
    if asked.state == 'drained':
        done = not weight and not left
    else:
        # Who is to have no weight is in when nobody is sent there; a service that is not there has no one.
        left, done = 0, not target['weight'] or weight == target['weight'] or service is None
    return {
        'name': target['name'], 'service': target['service'], 'weight': weight, 'active': active, 'inactive': inactive,
        'templates': templates, 'left': left, 'done': done,
    }  # fmt: skip


def _key(target: Mapping) -> RealServerKey:
    return options.realserver_key(options.service_key(target), target['realserver_address'], target['realserver_port'])


def _is_template_of(one: Mapping, key: RealServerKey) -> bool:
    if not one['template'] or one['realserver_address'] != key.address:
        return False
    service = key.service
    if 'fwmark' in one:
        return (service.protocol, service.number) == ('fwmark', one['fwmark'])
    return (service.protocol, service.address, service.number) == (one['protocol'], one['address'], one['port'])


def _vips(links: Iterable[Link]) -> frozenset[str]:
    """Return the addresses that the segment hears of."""
    return frozenset(entry.local for link in links if link.network_card and link.arp for entry in link.addresses)
