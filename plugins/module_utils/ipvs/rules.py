# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the model in ipvsadm's rule language: the words of `ipvsadm -R`, `ipvsadm -Sn` and the command line.

Private to this collection. Every word comes from checked numbers, addresses and known names, so no rule can carry
anything but itself.
"""

from __future__ import annotations

from .model import RealServer, RealServerKey, ServiceKey, Table, VirtualService, endpoint
from .settings import SyncDaemon

_PROTOCOL_OPTION = {'tcp': '-t', 'udp': '-u', 'sctp': '--sctp-service'}
_FORWARD_OPTION = {'dr': '-g', 'tun': '-i', 'nat': '-m'}
_CHECKSUM_OPTION = {'none': '--tun-nocsum', 'csum': '--tun-csum', 'remcsum': '--tun-remcsum'}


def service_words(key: ServiceKey) -> list[str]:
    """Return the words that name a service."""
    if key.protocol == 'fwmark':
        # -6 belongs to the mark in front of it.
        return ['-f', str(key.number)] + (['-6'] if key.family == 'ipv6' else [])
    return [_PROTOCOL_OPTION[key.protocol], endpoint(key.address, key.number)]


def service_rule(command: str, service: VirtualService) -> str:
    """Return the line that adds (-A) or edits (-E) a service, every setting spelt out that is not the kernel's default."""
    words = [command] + service_words(service.key) + ['-s', service.scheduler]
    if service.scheduler_flags:
        words += ['-b', ','.join(service.scheduler_flags)]
    if service.persistence_timeout:
        words += ['-p', str(service.persistence_timeout)]
        if service.persistence_netmask:
            words += ['-M', service.persistence_netmask]
    if service.persistence_engine:
        words += ['--pe', service.persistence_engine]
    if service.one_packet:
        words.append('-o')
    return ' '.join(words)


def realserver_words(key: RealServerKey) -> list[str]:
    """Return the words that name a real server of a service."""
    return service_words(key.service) + ['-r', endpoint(key.address, key.port)]


def realserver_rule(command: str, server: RealServer) -> str:
    """Return the line that adds (-a) or edits (-e) a real server."""
    words = [command] + realserver_words(server.key) + [_FORWARD_OPTION[server.forward], '-w', str(server.weight)]
    if server.upper_threshold or server.lower_threshold:
        words += ['-x', str(server.upper_threshold), '-y', str(server.lower_threshold)]
    tunnel = server.tunnel
    if tunnel:
        words += ['--tun-type', tunnel.type]
        if tunnel.type == 'gue':
            words += ['--tun-port', str(tunnel.port)]
        if tunnel.type != 'ipip':
            words.append(_CHECKSUM_OPTION[tunnel.checksum])
    return ' '.join(words)


def delete_service_rule(key: ServiceKey) -> str:
    """Return the line that deletes a service with all its real servers."""
    return ' '.join(['-D'] + service_words(key))


def delete_realserver_rule(key: RealServerKey) -> str:
    """Return the line that deletes a real server from its service."""
    return ' '.join(['-d'] + realserver_words(key))


def timeouts_rule(tcp: int, tcp_fin: int, udp: int) -> str:
    """Return the line that sets the timeouts; 0 keeps the one that is set."""
    return '--set {0} {1} {2}'.format(tcp, tcp_fin, udp)


def start_daemon_rule(daemon: SyncDaemon) -> str:
    """Return the line that starts a daemon, with every setting that is not left to the kernel."""
    words = ['--start-daemon', daemon.role, '--mcast-interface', daemon.interface, '--syncid', str(daemon.syncid)]
    for option, value in (
        ('--sync-maxlen', daemon.maxlen),
        ('--mcast-group', daemon.group),
        ('--mcast-port', daemon.port),
        ('--mcast-ttl', daemon.ttl),
    ):
        if value:
            words += [option, str(value)]
    return ' '.join(words)


def stop_daemon_rule(role: str) -> str:
    """Return the line that stops a daemon."""
    return '--stop-daemon ' + role


def ruleset(table: Table) -> list[str]:
    """Return the lines that build a table from nothing, in a fixed order: services sorted, each with its servers."""
    servers: dict[ServiceKey, list[RealServer]] = {}
    for server in table.realservers.values():
        servers.setdefault(server.key.service, []).append(server)
    lines = []
    for key in sorted(table.services):
        lines.append(service_rule('-A', table.services[key]))
        lines += [realserver_rule('-a', server) for server in sorted(servers.get(key, ()), key=lambda one: one.key)]
    return lines
