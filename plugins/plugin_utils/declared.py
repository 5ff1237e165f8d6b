# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One virtual service as it is declared: what it says is read and judged, without regard to the other services. Pure.

Private to this collection. Mistakes go to `Findings`, so that one does not hide the next.
"""

from __future__ import annotations

import re
from typing import Callable, Iterator, Mapping, NamedTuple

from ..module_utils.ipvs import model, nested, options
from . import inventory
from .inventory import Findings, InventoryError

# What goes to ipvs_table as it is.
SETTINGS = tuple(options.SERVICE_SETTINGS)
REALSERVER_SETTINGS = tuple(options.REALSERVER_SETTINGS)
SERVICE_KEYS = (
    'name', 'vip', 'port', 'ports', 'fwmark', 'protocol', 'realservers', 'check', 'sorry_server',
    'scheduler_fallback', 'quorum', 'hysteresis', 'inhibit_on_failure', 'alpha', 'omega', 'ha_group',
) + SETTINGS + REALSERVER_SETTINGS  # fmt: skip
REALSERVER_KEYS = ('name', 'address', 'port') + REALSERVER_SETTINGS

_SERVICE = nested.fields(options.TABLE_SERVICE)
_REALSERVER = nested.fields(options.TABLE_REALSERVER)
# What takes the place of a wrong value so that the others can be judged. What is judged by it goes with it.
_ADDRESSES = {'ipv4': '192.0.2.1', 'ipv6': '2001:db8::1'}
_INSTEAD: dict[str, dict] = {
    'scheduler': {'scheduler': None, 'scheduler_flags': None},
    'persistence_timeout': {'persistence_timeout': 1},
    'forward': {'forward': None, 'port': None, 'tunnel': None},
    'upper_threshold': {'upper_threshold': None, 'lower_threshold': None},
}
_RANGE = re.compile(r'([0-9]+)-([0-9]+)', re.ASCII)


class Port(NamedTuple):
    """A port, or a range of ports to be marked, and its key."""

    key: str
    low: int
    high: int

    def __str__(self) -> str:
        return str(self.low) if self.low == self.high else '{0}-{1}'.format(self.low, self.high)

    def overlaps(self, other: Port) -> bool:
        return self.low <= other.high and other.low <= self.high


class Server(NamedTuple):
    """A real server: what it is called in messages, its settings, and the keys of those that have one of their own."""

    label: str
    settings: Mapping
    keys: Mapping[str, str]


class Service(NamedTuple):
    """What can be read of a service: no VIP, protocol or mark that is wrong, and no port that is."""

    where: str
    given: Mapping
    vip: str
    protocol: str
    ports: list[Port]
    mark: int | None

    @property
    def identities(self) -> list[tuple[str, dict]]:
        """The identity of each IPVS service that this is, with the key of its port."""
        if not self.vip:
            return []
        if self.given.get('fwmark') is not None:
            family = model.family_of(self.vip)
            return [] if self.mark is None else [(self.where + '.fwmark', {'fwmark': self.mark, 'family': family})]
        if not self.protocol:
            return []
        return [(port.key, {'address': self.vip, 'port': port.low, 'protocol': self.protocol}) for port in self.ports]


def read(services, variable: str, found: Findings) -> Iterator[Service]:
    """Read every service of a list, or else say what is no service."""
    for position, given in enumerate(services):
        where = '{0}[{1}]'.format(variable, position)
        if not isinstance(given, Mapping):
            found.add('{0} is not a service: {1}'.format(where, model.shown(given)))
            continue
        if given.get('name') or given.get('vip'):
            where = '{0} ({1})'.format(where, given.get('name') or given['vip'])
        with found.collecting():
            _known_keys(given, SERVICE_KEYS, where)
        yield Service(
            where, given, _vip(given, where, found), _protocol(given, where, found),
            _ports(given, where, found), _mark(given, where, found),
        )  # fmt: skip


def members(service: Service, groups: Mapping, hostvars: Mapping, found: Findings) -> list[Server]:
    """Return the real servers that the hosts of a service's group are, with what host_vars say of each."""
    group = service.given['realservers']
    if group not in groups:
        found.add('{0}.realservers: there is no group {1!r} in the inventory; it has {2}'.format(
            service.where, group, ', '.join(sorted(groups))))
        return []
    if not groups[group]:
        found.add('{0}.realservers: the group {1!r} has no hosts'.format(service.where, group))
    servers = []
    for host in groups[group]:
        unreadable = inventory.unreadable_addresses(hostvars[host], host)
        for sentence in unreadable:
            found.add(sentence)
        if not unreadable and service.vip:
            with found.collecting():
                servers.append(_member(service, host, hostvars[host]))
    return servers


