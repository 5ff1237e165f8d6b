# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What each director of an inventory has of the VIPs, and from whom it hears: the order of the inventory decides. Pure.

Private to this collection.
"""

from __future__ import annotations

from typing import Mapping, Sequence

from ...module_utils.ipvs import model
from .. import inventory
from ..inventory import Findings, InventoryError

HIGHEST, STEP = 254, 10
"""Priorities: that of the first director, and by how much each next one has less. With a high one the VIPs are taken sooner:
whoever hears that the master goes waits (256 - priority) / 256 of the interval between adverts (RFC 5798, 6.1)."""

MOST = HIGHEST // STEP - 1

PREEMPT_DELAY = 15
"""Seconds after which a director that is back takes the VIPs of its groups; it has heard of all connections in 10."""

GROUP_KEYS = ('virtual_router_id', 'directors')


def of(services: Sequence[Mapping], host: str, groups: Mapping, hostvars: Mapping) -> dict:
    """Return the settings `director_ha_*` of a director, without their prefix; nothing if it is alone.

    `lvs_ha_groups` and the services' `ha_group` share the VIPs out: each group has an order of directors of its own.
    """
    directors = list(groups.get('directors') or ())
    if len(directors) < 2:
        return {}
    found = Findings()
    if len(directors) > MOST:
        found.add('the group directors has {0} hosts; {1} can stand in for one another'.format(len(directors), MOST))
    for director in directors if list(services) else ():
        # Each of two that know no address of the other would take itself for the only one.
        if not inventory.on_segment(hostvars[director]):
            found.add('{0}: set lvs_address, lvs_address_ipv6 or both; directors send each other adverts by address'.format(director))
    own = inventory.on_segment(hostvars[host])
    settings = {
        'address': next((address for address in own if ':' not in address), ''),
        'address_ipv6': next((address for address in own if ':' in address), ''),
        'peers': [address for director in directors if director != host for address in inventory.on_segment(hostvars[director])],
        'priority': HIGHEST - STEP * directors.index(host),
    }
    declared = hostvars[host].get('lvs_ha_groups')
    _judge_serving(services, host, hostvars, own, bool(declared), found)
    if declared:
        # Who is up first takes all of them, and nobody else would ever have its share.
        settings.update(groups=_groups(declared, services, host, directors, found), preempt=True, preempt_delay=PREEMPT_DELAY)
    elif any(service.get('ha_group') for service in services):
        found.add('lvs_ha_groups is not set, and services name an ha_group')
    found.raise_first()
    return settings


def _judge_serving(services: Sequence[Mapping], host: str, hostvars: Mapping, own: Sequence[str], grouped: bool, found: Findings) -> None:
    """Find what would let a director and one that is its real server send a packet to and fro."""
    if not any(server['address'] in own for service in services for server in service['realservers']):
        return
    where = '{0} is a director and a real server: '.format(host)
    if grouped:
        found.add(where + 'with lvs_ha_groups directors send at the same time, and a packet would go to and fro between them')
    elif not hostvars[host].get('director_ha_sync_interface'):
        found.add(where + 'set director_ha_sync_interface, by which IPVS knows that it is not its turn to send; without it a packet '
                  'would go to and fro between directors')
    if hostvars[host].get('realserver_arp_method') == 'arptables':
        found.add(where + 'set realserver_arp_method: sysctl; arptables would silence it when it has the VIPs')


def _groups(declared: object, services: Sequence[Mapping], host: str, directors: Sequence[str], found: Findings) -> list[dict]:
    if not isinstance(declared, Mapping):
        raise InventoryError('lvs_ha_groups: {0} is not a dictionary of groups'.format(model.shown(declared)))
    vips: dict[str, list[str]] = {name: [] for name in declared}
    for service in services:
        name = service.get('ha_group')
        if name not in vips:
            found.add('ha_group of {0}: {1} is none of {2}'.format(
                service.get('name') or service['vip'], model.shown(name), ', '.join(map(str, declared))))
        elif service['vip'] not in vips[name]:
            vips[name].append(service['vip'])
    made = []
    for name, group in declared.items():
        where = 'lvs_ha_groups.{0}'.format(name)
        if not isinstance(group, Mapping):
            found.add('{0}: {1} is not a group'.format(where, model.shown(group)))
            continue
        for key in sorted(set(group) - set(GROUP_KEYS), key=str):
            found.add('{0}: unknown key {1!r}; known are {2}'.format(where, key, ', '.join(GROUP_KEYS)))
        order = group.get('directors', directors)
        if not isinstance(order, list) or sorted(map(str, order)) != sorted(directors):
            found.add('{0}.directors: {1} has to name each of {2} once, the one that is to have the VIPs first'.format(
                where, model.shown(order), ', '.join(directors)))
            continue
        if vips[name]:
            made.append({'name': name, 'virtual_router_id': group.get('virtual_router_id'), 'vips': vips[name],
                         'priority': HIGHEST - STEP * order.index(host)})
    return made
