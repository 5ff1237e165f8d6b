# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory that declares what live directors hold, so that a first run finds nothing to change in the table. Pure.

Private to this collection. What the table does not tell is not guessed: it becomes a commented entry and a sentence.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Container, Iterable, Mapping, NamedTuple, Sequence

from .. import virtual_services
from ...module_utils.ipvs import model, options, settings
from ...module_utils.ipvs.model import ServiceKey
from ..inventory import InventoryError, require_netaddr
from . import live
from .given import CARRIED, Given, literal, plain
from .live import Director, Service

ADDRESS_KEY = {4: 'lvs_address', 6: 'lvs_address_ipv6'}
PREFIX_KEY = {4: 'director_vip_prefix', 6: 'director_vip_prefix_ipv6'}
# In the place of a VIP that a person has to say; no address, so that it cannot be overlooked.
UNDECIDED_VIP = 'decide'
# How a message begins that is about a service, and how it calls others: by position and name.
_WHERE = re.compile(r'service\[(\d+)\] \((.*?)\)')


class Undecided(NamedTuple):
    """An entry that a person has to complete or change, and why."""

    entry: Mapping
    keys: Sequence[ServiceKey]
    reason: str


class Adopted(NamedTuple):
    """The inventory, and what the review is written from."""

    inventory: dict
    undecided: list[Undecided]
    directors: list[Director]
    table: Mapping[ServiceKey, Service]
    hosts: Mapping[str, str]
    invented: Mapping[str, str]
    moved: list[str]
    given: Given


def adopt(seen: Mapping, groups: Mapping, hostvars: Mapping) -> Adopted:
    """Return the inventory of directors; `seen` has by name their results of ipvs_info and lvs_host_info."""
    require_netaddr()
    directors = [live.director(str(name), plain(seen[name]['info']), plain(seen[name]['host'])) for name in seen]
    given = Given(groups, hostvars)
    table = live.union(directors)
    others = _of_kube_proxy(directors, table)
    own = {key: service for key, service in table.items() if key not in others}
    spare = {family: _spare_vips(directors, table, given, family) for family in model.FAMILIES}
    vips = {key.address for key in own if key.address}
    vips |= {spare[key.family][0] for key in own if not key.address and len(spare[key.family]) == 1}
    hosts, invented = _hosts(directors, own, vips, given)
    moved: list[str] = []
    inventory: dict = {
        'directors': {'hosts': {one.name: _director(one, own, vips, given, moved) for one in directors}},
        'realservers': {'hosts': _realservers(directors, hosts, invented, given)},
        'all': {'vars': {}},
    }
    faults = _faults(table, spare, inventory) | others
    weights = _as_group([service for key, service in table.items() if not faults[key]], hosts, inventory)
    _say_weights(inventory, weights, given)
    _say_timeouts(inventory, directors)
    _say_prefixes(inventory, directors, vips)
    services, undecided = _services(table, faults, spare, bool(weights))
    inventory['all']['vars']['lvs_virtual_services'] = services
    return Adopted(inventory, undecided, directors, own, hosts, invented, moved, given)


def refusal(inventory: Mapping) -> str:
    """Say why `site.yml` would refuse the inventory, or nothing."""
    try:
        declared(inventory)
    except InventoryError as error:
        return str(error)
    return ''


def declared(inventory: Mapping) -> model.Table:
    """Return the table that `site.yml` makes of the inventory; raise `InventoryError`."""
    services = virtual_services.resolve(
        inventory['all']['vars']['lvs_virtual_services'], _groups(inventory), _hostvars(inventory), 'lvs_virtual_services'
    )
    return options.table(virtual_services.ipvs_services(services))


def _groups(inventory: Mapping) -> dict[str, list[str]]:
    return {name: list(inventory[name]['hosts']) for name in ('directors', 'realservers')}


def _hostvars(inventory: Mapping) -> dict[str, dict]:
    merged: dict[str, dict] = {}
    for group in ('directors', 'realservers'):
        for name, variables in inventory[group]['hosts'].items():
            merged.setdefault(name, {}).update(variables)
    return merged


