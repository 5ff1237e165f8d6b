# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Virtual services as the inventory declares them: groups become addresses, ports become IPVS services. Pure.

Private to this collection. Every mistake is found here, on the controller, before a host is touched.
"""

from __future__ import annotations

from typing import Iterable, Iterator, Mapping

from ..module_utils.ipvs import model, options
from . import declared, inventory
from .inventory import ADDRESS_KEYS, Findings, InventoryError, address_of, addresses, on_segment
from .keepalived import checks

__all__ = [
    'ADDRESS_KEYS', 'InventoryError', 'address_of', 'addresses', 'faults', 'firewall_marks', 'ipvs_services', 'on_segment',
    'probes', 'read', 'realserver', 'resolve', 'vips',
]  # fmt: skip


def resolve(services: Iterable[Mapping], groups: Mapping, hostvars: Mapping, variable: str) -> list[dict]:
    """Return the services with every group of real servers replaced by the list of its hosts, and port by ports.

    ``variable`` is the name under which the user knows the list. Raises `InventoryError`.
    """
    found = Findings()
    resolved = _resolved(services, groups, hostvars, variable, found)
    found.raise_first()
    return resolved


def faults(services: Iterable[Mapping], groups: Mapping, hostvars: Mapping, variable: str) -> list[str]:
    """Return a sentence for each mistake that `resolve` would find, and for a lack of directors."""
    found = Findings()
    with found.collecting():
        if _resolved(services, groups, hostvars, variable, found) and not groups.get('directors'):
            found.add("{0}: nobody would have these VIPs, since the group 'directors' {1}; put a host into it".format(
                variable, 'has no hosts' if 'directors' in groups else 'is not in the inventory'))
    return found.sentences


def ipvs_services(services: Iterable[Mapping], variable: str = 'services') -> list[dict]:
    """Return explicit services in the terms of `ipvs_table`, one for each port, checked; raise `InventoryError`."""
    found = Findings()
    flat: list[dict] = []
    for service in read(services, variable, found):
        flat += declared.entries(service, declared.explicit(service, found), found)
    found.raise_first()
    return flat


def firewall_marks(services: Iterable[Mapping], variable: str = 'services') -> list[dict]:
    """Return which packets get which firewall mark, in order of family and mark; raise `InventoryError`."""
    found = Findings()
    readable = list(read(services, variable, found))
    _judge_marks(readable, found)
    found.raise_first()
    marks = [
        {
            'vip': service.vip,
            'protocol': service.protocol,
            'ports': [str(port) for port in sorted(service.ports, key=lambda port: port.low)],
            'mark': service.mark,
        }
        for service in readable
        if service.mark is not None and service.ports
    ]
    return sorted(marks, key=lambda one: (model.family_of(one['vip']), one['mark']))


def vips(services: Iterable[Mapping]) -> list[str]:
    """Return the VIPs of explicit services, each once."""
    return list(dict.fromkeys(service['vip'] for service in services))


def probes(services: Iterable[Mapping]) -> list[list]:
    """Return each resolved service with a port of it that a client can ask for, and how, in the terms of vip_probe.

    Those are single ports of TCP and UDP: who serves all ports, or a range of them, need not listen on any one.
    """
    return [
        [service, port, _request(service, port)]
        for service in services
        if (service.get('protocol') or 'tcp') != 'sctp'
        for port in _single_ports(service)
        if port
    ]


def _request(service: Mapping, port: int) -> dict:
    """Return what a check asks for, where it asks for it at this port."""
    check = service.get('check')
    if not isinstance(check, Mapping) or check.get('type') not in ('http', 'https') or int(check.get('port') or port) != port:
        return {}
    request = {name: check[name] for name in ('host', 'status') if check.get(name)}
    if 'status' in request:
        request['status'] = [str(one) for one in (request['status'] if isinstance(request['status'], list) else [request['status']])]
    return dict(request, path=check.get('path') or '/', tls=check['type'] == 'https')


def realserver(services: Iterable[Mapping], host: str, groups: Mapping, hostvars: Mapping) -> dict:
    """Return what a host is as a real server of explicit services, in the terms of the role realserver.

    With nat the director rewrites the address, so such a service brings no VIP to its real servers.
    """
    own = addresses(hostvars[host])
    mine = [
        (service, server)
        for service in services
        for server in service['realservers']
        if (server.get('name') == host or server['address'] in own) and server.get('forward') != 'nat'
    ]
    served = [(service, server.get('forward') or 'dr') for service, server in mine]
    checked = any(hostvars[director].get('director_engine') == 'keepalived' for director in groups.get('directors', ()))
    return {
        'vips': vips(service for service, _forward in served),
        'forward': 'tun' if any(forward == 'tun' for _service, forward in served) else 'dr',
        'address': next((address for address in own if ':' not in address), ''),
        'directors': [address for director in groups.get('directors', ()) for address in on_segment(hostvars[director])],
        'peers': list(dict.fromkeys(
            server['address'] for service in services for server in service['realservers'] if server['address'] not in own
        )),
        'services': [
            {'vip': service['vip'], 'port': port, 'protocol': service.get('protocol') or 'tcp'}
            for service, _forward in served
            for port in service.get('ports') or ()
        ],
        'checks': [
            check for service, server in mine for check in _checks(service, server['address'], host in groups['directors'])
        ] if checked else [],
    }


def _checks(service: Mapping, address: str, directs: bool) -> Iterator[dict]:
    """Yield where keepalived asks a real server of a resolved service, if it asks a port, but for ports of the VIP.

    A real server that is a director too is asked at its own address in any case.
    """
    ports = _single_ports(service)
    if service.get('fwmark') is not None:
        ports = ports[:1] or [0]
    check = checks.read(service.get('check'), 'check', service.get('protocol') or 'tcp', ports, Findings())
    if not check or not check.needs_port:
        return
    at_vip = check.over_data_path and not directs
    for port in [check.port] if check.port else ports:
        if not (at_vip and port in ports):
            yield {'address': service['vip'] if at_vip else address, 'port': port,
                   'protocol': 'udp' if check.type in ('udp', 'dns') else 'tcp'}


def _single_ports(service: Mapping) -> list[int]:
    """Return the ports of a resolved service that are no ranges."""
    return [int(port) for port in service.get('ports') or () if str(port).isdigit()]


def read(services, variable: str, found: Findings) -> Iterable[declared.Service]:
    """Read every service of a list; what is no service goes to `found`, no list at all raises `InventoryError`."""
    inventory.require_netaddr()
    if services is None:
        raise InventoryError('{0} is not set; an empty list means that there are no virtual services'.format(variable))
    if isinstance(services, (str, Mapping)) or not isinstance(services, Iterable):
        raise InventoryError('{0} is not a list of services: {1}'.format(variable, model.shown(services)))
    return declared.read(services, variable, found)


def _resolved(services, groups: Mapping, hostvars: Mapping, variable: str, found: Findings) -> list[dict]:
    """Return the services resolved as far as that is possible; mistakes go to ``found``."""
    resolved = []
    complete = []
    for service in read(services, variable, found):
        by_group = isinstance(service.given.get('realservers'), str)
        servers = declared.members(service, groups, hostvars, found) if by_group else declared.explicit(service, found)
        declared.entries(service, servers, found)
        complete.append((service, servers))
        resolved.append(_explicit(service, servers))
    for host in groups.get('directors') or ():
        for sentence in inventory.unreadable_addresses(hostvars[host], host):
            found.add(sentence)
    readable = [service for service, _servers in complete]
    _no_duplicates(readable, found)
    _judge_marks(readable, found)
    _no_host_has_a_vip(readable, hostvars, found)
    _no_realserver_is_a_vip(complete, found)
    _vips_are_in_networks_of_directors(readable, inventory.networks_of_directors(groups, hostvars, found), found)
    return resolved


def _explicit(service: declared.Service, servers: list[declared.Server]) -> dict:
    explicit = dict(service.given, vip=service.vip, realservers=[dict(server.settings) for server in servers])
    explicit.pop('port', None)
    if service.ports:
        explicit['ports'] = [port.low if port.low == port.high else str(port) for port in service.ports]
    return explicit


def _no_duplicates(services: list[declared.Service], found: Findings) -> None:
    seen: dict = {}
    for service in services:
        for _port, identity in service.identities:
            key = options.service_key(identity)
            first = seen.setdefault(key, service.where)
            if first != service.where:
                found.add('{0}: {1} is declared already by {2}'.format(service.where, key, first))


def _judge_marks(services: list[declared.Service], found: Findings) -> None:
    """Find packets that would get two marks, or a mark that takes them away from a service of their own."""
    claims: dict = {}
    for service in services:
        if service.vip and service.protocol and (service.mark is not None or service.given.get('fwmark') is None):
            for port in service.ports:
                claims.setdefault((service.vip, service.protocol), []).append((service, port))
    for (vip, protocol), claimed in claims.items():
        for position, (service, port) in enumerate(claimed):
            if service.mark is None:
                continue
            for its_position, (other, its_port) in enumerate(claimed):
                # Of two marks the later one has the sentence; the same one twice is declared twice.
                later = other.mark is not None and its_position > position
                if later or other.mark == service.mark or not port.overlaps(its_port):
                    continue
                shared = port._replace(low=max(port.low, its_port.low), high=min(port.high, its_port.high))
                packets = '{0} {1}'.format(protocol, model.endpoint(vip, shared))
                if other.mark is None:
                    found.add(
                        '{0}: {1} gets mark {2}, and IPVS looks for marks first, so {3}, which has that port as well, '
                        'would never get a packet'.format(port.key, packets, service.mark, other.where))
                else:
                    found.add('{0}: {1} gets mark {2} here and mark {3} by {4}'.format(
                        port.key, packets, service.mark, other.mark, other.where))


def _no_host_has_a_vip(services: list[declared.Service], hostvars: Mapping, found: Findings) -> None:
    owners = {address: host for host in hostvars for address in addresses(hostvars[host])}
    for service in services:
        if service.vip in owners:
            found.add('{0}.vip: {1} is the address of the host {2} itself; a VIP is an address of its own'.format(
                service.where, service.vip, owners[service.vip]))


def _no_realserver_is_a_vip(complete: list[tuple[declared.Service, list[declared.Server]]], found: Findings) -> None:
    # What a group's host has for an address is judged with the hosts.
    owners: dict = {}
    for service, _servers in complete:
        owners.setdefault(service.vip, service.where)
    for service, servers in complete:
        for server in servers:
            address = server.settings['address']
            if server.settings.get('name') != server.label and address in owners:
                found.add('{0}: {1} is the VIP of {2}; a real server has an address of its own'.format(
                    server.keys['address'], address, owners[address]))


def _vips_are_in_networks_of_directors(
    services: list[declared.Service], networks: inventory.Networks, found: Findings
) -> None:
    listed = ', '.join(str(network) for network in networks.attached) or 'none'
    for service in services:
        if not service.vip:
            continue
        for network in networks.attached:
            edge = inventory.edge_of(network, service.vip)
            if edge:
                found.add('{0}.vip: {1} is {2}; a VIP is an address that a host can have'.format(
                    service.where, service.vip, edge))
        if networks.complete and not any(inventory.parse(service.vip) in network for network in networks.attached):
            found.add('{0}.vip: {1} is in no network that a director is attached to; lvs_networks of the directors '
                      'has {2}'.format(service.where, service.vip, listed))