def explicit(service: Service, found: Findings) -> list[Server]:
    """Return the real servers that a service lists."""
    listed = service.given.get('realservers')
    if not isinstance(listed, list):
        found.add('{0}.realservers: needs a group of the inventory, or a list of servers'.format(service.where))
        return []
    servers = []
    for position, given in enumerate(listed):
        label = 'realservers[{0}]'.format(position)
        where = '{0}.{1}'.format(service.where, label)
        if not isinstance(given, Mapping) or not given.get('address'):
            found.add('{0}: {1} has no address'.format(where, model.shown(given)))
            continue
        with found.collecting():
            _known_keys(given, REALSERVER_KEYS, where)
        with found.collecting():
            address = str(inventory.ip(given['address'], where + '.address'))
            own = dict({key: value for key, value in given.items() if key in REALSERVER_KEYS and value is not None}, address=address)
            keys = {option: '{0}.{1}'.format(where, option) for option in own}
            servers.append(Server(label, _with_defaults(service, own), keys))
    return servers


def entries(service: Service, servers: list[Server], found: Findings) -> list[dict]:
    """Return the service in the terms of `ipvs_table`, one entry for each port."""
    settings = _with_fallback(service, {name: service.given[name] for name in SETTINGS if service.given.get(name) is not None}, found)
    made = [_entry(service, key, dict(identity, **settings), servers, found) for key, identity in service.identities]
    if not made:
        # What it would be called is wrong already; the rest is judged all the same.
        family = model.family_of(service.vip or next((server.settings['address'] for server in servers), ''))
        portless = [server._replace(settings=dict(server.settings, port=None)) for server in servers]
        _entry(service, '', dict(address=_ADDRESSES[family], port=1, protocol='udp', **settings), portless, found)
    return made


def _with_fallback(service: Service, settings: dict, found: Findings) -> dict:
    """Return the settings with the flag by which no client of a drained real server is refused, unless it is not wanted."""
    wanted, scheduler, flags = service.given.get('scheduler_fallback'), settings.get('scheduler'), listed(settings.get('scheduler_flags'))
    flag = model.FALLBACKS.get(scheduler) if isinstance(scheduler, str) else None
    where = service.where + '.scheduler_fallback'
    if wanted is not None and not isinstance(wanted, bool):
        found.add('{0}: {1} is neither true nor false'.format(where, model.shown(wanted)))
    elif wanted and not flag:
        found.add('{0}: is for {1}, and the scheduler is {2}'.format(where, ' and '.join(model.FALLBACKS), scheduler or 'wlc'))
    elif flag:
        if wanted is not False:
            return dict(settings, scheduler_flags=[*flags, flag]) if isinstance(settings.get('scheduler_flags', ''), (list, str)) else settings
        if flag in model.normal_flags(scheduler, map(str, flags)):
            found.add('{0}: is false, and scheduler_flags has {1}'.format(where, flag))
    return settings


def _entry(service: Service, key: str, entry: dict, servers: list[Server], found: Findings) -> dict:
    """Return one entry with its real servers; ``key`` is that of its port."""
    service_key = options.service_key(entry)

    def judge_service(given: Mapping) -> None:
        accepted = nested.accepted(given, _SERVICE, 'a service')
        options.service(options.service_key(accepted), accepted)

    def judge_server(given: Mapping) -> None:
        accepted = nested.accepted(given, _REALSERVER, 'a real server')
        options.realserver(options.realserver_key(service_key, accepted['address'], accepted.get('port')), accepted)

    address = {'address': _ADDRESSES[service_key.family]}
    for mistake in _mistakes(entry, judge_service, dict(_INSTEAD, address=address, port={'port': 1})):
        found.add(_sentence(mistake, {'address': service.where + '.vip', 'port': key}, service.where))
    seen: dict = {}
    entry['realservers'] = []
    for server in servers:
        settled = {name: value for name, value in server.settings.items() if name != 'name' and value is not None}
        entry['realservers'].append(settled)
        mistakes = list(_mistakes(settled, judge_server, dict(_INSTEAD, address=address)))
        for mistake in mistakes:
            found.add(_sentence(mistake, server.keys, service.where))
        if not any(_option(mistake) in ('address', 'port') for mistake in mistakes):
            server_key = options.realserver_key(service_key, settled['address'], inventory.whole_number(settled.get('port')))
            first = seen.setdefault(server_key, server.label)
            if first != server.label:
                found.add('{0}.realservers: {1} and {2} have the same address, {3}'.format(
                    service.where, first, server.label, server_key.address))
    return entry


def _mistakes(given: Mapping, judge: Callable[[Mapping], None], instead: Mapping[str, Mapping]) -> Iterator[model.InvalidEntry]:
    """Yield each mistake of an entry: a wrong setting is replaced, or left out, and the rest judged again."""
    left, wrong = dict(given), set()
    while True:
        try:
            judge(left)
            return
        except model.InvalidEntry as mistake:
            option = _option(mistake)
            yield mistake
            if option not in left or option in wrong:
                return
            wrong.add(option)
            left.update(instead.get(option, {option: None}))


def _option(mistake: model.InvalidEntry) -> str:
    # What follows is a place in the value, as in tunnel.port.
    return re.match(r'\w*', mistake.option).group()