def _spare_vips(directors: Iterable[Director], table: Mapping, given: Given, family: str) -> list[str]:
    """Return the addresses that look like VIPs and belong to no service that has an address.

    Only those with a host prefix: one that carries a network may be the director's own.
    """
    taken = {key.address for key in table} | {address for one in table.values() for address in one.addresses}
    found = set()
    for one in directors:
        # Where an address with a host prefix is the only one it is the director's own.
        cards = {
            (place.interface, place.version) for place in one.places
            if place.heard and not place.alone and not model.unusable(place.address)
        }
        found |= {
            place.address for place in one.places
            if place.alone and (place.interface, place.version) in cards and model.family_of(place.address) == family
            and place.address not in taken and not given.owner(place.address) and not model.unusable(place.address)
        }
    return sorted(found, key=live.order)


def _hosts(directors, table, vips, given) -> tuple[dict[str, str], dict[str, str]]:
    """Return the host of each real server's address, and of these the names that are invented."""
    on_director = {place.address: one.name for one in directors for place in one.places}
    addresses = {address for service in table.values() for address in service.addresses}
    taken = set(given.hosts) | {one.name for one in directors}
    hosts, invented = {}, {}
    for address in sorted(addresses, key=live.order):
        # Both mean the director itself, whichever it is; neither is an address of a host.
        if address in vips or ipaddress.ip_address(address).is_loopback:
            continue
        name = given.owner(address) or on_director.get(address)
        if name is None:
            name = _fresh('real-' + _dashed(address), taken)
            invented[address] = name
        hosts[address] = str(name)
    return hosts, invented


def _dashed(address: str) -> str:
    return address.replace('.', '-').replace(':', '-')


def _fresh(name: str, taken: set[str]) -> str:
    """Return a name that nobody has, and take it."""
    number = 1
    fresh = name
    while fresh in taken:
        number += 1
        fresh = '{0}-{1}'.format(name, number)
    taken.add(fresh)
    return fresh


def _realservers(directors, hosts, invented, given) -> dict[str, dict]:
    names = {one.name for one in directors}
    found: dict[str, dict] = {}
    for address, name in hosts.items():
        # A director that serves as well has its variables among the directors.
        variables = found.setdefault(name, {} if name in names else given.carried(name))
        if address in invented or (name not in names and address in literal(name)):
            variables.setdefault(ADDRESS_KEY[live.version(address)], address)
    return found


def _director(director: Director, table, vips, given, moved) -> dict:
    """Return the variables of a director; what had to become another address is noted in `moved`."""
    variables = given.carried(director.name)
    interface = interface_of(director, vips) or plain(given.variables(director.name).get('lvs_interface'))
    if not interface:
        connected = {name for names in director.connected.values() for name in names}
        interface = connected.pop() if len(connected) == 1 else None
    realservers = [address for service in table.values() for address in service.addresses]
    own = {number: _own(director, interface, number, vips, realservers) for number in ADDRESS_KEY}
    for key in virtual_services.ADDRESS_KEYS:
        for address in literal(variables.get(key, '')):
            if address in vips:
                instead = own[live.version(address)]
                moved.append('{0}: {1} {2} is a VIP, and a VIP is an address of its own. {3}'.format(
                    director.name, key, address,
                    'Here it is {0}, which the director has as well; see that Ansible reaches it there.'.format(instead[0])
                    if instead else 'The director has no other one on that network card: give it one.'
                ))
                if instead:
                    variables[key] = instead[0]
    known = virtual_services.addresses(variables)
    for number, key in ADDRESS_KEY.items():
        wanted = number == 4 or any(service.family == 'ipv6' for service in table)
        if wanted and key not in variables and own[number] and not set(known) & set(own[number]):
            variables[key] = own[number][0]
    if interface:
        variables['lvs_interface'] = str(interface)
    if director.forwards:
        # It may be a router as well, which the role does not know.
        variables['director_ip_forward'] = 'on'
    return {key: variables[key] for key in CARRIED + ('lvs_interface', 'director_ip_forward') if key in variables}


