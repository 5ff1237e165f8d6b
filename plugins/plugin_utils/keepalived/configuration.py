# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""keepalived.conf from explicit virtual services: the table that ipvs_table would make, with health checks. Pure.

Private to this collection.
"""

from __future__ import annotations

import contextlib
import ipaddress
from typing import Collection, Iterable, Iterator, Mapping, NamedTuple, Sequence

from ...module_utils.ipvs import model, nested, options
from .. import declared, inventory, virtual_services
from ..inventory import Findings
from . import checks, health, vrrp
from .blocks import Block, words

HEAD = '# Written by lvs.direct_routing: changes by hand are lost at the next run of Ansible.'
_SERVICE = nested.fields(options.TABLE_SERVICE)
_REALSERVER = nested.fields(options.TABLE_REALSERVER)
_METHODS = {'dr': 'DR', 'tun': 'TUN', 'nat': 'NAT'}
_CHECKSUMS = {'none': 'nocsum', 'csum': 'csum', 'remcsum': 'remcsum'}
# What version of keepalived is needed, from its history. What is not here is older than the first of them, which is the first
# that can be asked what it thinks of a configuration.
_OLDEST = (2, 0, 4)
_SCHEDULER_SINCE = {'twos': (2, 2, 7)}
_FLAG_SINCE = {'mh-port': (2, 0, 7), 'mh-fallback': (2, 0, 7)}
_PORT_0_SINCE = (2, 0, 15)
_STATUS_RANGES_SINCE = (2, 0, 17)
_UNICAST_SOURCE_SINCE = (2, 1, 0)
# Versions (from, before) that do something else than to keep a real server with weight 0.
_NO_WEIGHT_0 = [((0,), (2, 0, 16), 'refuses weight 0'), ((2, 1, 0), (2, 2, 0), 'takes weight 0 for 1')]


class Director(NamedTuple):
    """What keepalived.conf says of one director. `ha` is nothing on one that is alone: there it has no VIPs to give away."""

    services: Iterable[Mapping]
    variable: str = 'services'
    vip: vrrp.Vip | None = None
    ha: Mapping | None = None
    ha_variable: str = 'ha.'


def director(services: Iterable[Mapping], variable: str, vip: Mapping | None, ha: Mapping | None) -> Director:
    """Return what the filters are given; a director without peers is alone."""
    vip = vip or {}
    placement = vrrp.Vip(vip.get('interface', ''), vip.get('prefix'), vip.get('prefix_ipv6'), vip.get('label') or '')
    return Director(services, variable, placement, ha if ha and ha.get('peers') else None, 'director_ha_')


def configuration(director: Director) -> str:
    """Return keepalived.conf; raise `InventoryError` for the first mistake."""
    found = Findings()
    blocks = _blocks(director, '', found)
    found.raise_first()
    return '\n\n'.join([HEAD, *(block.text() for block in blocks)]) + '\n'


def faults(director: Director, version: str = '') -> list[str]:
    """Return a sentence for each thing that keepalived, or this version of it, cannot do as it is declared."""
    found = Findings()
    with found.collecting():
        _blocks(director, version, found)
    return found.sentences


def _blocks(director: Director, version: str, found: Findings) -> list[Block]:
    _judge_program(version, director.ha is not None, found)
    services = list(virtual_services.read(director.services, director.variable, found))
    servers = _virtual_servers(services, set(_directors(director.ha or {})), version, found)
    settings, serves = None, False
    if director.ha is not None:
        vips = list(dict.fromkeys(service.vip for service in services if service.vip))
        settings = vrrp.read(director.ha, vips, director.ha_variable, found)
        if settings and settings.sync_interface:
            _judge_sync(services, found)
            serves = any(server.settings['address'] in settings.sources.values()
                         for service in services for server in declared.explicit(service, Findings()))
    return [
        Block('global_defs', [words('enable_script_security'), *(settings.sync(serves) if settings else [])]),
        *(settings.instances(director.vip) if settings else []),
        *servers,
    ]  # fmt: skip


def _directors(ha: Mapping) -> Iterator[str]:
    """Yield the addresses of all directors. One that serves too would send on what is for the VIP, also a question."""
    for address in (ha.get('address'), ha.get('address_ipv6'), *(ha.get('peers') or ())):
        with contextlib.suppress(ValueError):
            yield str(ipaddress.ip_address(address or ''))


def _judge_sync(services: Iterable[declared.Service], found: Findings) -> None:
    for service in services:
        for server in declared.explicit(service, Findings()):
            if service.vip and model.family_of(str(server.settings['address'])) != model.family_of(service.vip):
                found.add('{0}: {1} is not of the address family of the VIP, and with such a real server IPVS does not '
                          'synchronise connections'.format(server.keys['address'], server.settings['address']))


def _virtual_servers(services: Sequence[declared.Service], directors: Collection[str], version: str, found: Findings) -> list[Block]:
    made: list[Block] = []
    vips = {service.vip: service.where for service in services}
    for service in services:
        servers = declared.explicit(service, found)
        entries = declared.entries(service, servers, found)
        its_health = health.read(
            service.given, service.where, service.protocol, service.vip, [port.low for port in service.ports],
            _asked_ports(service, servers), found, _first_port(service),
        )  # fmt: skip
        if not servers:
            found.add('{0}.realservers: keepalived ignores a service that has no real servers; leave the service out, or give '
                      'a host lvs_drained: true'.format(service.where))
        _judge_quorum(service, its_health.quorum, entries, found)
        if its_health.sorry:
            _judge_sorry(service, its_health.sorry, servers, vips, found)
        flags = [str(flag) for entry in entries for flag in declared.listed(entry.get('scheduler_flags'))]
        _judge_version(service, flags, servers, its_health, version, found)
        if its_health.check and its_health.check.over_data_path:
            _judge_data_path(service, servers, found)
        if found.sentences or its_health.check is None:
            continue
        made += [_virtual_server(entry, service.vip, its_health, directors) for entry in entries]
    return made


def _first_port(service: declared.Service) -> int | None:
    """Return the first port of a service by mark that is no range: at this one real servers are asked, which have none then."""
    singles = [port.low for port in service.ports if port.low == port.high]
    return singles[0] if service.mark is not None and singles else None


def _asked_ports(service: declared.Service, servers: Iterable[declared.Server]) -> list:
    """Return the ports at which the real servers would be asked; 0 is none."""
    ports = [port.low for port in service.ports] if service.mark is None else [_first_port(service) or 0]
    return [server.settings.get('port') or port for server in servers for port in ports]


def _judge_quorum(service: declared.Service, quorum: int, entries: Iterable[Mapping], found: Findings) -> None:
    """Find a quorum that is never reached. With somebody drained it may be, and keepalived lowers it for so long."""
    for entry in entries:
        weights = [inventory.whole_number(server.get('weight', 1)) for server in entry['realservers']]
        if weights and all(weights) and sum(weights) < quorum:
            found.add('{0}.quorum: {1} is never reached, as the weights of all real servers are {2} in sum'.format(
                service.where, quorum, sum(weights)))


def _judge_sorry(service: declared.Service, sorry: health.Sorry, servers: Iterable[declared.Server], vips: Mapping[str, str],
                 found: Findings) -> None:
    where = '{0}.sorry_server.address: {1} is '.format(service.where, sorry.address)
    if sorry.address in vips:
        found.add('{0}the VIP of {1}; a sorry server has an address of its own'.format(where, vips[sorry.address]))
    for server in servers:
        if str(server.settings['address']) == sorry.address:
            found.add('{0}a real server of the service as well, {1}, and is gone when it is needed; name another host'.format(
                where, server.label))


def _judge_data_path(service: declared.Service, servers: Iterable[declared.Server], found: Findings) -> None:
    for server in servers:
        address, forward = str(server.settings['address']), server.settings.get('forward') or 'dr'
        tunnel = server.settings.get('tunnel')
        if forward == 'nat':
            found.add('{0}.check.data_path: with forward nat {1} does not have the VIP, so it cannot be asked there; its own address '
                      'is what the data goes to, leave data_path out'.format(service.where, address))
        elif isinstance(tunnel, Mapping) and tunnel.get('type', 'ipip') != 'ipip':
            found.add('{0}.check.data_path: {1} has a tunnel of type {2}, and only one of type ipip can be asked through'.format(
                service.where, address, tunnel['type']))
        elif model.family_of(address) != model.family_of(service.vip):
            found.add('{0}.check.data_path: {1} is not of the address family of the VIP, which cannot be asked like this'.format(
                service.where, address))


def _judge_version(service: declared.Service, flags: Iterable[str], servers: Iterable[declared.Server], its_health: health.Health,
                   version: str, found: Findings) -> None:
    ours = _numbers(version)
    if not ours:
        return

    def require(key: str, what: object, since: tuple[int, ...] | None) -> None:
        if since and ours < since:
            found.add('{0}.{1}: keepalived {2} does not know {3}, which is there from {4} on'.format(
                service.where, key, version, what, _dotted(since)))

    scheduler = service.given.get('scheduler')
    require('scheduler', scheduler, _SCHEDULER_SINCE.get(str(scheduler)))
    for flag in model.normal_flags(str(scheduler), flags):
        # That one is there without having been asked for.
        option = 'scheduler_fallback' if flag == model.FALLBACKS.get(str(scheduler)) else 'scheduler_flags'
        require(option, flag, _FLAG_SINCE.get(flag))
    if service.mark is not None:
        require('fwmark', 'real servers without a port', _PORT_0_SINCE)
    for port in service.ports:
        if port.low == 0:
            require(port.key.rpartition('.')[2], 'real servers without a port', _PORT_0_SINCE)
    check = its_health.check
    if check and not check.over_data_path:
        require('check.type', check.type, checks.SINCE.get(check.type))
        for option in check.options:
            require('check.' + option, option, checks.OPTION_SINCE.get((check.type, option)))
        if len(check.statuses) > 1 or any('-' in status for status in check.statuses):
            require('check.status', 'several of them ({0})'.format(', '.join(check.statuses)), _STATUS_RANGES_SINCE)
    for begin, end, does in _NO_WEIGHT_0:
        if begin <= ours < end:
            for server in servers:
                if inventory.whole_number(server.settings.get('weight')) == 0:
                    found.add('{0}: keepalived {1} {2}, so {3} cannot be drained; that is possible from {4} on'.format(
                        server.keys.get('weight', '{0}.{1}'.format(service.where, server.label)), version, does,
                        server.settings.get('name') or server.settings['address'], _dotted(end)))


def _judge_program(version: str, unicast: bool, found: Findings) -> None:
    """Find a keepalived that is too old for anything, or for adverts to single hosts."""
    ours = _numbers(version)
    if ours and ours < _OLDEST:
        found.add('director_engine: keepalived {0} is too old; a configuration can be tested before it is loaded from {1} on'.format(
            version, _dotted(_OLDEST)))
    elif ours and unicast and ours < _UNICAST_SOURCE_SINCE:
        found.add('director_ha_peers: keepalived {0} does not know check_unicast_src, by which it looks who sends an advert; that is '
                  'there from {1} on'.format(version, _dotted(_UNICAST_SOURCE_SINCE)))


def _dotted(version: tuple[int, ...]) -> str:
    return '.'.join(map(str, version))


def _numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a version such as 2.2.7, to compare; none if it is not one."""
    parts = version.lstrip('v').split('.')
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else ()


