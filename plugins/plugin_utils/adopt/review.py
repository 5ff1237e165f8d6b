# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person should look at before an adopted inventory is used: one sentence for each thing. Pure.

Private to this collection. A sentence says what was seen and what follows from it; nothing here changes the inventory.
"""

from __future__ import annotations

import ipaddress
from typing import Iterable, Iterator, Mapping

from ...module_utils.ipvs.model import ServiceKey, endpoint, refuses_clients
from . import live
from .inventory import PREFIX_KEY, Adopted, interface_of, refusal
from .live import Director, Place, Service

# What to do on a director where a program keeps the table. As they stop both take their services along.
ADVICE = {
    'keepalived': 'declare director_engine: keepalived, with the checks that are in keepalived.conf now, and site.yml writes a new one '
                  'beside a backup of that',
    'ldirectord': 'declare director_engine: keepalived, with the checks that are in ldirectord.cf now, set cleanstop = no there, and stop '
                  'and disable ldirectord right before site.yml, also where a cluster manager starts it',
}


def review(adopted: Adopted) -> list[str]:
    """Return the sentences, what stops `site.yml` first."""
    sentences = []
    for part in (_refused, _undecided, _empty, _kubernetes, _owned, _differences, _timeouts, _moved, _vips, _services,
                 _local, _invented, _declared_elsewhere):
        sentences += part(adopted)
    return list(dict.fromkeys(sentences))


def _refused(adopted: Adopted) -> Iterator[str]:
    reason = refusal(adopted.inventory)
    if reason:
        yield 'site.yml refuses this file as it is: {0}.'.format(reason.rstrip('.'))


def _undecided(adopted: Adopted) -> Iterator[str]:
    for one in adopted.undecided:
        yield '{0} is only a comment at the end of the file, to be decided by hand: {1}.'.format(
            _list(one.keys), one.reason
        )
    for entry in adopted.inventory['all']['vars']['lvs_virtual_services']:
        if 'fwmark' in entry:
            yield (
                '{0}: the table does not say which VIP is marked. {1} is the only address that may be it; see what sets the '
                'mark {2} in the firewall.'.format(entry['name'], entry['vip'], entry['fwmark'])
            )


def _empty(adopted: Adopted) -> Iterator[str]:
    for director in adopted.directors:
        if not director.services and len(adopted.directors) == 1:
            yield '{0} has no virtual services.'.format(director.name)
    for key, service in adopted.table.items():
        if not service.servers:
            yield '{0} has no real servers: every request is refused.'.format(key)


def _kubernetes(adopted: Adopted) -> Iterator[str]:
    for director in adopted.directors:
        if live.KUBE_PROXY in director.interfaces:
            theirs = {place.address for place in director.places if place.interface == live.KUBE_PROXY}
            keys = [key for key in director.services if key.address in theirs]
            yield (
                '{0} has the interface {1}, so kube-proxy keeps a table of its own there{2}. What is on that interface is only a '
                'comment in this file: two owners of an entry undo each other.'.format(
                    director.name, live.KUBE_PROXY, ', with ' + _some(keys) if keys else ''
                )
            )


def _owned(adopted: Adopted) -> Iterator[str]:
    for director in adopted.directors:
        for program in director.owners:
            yield '{0} runs {1}, which may keep the table and put back what somebody else changes. Before site.yml: {2}.'.format(
                director.name, program, ADVICE[program])


def _differences(adopted: Adopted) -> Iterator[str]:
    for director in adopted.directors:
        lacking: dict[str, list[ServiceKey]] = {}
        for key in adopted.table:
            if key not in director.services:
                lacking.setdefault(_first(adopted, key).name, []).append(key)
        for other, keys in lacking.items():
            yield '{0} lacks {1}, which {2} has; site.yml will add {3}.'.format(
                director.name, _some(keys), other, 'it' if len(keys) == 1 else 'them'
            )
        for key, chosen in adopted.table.items():
            mine = director.services.get(key, chosen)
            if mine != chosen:
                yield '{0}: {1}; this file has what {2} has.'.format(
                    key, '; '.join(_unlike(director.name, mine, _first(adopted, key).name, chosen)),
                    _first(adopted, key).name
                )


def _first(adopted: Adopted, key: ServiceKey) -> Director:
    return next(director for director in adopted.directors if key in director.services)


def _unlike(name: str, mine: Service, other: str, chosen: Service) -> Iterator[str]:
    for option in sorted(set(mine.settings) | set(chosen.settings)):
        if mine.settings.get(option) != chosen.settings.get(option):
            yield '{0} is {1} on {2} and {3} on {4}'.format(
                option, _said(mine.settings, option), name, _said(chosen.settings, option), other
            )
    for where in sorted(set(mine.servers) | set(chosen.servers), key=lambda place: (live.order(place[0]), place[1])):
        server = endpoint(*where)
        if where not in mine.servers:
            yield '{0} lacks the real server {1}'.format(name, server)
        elif where not in chosen.servers:
            yield '{0} has the real server {1}, which {2} lacks'.format(name, server, other)
        else:
            here, there = mine.servers[where], chosen.servers[where]
            for option in sorted(set(here) | set(there)):
                if here.get(option) != there.get(option):
                    yield '{0} of {1} is {2} on {3} and {4} on {5}'.format(
                        option, server, _said(here, option), name, _said(there, option), other
                    )


def _said(entry: Mapping, option: str) -> str:
    default = {'weight': '1', 'forward': 'dr', 'upper_threshold': '0', 'lower_threshold': '0'}
    return str(entry.get(option, default.get(option, 'not set')))


def _timeouts(adopted: Adopted) -> Iterator[str]:
    said = {one.name: one.timeouts for one in adopted.directors if one.timeouts}
    if len({tuple(sorted(one.items())) for one in said.values()}) > 1:
        yield 'The timeouts of the directors differ: {0}.'.format('; '.join(
            '{0} has tcp {tcp}, tcp_fin {tcp_fin}, udp {udp}'.format(name, **one) for name, one in said.items()
        ))


def _moved(adopted: Adopted) -> Iterable[str]:
    return adopted.moved


def _vips(adopted: Adopted) -> Iterator[str]:
    vips = {service['vip']: None for service in adopted.inventory['all']['vars']['lvs_virtual_services']}
    for director in adopted.directors:
        card = interface_of(director, vips)
        for vip in vips:
            places = director.of(vip)
            if not places:
                yield (
                    '{0} is on no interface of {1}. site.yml puts it on {2} and announces it; if another host has it now, as '
                    'with keepalived, take it down there first.'.format(
                        vip, director.name, adopted.inventory['directors']['hosts'][director.name].get(
                            'lvs_interface', 'the network card of the default route')
                    )
                )
            for place in places:
                yield from _place(adopted, director, place, card)


def _place(adopted: Adopted, director: Director, place: Place, card: str | None) -> Iterator[str]:
    if not place.heard:
        yield '{0} is on {1} of {2}, where the segment does not hear of it; site.yml puts it on a network card.'.format(
            place.address, place.interface, director.name
        )
    elif place.interface != card:
        yield '{0} is on {1} of {2}, but most VIPs are on {3}, and site.yml puts all of them there.'.format(
            place.address, place.interface, director.name, card
        )
    elif not place.alone:
        yield from _alias(adopted, director, place)


def _alias(adopted: Adopted, director: Director, place: Place) -> Iterator[str]:
    """Say what becomes of a VIP that carries a network, and of that network."""
    options = adopted.inventory['directors']['hosts'][director.name]
    others = [
        other for other in director.places
        if other.interface == place.interface and other.version == place.version and other.address != place.address
    ]
    seen = '{0} is on {1} of {2} as {0}/{3}, as an alias made by hand often is; '.format(
        place.address, place.interface, director.name, place.prefix
    )
    if PREFIX_KEY[place.version] in options:
        vips = {service['vip'] for service in adopted.inventory['all']['vars']['lvs_virtual_services']}
        own = [other for other in others if other.address not in vips]
        if not any(ipaddress.ip_address(place.address) in other.network for other in own):
            yield (
                '{0}only VIPs give {1} the network {2}, and {3} loses it once they are no longer declared. Give {1} an '
                'address of its own with that prefix length first.'.format(
                    seen, place.interface, place.network, director.name
                )
            )
    elif any(other.network == place.network for other in others):
        yield '{0}site.yml makes it /{1}, at no instant without it.'.format(seen, live.HOST_PREFIX[place.version])
    else:
        yield (
            '{0}it is the only address of {1} there, so site.yml will not change it and fails. Give {2} an address of its own '
            'in that network first.'.format(seen, place.network, place.interface)
        )


def _services(adopted: Adopted) -> Iterator[str]:
    drained: dict[str, list[ServiceKey]] = {}
    natted, refusing = [], []
    for key, service in adopted.table.items():
        if refuses_clients(service.settings['scheduler'], service.settings.get('scheduler_flags', ())):
            refusing.append(key)
        if key.protocol != 'fwmark' and key.number == 0:
            yield '{0} takes every port of the VIP, also those for the director itself; name the ports if you know them.'.format(key)
        for server in service.servers.values():
            if server.get('weight') == 0:
                drained.setdefault(server['address'], []).append(key)
        if any(server.get('forward') == 'nat' for server in service.servers.values()):
            natted.append(key)
    for key in refusing:
        yield '{0} refuses new clients of a real server that is drained, as its scheduler {1} has no fallback. This file leaves it so; {2}.'.format(
            key, adopted.table[key].settings['scheduler'],
            'sh and mh have one' if adopted.table[key].settings['scheduler'] == 'dh' else 'remove scheduler_fallback: false to add it')
    for address, keys in drained.items():
        yield '{0} has weight 0 in {1}: drained by somebody, or dead? It stays at 0 until this file says otherwise.'.format(
            _host(adopted, address), _some(keys)
        )
    if natted:
        yield (
            'Packets are forwarded by nat in {0}. The director will forward packets, but nothing here makes it the gateway of the '
            'real servers.'.format(_some(natted))
        )


def _local(adopted: Adopted) -> Iterator[str]:
    names = {director.name for director in adopted.directors}
    vips = {key.address for key in adopted.table if key.address}
    vips |= {service['vip'] for service in adopted.inventory['all']['vars']['lvs_virtual_services']}
    found: dict[str, list[ServiceKey]] = {}
    for key, service in adopted.table.items():
        for address in service.addresses:
            found.setdefault(address, []).append(key)
    for address, keys in found.items():
        if address in vips or ipaddress.ip_address(address).is_loopback:
            yield '{0} is a real server of {1} and stands for the director itself, whichever director that is.'.format(
                address, _some(keys)
            )
        elif adopted.hosts[address] in names:
            yield '{0} is a director and a real server of {1} at once: what it serves must listen on the VIP.'.format(
                _host(adopted, address), _some(keys)
            )


def _invented(adopted: Adopted) -> Iterator[str]:
    if adopted.invented:
        yield (
            '{0}: invented, since no host of the given inventory has the address. Give each its name, and what Ansible needs '
            'to reach it.'.format(', '.join(adopted.invented.values()))
        )


def _declared_elsewhere(adopted: Adopted) -> Iterator[str]:
    given = adopted.given
    for director in adopted.directors:
        if given.variables(director.name).get('lvs_virtual_services') is not None:
            yield (
                'The given inventory has lvs_virtual_services already. If they are in group_vars beside this file, they win '
                'over what is in it.'
            )
    unused = [name for name in given.realservers if name not in adopted.inventory['realservers']['hosts']]
    if unused:
        yield '{0}: in the group realservers of the given inventory, but no real server of any service, so not in this file.'.format(
            ', '.join(map(str, unused))
        )


def _host(adopted: Adopted, address: str) -> str:
    name = adopted.hosts.get(address)
    return '{0} ({1})'.format(name, address) if name else address


def _list(keys: Iterable[ServiceKey]) -> str:
    return ', '.join(map(str, keys))


def _some(keys: list[ServiceKey]) -> str:
    """Return the names of services, of many only the first ones."""
    if len(keys) <= 4:
        return _list(keys)
    return '{0} and {1} more'.format(_list(keys[:3]), len(keys) - 3)