def interface_of(director: Director, vips: Iterable[str]) -> str | None:
    """Return the network card that has the most VIPs."""
    count: dict[str, int] = {}
    for place in director.places:
        if place.heard and place.address in vips:
            count[place.interface] = count.get(place.interface, 0) + 1
    return min(count, key=lambda name: (-count[name], name)) if count else None


def _own(director: Director, interface, number: int, vips, realservers: Iterable[str]) -> list[str]:
    """Return the director's own addresses on an interface, those in a network of real servers first."""
    places = [
        place for place in director.places
        if place.interface == interface and place.version == number and not place.alone
        and place.address not in vips and not model.unusable(place.address)
    ]
    near = {
        place for place in places
        if any(ipaddress.ip_address(address) in place.network for address in realservers)
    }
    return [place.address for place in sorted(places, key=lambda place: place not in near)]


def _as_group(services: Iterable[Service], hosts: Mapping, inventory: Mapping) -> dict[str, int] | None:
    """Return the weight of each host, if every service sends to all of them with these weights and nothing unusual."""
    written = _hostvars(inventory)
    weights = None
    for service in services:
        mine: dict[str, int] = {}
        for server in service.servers.values():
            name = hosts.get(server['address'])
            if set(server) - {'address', 'weight'} or name is None:
                return None
            try:
                if virtual_services.address_of(written[name], name, live.version(server['address'])) != server['address']:
                    return None
            except InventoryError:
                return None
            mine[name] = server.get('weight', 1)
        if weights not in (None, mine):
            return None
        weights = mine
    return weights if weights and set(weights) == set(inventory['realservers']['hosts']) else None


def _say_weights(inventory: dict, weights: Mapping[str, int] | None, given: Given) -> None:
    for name, weight in (weights or {}).items():
        said = given.variables(name)
        variables = inventory['realservers']['hosts'][name]
        # What the other inventory says of a host must not win where both are given.
        if weight != 1 or said.get('lvs_weight') is not None:
            variables['lvs_weight'] = weight
        if said.get('lvs_drained'):
            variables['lvs_drained'] = False


def _say_timeouts(inventory: dict, directors: Sequence[Director]) -> None:
    timeouts = [one.timeouts and {name: one.timeouts[name] for name in settings.Timeouts._fields} for one in directors]
    if all(one == timeouts[0] for one in timeouts):
        places = [(inventory['all']['vars'], timeouts[0])] if timeouts else []
    else:
        places = [(inventory['directors']['hosts'][one.name], said) for one, said in zip(directors, timeouts)]
    default = settings.DEFAULT_TIMEOUTS._asdict()
    for variables, said in places:
        if said and (said != default or len(places) > 1):
            variables['director_timeouts'] = said


def _say_prefixes(inventory: dict, directors: Iterable[Director], vips: Container[str]) -> None:
    """Keep the prefix length of VIPs that are aliases made by hand, where all of a director's have the same one."""
    for director in directors:
        for version, option in PREFIX_KEY.items():
            prefixes = {place.prefix for place in director.places
                        if place.heard and place.address in vips and place.version == version}
            if len(prefixes) == 1 and prefixes != {live.HOST_PREFIX[version]}:
                inventory['directors']['hosts'][director.name][option] = prefixes.pop()


def _services(table: Mapping, faults: Mapping, spare: Mapping, as_group: bool) -> tuple[list[dict], list[Undecided]]:
    folded: dict[str, list[Service]] = {}
    for key, service in table.items():
        alike = key[:3] + (key.number if key.protocol == 'fwmark' else None,)
        same = repr((alike, service.settings, list(service.servers.values()), faults[key]))
        folded.setdefault(same, []).append(service)
    crowded = [fold[0].key[:3] for fold in folded.values()]
    services, undecided = [], []
    for fold in folded.values():
        key = fold[0].key
        entry = _entry(fold, _name(key, crowded.count(key[:3]) > 1), spare)
        # What is wrong is to be seen in the entry itself.
        if as_group and not faults[key]:
            entry['realservers'] = 'realservers'
        reason = faults[key] or (_no_vip(key, spare[key.family]) if entry['vip'] == UNDECIDED_VIP else '')
        if reason:
            undecided.append(Undecided(entry, [service.key for service in fold], reason))
        else:
            services.append(entry)
    return services, undecided