def _virtual_server(entry: Mapping, vip: str, its_health: health.Health, directors: Collection[str]) -> Block:
    key = options.service_key(entry)
    service = options.service(key, nested.accepted(
        {name: value for name, value in entry.items() if name != 'realservers'}, _SERVICE, 'a service'))
    marked = key.protocol == 'fwmark'
    head = words('virtual_server', *(['fwmark', key.number] if marked else [key.address, key.number]))
    # Of the servers each has its own, but without one here keepalived says that it takes nat.
    lines: list = [words('lvs_sched', service.scheduler), words('lvs_method', 'DR')]
    lines += [words(flag) for flag in service.scheduler_flags]
    if service.one_packet:
        lines.append(words('ops'))
    if marked:
        lines.append(words('ip_family', 'inet6' if key.family == 'ipv6' else 'inet'))
    else:
        lines.append(words('protocol', key.protocol.upper()))
    if service.persistence_timeout:
        lines.append(words('persistence_timeout', service.persistence_timeout))
    if service.persistence_netmask:
        lines.append(words('persistence_granularity', service.persistence_netmask))
    if service.persistence_engine:
        lines.append(words('persistence_engine', service.persistence_engine))
    check = its_health.check
    lines.append(words('delay_loop', check.times['interval']))
    lines += [words(name) for name, on in (('alpha', its_health.alpha), ('omega', its_health.omega),
                                           ('inhibit_on_failure', its_health.inhibit)) if on]
    if its_health.quorum != 1:
        lines.append(words('quorum', its_health.quorum))
    if its_health.hysteresis:
        lines.append(words('hysteresis', its_health.hysteresis))
    sorry = its_health.sorry
    if sorry:
        # The port that the kernel gives to what does not change it: that of the service, 0 for a mark.
        lines.append(words('sorry_server', sorry.address, sorry.port if sorry.forward == 'nat' and sorry.port else 0 if marked else key.number))
        lines.append(words('sorry_server_lvs_method', _METHODS[sorry.forward]))
        if sorry.inhibit:
            lines.append(words('sorry_server_inhibit'))
    for given in entry['realservers']:
        accepted = nested.accepted(given, _REALSERVER, 'a real server')
        server_key = options.realserver_key(key, accepted['address'], accepted.get('port'))
        its_check = check.at_its_own_address() if server_key.address in directors else check
        lines.append(_real_server(options.realserver(server_key, accepted), vip, its_check))
    return Block(head, lines)


def _real_server(server: model.RealServer, vip: str, check: checks.Check) -> Block:
    lines: list = [words('weight', server.weight), words('lvs_method', *_method(server))]
    if server.upper_threshold:
        lines.append(words('uthreshold', server.upper_threshold))
    if server.lower_threshold:
        lines.append(words('lthreshold', server.lower_threshold))
    block = check.block(vip, server)
    return Block(words('real_server', server.key.address, server.key.port), lines + ([block] if block else []))


def _method(server: model.RealServer) -> list:
    method: list = [_METHODS[server.forward]]
    tunnel = server.tunnel
    if tunnel and (tunnel.type, tunnel.checksum) != ('ipip', 'none'):
        method += ['type', tunnel.type, *(['port', tunnel.port] if tunnel.port else [])]
        if tunnel.checksum != 'none':
            method.append(_CHECKSUMS[tunnel.checksum])
    return method
