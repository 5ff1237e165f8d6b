# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Virtual services as the inventory declares them: groups become addresses, ports become IPVS services. Pure.

Private to this collection. Every mistake is found here, on the controller, before a host is touched.
"""

from __future__ import annotations

from typing import Iterable, Mapping

from ..module_utils.ipvs import model, options

try:
    import netaddr
except ImportError:
    netaddr = None

# What goes to ipvs_table as it is.
SETTINGS = tuple(options.SERVICE_SETTINGS)
REALSERVER_SETTINGS = tuple(options.REALSERVER_SETTINGS)
SERVICE_KEYS = (
    'name', 'vip', 'port', 'ports', 'fwmark', 'protocol', 'realservers', 'check', 'sorry_server',
) + SETTINGS + REALSERVER_SETTINGS  # fmt: skip
REALSERVER_KEYS = ('name', 'address', 'port') + REALSERVER_SETTINGS


# Where the address of a host stands, the first one that fits.
ADDRESS_KEYS = ('lvs_address', 'lvs_address_ipv6', 'ansible_host')


class InventoryError(Exception):
    """The inventory declares something that cannot be built; the message names the key."""


def resolve(services: Iterable[Mapping], groups: Mapping, hostvars: Mapping, variable: str) -> list[dict]:
    """Return the services with every group of real servers replaced by the list of its hosts, and port by ports.

    ``variable`` is the name under which the user knows the list. Raises `InventoryError`.
    """
    if netaddr is None:
        raise InventoryError('the Python library netaddr is missing on the controller: pip install netaddr')
    if isinstance(services, (str, Mapping)) or not isinstance(services, Iterable):
        raise InventoryError('{0} is not a list of services'.format(variable))
    resolved = []
    for position, service in enumerate(services):
        where = '{0}[{1}]'.format(variable, position)
        if not isinstance(service, Mapping):
            raise InventoryError('{0} is not a service: {1!r}'.format(where, service))
        if service.get('name'):
            where = '{0} ({1})'.format(where, service['name'])
        _known_keys(service, SERVICE_KEYS, where)
        vip = _ip(service.get('vip'), where + '.vip')
        servers = service.get('realservers')
        if isinstance(servers, str):
            servers = _members(servers, service, vip, groups, hostvars, where)
        resolved.append(dict(service, vip=str(vip), realservers=_explicit(servers, service, where)))
    _no_duplicates(resolved, variable)
    _no_host_has_a_vip(resolved, hostvars, variable)
    ipvs_services(resolved, variable)
    for service in resolved:
        if service.get('port') is not None:
            service['ports'] = [service.pop('port')]
    return resolved


def ipvs_services(services: Iterable[Mapping], variable: str = 'services') -> list[dict]:
    """Return explicit services in the terms of `ipvs_table`, one for each port, checked; raise `InventoryError`."""
    flat = []
    for position, service in enumerate(services):
        where = '{0}[{1}] ({2})'.format(variable, position, service.get('name') or service.get('vip'))
        for identity in _identities(service, where):
            entry = dict(identity, **{name: service[name] for name in SETTINGS if service.get(name) is not None})
            entry['realservers'] = [
                {name: value for name, value in server.items() if name != 'name' and value is not None}
                for server in service['realservers']
            ]
            try:
                options.table([entry])
            except model.InvalidEntry as error:
                # Its own position in a list of one means nothing to the user.
                place = error.where.partition(' ')[2].partition(' realservers')
                inner = ('.realservers' + place[2].rstrip()) if place[1] else ''
                raise InventoryError(
                    '{0}{1}.{2}: {3!r} {4}'.format(
                        where,
                        inner,
                        'vip' if error.option == 'address' and not inner else error.option,
                        error.value,
                        error.reason,
                    )
                ) from None
            flat.append(entry)
    return flat


def vips(services: Iterable[Mapping]) -> list[str]:
    """Return the VIPs of explicit services, each once."""
    return list(dict.fromkeys(service['vip'] for service in services))


def realserver(services: Iterable[Mapping], host: str, groups: Mapping, hostvars: Mapping) -> dict:
    """Return what a host is as a real server of explicit services, in the terms of the role realserver.

    With nat the director rewrites the address, so such a service brings no VIP to its real servers.
    """
    own = addresses(hostvars[host])
    served = [
        (service, server.get('forward') or 'dr')
        for service in services
        for server in service['realservers']
        if server.get('name') == host or server['address'] in own
    ]
    served = [(service, forward) for service, forward in served if forward != 'nat']
    return {
        'vips': vips(service for service, _forward in served),
        'forward': 'tun' if any(forward == 'tun' for _service, forward in served) else 'dr',
        'address': next((address for address in own if ':' not in address), ''),
        'directors': [address for director in groups.get('directors', ()) for address in on_segment(hostvars[director])],
        'peers': list(dict.fromkeys(
            server['address'] for service in services for server in service['realservers'] if server['address'] not in own
        )),
        'services': [
            {'vip': service['vip'], 'port': int(port), 'protocol': service.get('protocol') or 'tcp'}
            for service, _forward in served
            for port in service.get('ports') or ()
        ],
    }


def on_segment(own: Mapping) -> list[str]:
    """Return the addresses that a host has where the VIPs are; `ansible_host` may be one for management only."""
    particular = {key: own.get(key) for key in ADDRESS_KEYS if key != 'ansible_host'}
    return addresses(particular) or addresses(own)


def addresses(own: Mapping) -> list[str]:
    """Return the addresses that a host's variables give it, each once, the most particular first."""
    found = [_parse(own.get(key)) for key in ADDRESS_KEYS]
    return list(dict.fromkeys(str(address) for address in found if address))