def _entry(fold: Sequence[Service], name: str, spare: Mapping) -> dict:
    """Return services that differ only in their ports as one entry that lists its real servers."""
    key, settings, servers = fold[0]
    vip = key.address
    if not vip:
        vip = spare[key.family][0] if len(spare[key.family]) == 1 else UNDECIDED_VIP
    entry = {'name': name, 'vip': vip}
    if key.protocol == 'fwmark':
        entry['fwmark'] = key.number
    elif len(fold) > 1:
        entry['ports'] = [service.key.number for service in fold]
    else:
        entry['port'] = key.number
    if key.protocol not in ('tcp', 'fwmark'):
        entry['protocol'] = key.protocol
    entry.update(settings)
    if settings['scheduler'] in model.FALLBACKS and model.refuses_clients(settings['scheduler'], settings.get('scheduler_flags', ())):
        # As it is now. What the inventory does not say would bring the flag.
        entry['scheduler_fallback'] = False
    entry['realservers'] = [dict(server) for server in servers.values()]
    return entry


def _faults(table: Mapping, spare: Mapping, inventory: Mapping) -> dict[ServiceKey, str]:
    """Say of each service why it cannot be declared, or nothing.

    The kernel takes some things that `site.yml` refuses, such as a VIP as a real server. One such entry must not keep the
    others from being declared.
    """
    faults = {key: _fault(service) for key, service in table.items()}
    entries = {key: _entry([service], str(key), spare) for key, service in table.items() if not faults[key]}
    entries = {key: entry for key, entry in entries.items() if entry['vip'] != UNDECIDED_VIP}
    keys = list(entries)
    refused: dict[ServiceKey, list[str]] = {}
    for sentence in virtual_services.faults(entries.values(), _groups(inventory), _hostvars(inventory), 'service'):
        where = _WHERE.match(sentence)
        # Others are about a host, and hold for the whole file.
        if where:
            said = _WHERE.sub(r'\2', sentence[where.end():].lstrip('.: '))
            refused.setdefault(keys[int(where.group(1))], []).append(said)
    return faults | {key: '; '.join(said) for key, said in refused.items()}


def _of_kube_proxy(directors: Iterable[Director], table: Iterable[ServiceKey]) -> dict[ServiceKey, str]:
    """Say of each service of kube-proxy why it is not to be declared: it has the VIP (a ClusterIP) on an interface of its own."""
    theirs = {place.address for one in directors for place in one.places if place.interface == live.KUBE_PROXY}
    return {key: 'it belongs to kube-proxy, which keeps its entries itself; delete this comment' for key in table if key.address in theirs}


def _fault(service: Service) -> str:
    """Say why a service that is live is not in the terms of the modules, or nothing."""
    try:
        options.table([service.declaration()])
    except model.InvalidEntry as error:
        return '{0}: {1} {2}'.format(error.option, model.shown(error.value), error.reason)
    return ''


def _no_vip(key: ServiceKey, found: Sequence[str]) -> str:
    family = {'ipv4': 'IPv4', 'ipv6': 'IPv6'}[key.family]
    if found:
        return 'a mark has no VIP in the table, and the network cards have several {0} addresses that may be it: {1}'.format(
            family, ', '.join(found)
        )
    return (
        'a mark has no VIP in the table, and no network card has an {0} address of prefix length {1} that belongs to no '
        'other service'.format(family, {'ipv4': 32, 'ipv6': 128}[key.family])
    )


def _name(key: ServiceKey, crowded: bool) -> str:
    if key.protocol == 'fwmark':
        return 'fwmark-{0}{1}'.format(key.number, '-ipv6' if key.family == 'ipv6' else '')
    name = '{0}-{1}'.format(key.protocol, _dashed(key.address))
    return '{0}-{1}'.format(name, key.number) if crowded else name
