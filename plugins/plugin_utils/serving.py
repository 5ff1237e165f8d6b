# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Judge whether a real server that is out could serve again, from what was read and asked there. Pure.

Private to this collection.
"""

from __future__ import annotations

from typing import Iterable, Mapping

from . import preflight, virtual_services


def probes(services: Iterable[Mapping], host: str, hostvars: Mapping) -> list[dict]:
    """Return what this host is to answer at the VIP, so nothing with nat: service, port, and how directors send it there.

    Without a `real_server` it cannot be asked from a director.
    """
    own = virtual_services.addresses(hostvars[host])
    return [
        {'service': service, 'port': port, 'request': request, 'forward': server.get('forward') or 'dr',
         'real_server': server['address'] if _can_be_asked(service, server) and not request.get('tls') else ''}
        for service, port, request in virtual_services.probes(services)
        for server in service['realservers']
        if (server.get('name') == host or server['address'] in own) and (server.get('forward') or 'dr') != 'nat'
    ]


def _can_be_asked(service: Mapping, server: Mapping) -> bool:
    return ((':' in server['address']) == (':' in service['vip'])
            and (server.get('tunnel') or {}).get('type', 'ipip') == 'ipip')


def faults(server: preflight.Server, unit: str, asked: Iterable[Mapping]) -> list[str]:
    """Return a sentence for each reason not to send clients to this host.

    ``unit`` is the state of lvs-realserver.service, ``asked`` what vip_probe returned on a director for one of `probes`, with both
    as its ``item``.
    """
    found = list(preflight.judge(server).faults)
    for vip, one in server.vips.items():
        if not one['placements']:
            found.append('{0}: does not have {1}, so it would drop what a director sends it'.format(server.name, vip))
        for interface, macs in sorted((one['answers'] or {}).items()):
            if server.macs.intersection(macs):
                found.append('{0}: answers for {1} on {2}, which only a director may; its ARP is not silenced'.format(
                    server.name, vip, interface))
    if server.vips and unit != 'active':
        found.append('{0}: lvs-realserver.service is {1}, so after a boot it would have no VIP; start it'.format(
            server.name, unit or 'not there'))
    for seen in asked:
        probe, director = seen['item']
        service = probe['service']
        kinds = ', '.join(
            '{0} {1}'.format(count, kind) for kind, count in sorted(seen.get('failures', {}).items())
            # Whoever serves datagrams need not answer ours.
            if (service.get('protocol'), kind) != ('udp', 'timeout')
        )  # fmt: skip
        if 'failures' not in seen or kinds or seen['unsent']:
            found.append('{0}: does not answer {1} at {2} port {3} ({4}): {5}'.format(
                server.name, director, service['vip'], probe['port'], service.get('name') or 'service',
                kinds or seen.get('msg') or 'not in time'))
    return found