def _identities(service: Mapping, where: str) -> list[dict]:
    """Return the identity of each IPVS service of a declared one."""
    if service.get('fwmark') is not None:
        for key in ('port', 'ports', 'protocol'):
            if service.get(key) is not None:
                raise InventoryError('{0}.{1}: does not go with fwmark'.format(where, key))
        return [{'fwmark': service['fwmark'], 'family': model.family_of(service['vip'])}]
    ports = service.get('ports')
    if (ports is None) == (service.get('port') is None):
        raise InventoryError('{0}: needs port, or a list of ports, or fwmark; exactly one of them'.format(where))
    if ports is None:
        ports = [service['port']]
    if not isinstance(ports, list) or not ports:
        raise InventoryError('{0}.ports: {1!r} is not a list of ports'.format(where, ports))
    for port in ports:
        if isinstance(port, bool) or not str(port).isdigit():
            raise InventoryError('{0}.port: {1!r} is not a number 0..65535'.format(where, port))
    protocol = service.get('protocol') or 'tcp'
    if protocol not in model.PROTOCOLS:
        raise InventoryError('{0}.protocol: {1!r} is none of {2}'.format(where, protocol, ', '.join(model.PROTOCOLS)))
    return [{'address': service['vip'], 'port': int(port), 'protocol': protocol} for port in ports]


def _members(group, service, vip, groups, hostvars, where) -> list[dict]:
    """Return the real servers that a group's hosts are, with what host_vars say of each."""
    if group not in groups:
        raise InventoryError(
            '{0}.realservers: there is no group {1!r} in the inventory; it has {2}'.format(
                where, group, ', '.join(sorted(groups))
            )
        )
    if not groups[group]:
        raise InventoryError('{0}.realservers: the group {1!r} has no hosts'.format(where, group))
    servers = []
    for host in groups[group]:
        own = hostvars[host]
        server = {'name': host, 'address': address_of(own, host, vip.version, service.get('forward'))}
        weight = 0 if own.get('lvs_drained') else own.get('lvs_weight', service.get('weight'))
        if weight is not None:
            server['weight'] = weight
        servers.append(server)
    return servers


def address_of(own: Mapping, host: str, version: int, forward: str | None = None) -> str:
    """Return the address under which a host serves this IP version; raise `InventoryError`."""
    found = addresses(own)
    for address in found:
        if (':' in address) == (version == 6):
            return address
    if forward == 'tun' and found:
        return found[0]
    key = 'lvs_address_ipv6' if version == 6 else 'lvs_address'
    raise InventoryError('{0}: has no IPv{1} address; set {2}, or ansible_host to one'.format(host, version, key))


def _explicit(servers, service: Mapping, where: str) -> list[dict]:
    if not isinstance(servers, list):
        raise InventoryError('{0}.realservers: needs a group of the inventory, or a list of servers'.format(where))
    explicit = []
    for position, server in enumerate(servers):
        here = '{0}.realservers[{1}]'.format(where, position)
        if not isinstance(server, Mapping) or not server.get('address'):
            raise InventoryError('{0}: {1!r} has no address'.format(here, server))
        _known_keys(server, REALSERVER_KEYS, here)
        address = str(_ip(server['address'], here + '.address'))
        inherited = {key: service[key] for key in REALSERVER_SETTINGS if service.get(key) is not None}
        explicit.append(dict(inherited, **dict(server, address=address)))
    return explicit


def _no_duplicates(services: list[dict], variable: str) -> None:
    seen: dict = {}
    for position, service in enumerate(services):
        where = '{0}[{1}] ({2})'.format(variable, position, service.get('name') or service['vip'])
        for identity in _identities(service, where):
            key = options.service_key(identity)
            first = seen.setdefault(key, where)
            if first is not where:
                raise InventoryError('{0}: {1} is declared already by {2}'.format(where, key, first))


def _no_host_has_a_vip(services: list[dict], hostvars: Mapping, variable: str) -> None:
    owners = {address: host for host in hostvars for address in addresses(hostvars[host])}
    for position, service in enumerate(services):
        if service['vip'] in owners:
            raise InventoryError(
                '{0}[{1}] ({2}).vip: {3} is the address of the host {4} itself; a VIP is an address of its own'.format(
                    variable, position, service.get('name') or service['vip'], service['vip'], owners[service['vip']]
                )
            )


def _known_keys(given: Mapping, known: tuple, where: str) -> None:
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise InventoryError(
            '{0}: unknown key {1}; known are {2}'.format(where, ', '.join(map(repr, unknown)), ', '.join(known))
        )


def _ip(text, where: str) -> netaddr.IPAddress:
    address = _parse(text)
    if address is None:
        raise InventoryError('{0}: {1!r} is not a literal IPv4 or IPv6 address'.format(where, text))
    return address


def _parse(text) -> netaddr.IPAddress | None:
    try:
        return netaddr.IPAddress(text, flags=netaddr.INET_PTON)
    except (netaddr.AddrFormatError, TypeError, ValueError):
        return None