def _sentence(mistake: model.InvalidEntry, keys: Mapping[str, str], where: str) -> str:
    """Say of a value that IPVS could not take where the inventory has it."""
    option = _option(mistake)
    key = keys.get(option, '{0}.{1}'.format(where, option)) + mistake.option[len(option):]
    return '{0}: {1} {2}'.format(key, model.shown(mistake.value), mistake.reason)


def _known_keys(given: Mapping, known: tuple, where: str) -> None:
    unknown = sorted(set(given) - set(known), key=str)
    if unknown:
        raise InventoryError(
            '{0}: unknown key {1}; known are {2}'.format(where, ', '.join(map(repr, unknown)), ', '.join(known))
        )


def _vip(given: Mapping, where: str, found: Findings) -> str:
    with found.collecting():
        address = inventory.ip(given.get('vip'), where + '.vip')
        # What the model says of a service with a port, word for word, because it knows no VIP of a mark.
        kind = model.unusable(str(address)) or ('a loopback address' if address.is_loopback() else '')
        if kind:
            found.add("{0}.vip: '{1}' is {2}; a VIP is a unicast address".format(where, address, kind))
        return str(address)
    return ''


def _protocol(given: Mapping, where: str, found: Findings) -> str:
    protocol = given.get('protocol')
    if protocol is not None and given.get('fwmark') is not None and given.get('port') is given.get('ports') is None:
        found.add('{0}.protocol: needs port or ports beside fwmark; without them, marking is up to you'.format(where))
    if protocol is None or protocol in model.PROTOCOLS:
        return protocol or 'tcp'
    found.add('{0}.protocol: {1} is none of {2}'.format(where, model.shown(protocol), ', '.join(model.PROTOCOLS)))
    return ''


def _mark(given: Mapping, where: str, found: Findings) -> int | None:
    mark = given.get('fwmark')
    if mark is None:
        return None
    number = inventory.whole_number(mark)
    if number is None or not 1 <= number <= model.MAX_FWMARK:
        found.add('{0}.fwmark: {1} is not a number 1..{2}'.format(where, model.shown(mark), model.MAX_FWMARK))
        return None
    return number


def _ports(given: Mapping, where: str, found: Findings) -> list[Port]:
    one, several = given.get('port'), given.get('ports')
    marked = given.get('fwmark') is not None
    if (one is None) == (several is None):
        if one is not None or not marked:
            found.add('{0}: needs port, or a list of ports, or fwmark; not both port and ports'.format(where))
        return []
    if one is not None:
        declared = [(where + '.port', one)]
    elif isinstance(several, list) and several:
        declared = [('{0}.ports[{1}]'.format(where, position), port) for position, port in enumerate(several)]
    else:
        found.add('{0}.ports: {1} is not a list of ports'.format(where, model.shown(several)))
        return []
    ports: list[Port] = []
    for key, value in declared:
        with found.collecting():
            port = _port(value, key, marked)
            for other in ports:
                if port.overlaps(other):
                    raise InventoryError('{0}: {1} is declared already by {2}, {3}'.format(
                        key, port, other.key.rpartition('.')[2], other))
            ports.append(port)
    return ports


def _port(value, key: str, marked: bool) -> Port:
    bounds = _RANGE.fullmatch(value) if isinstance(value, str) else None
    if bounds and not marked:
        raise InventoryError('{0}: {1!r} is a range, and IPVS has services of one port, or of all with 0; a range '
                             'needs fwmark'.format(key, value))
    low, high = map(int, bounds.groups()) if bounds else [inventory.whole_number(value)] * 2
    lowest = 1 if marked else 0
    if low is None:
        raise InventoryError('{0}: {1} is not a number {2}..{3}'.format(key, model.shown(value), lowest, model.MAX_PORT))
    if low < lowest or max(low, high) > model.MAX_PORT:
        raise InventoryError('{0}: {1} is outside {2}..{3}'.format(key, model.shown(value), lowest, model.MAX_PORT))
    if low > high:
        raise InventoryError('{0}: {1!r} is no range, since it ends before it begins'.format(key, value))
    return Port(key, low, high)


def listed(value) -> list:
    """Return a list that is given as one or as a text with commas, an empty one for anything else."""
    return value if isinstance(value, list) else value.split(',') if isinstance(value, str) else []


def _member(service: Service, host: str, own: Mapping) -> Server:
    version = 6 if model.family_of(service.vip) == 'ipv6' else 4
    address = inventory.address_of(own, host, version, service.given.get('forward'))
    settings: dict = {'name': host, 'address': address}
    keys = {'address': '{0}.{1}'.format(host, inventory.keys_of_addresses(own)[address])}
    if inventory.is_drained(own, host):
        settings['weight'] = 0
    elif own.get('lvs_weight') is not None:
        settings['weight'] = own['lvs_weight']
        keys['weight'] = '{0}.lvs_weight'.format(host)
    return Server(host, _with_defaults(service, settings), keys)


def _with_defaults(service: Service, own: Mapping) -> dict:
    """Return the settings of a real server, those of its service where it has none of its own."""
    inherited = {key: service.given[key] for key in REALSERVER_SETTINGS if service.given.get(key) is not None}
    return dict(inherited, **own)
