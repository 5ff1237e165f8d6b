# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Real servers where nobody listens for a service. Pure."""

from __future__ import annotations

from typing import Iterator, Mapping

from .. import preflight
from . import drains
from .finding import ERROR, WARNING, Finding, listed
from .topology import KEEPALIVED, Host, Served, Topology, endpoints, label, version


def judge(topology: Topology) -> Iterator[Finding]:
    wanted = {(protocol, port) for service in topology.services for protocol, port in endpoints(service)}
    for host in topology.servers:
        for served in topology.served(host):
            missing = [(protocol, port) for protocol, port in endpoints(served.service)
                       if not any(preflight.serves(one, served.vip) for one in _on(host, protocol, port))]
            for protocol, port in missing:
                yield _finding(topology, host, served, protocol, port, wanted)


def _on(host: Host, protocol: str, port: int) -> list[Mapping]:
    return [one for one in host.info['listeners'] if (one['protocol'], one['port']) == (protocol, port)]


def _finding(topology: Topology, host: Host, served: Served, protocol: str, port: int, wanted: set) -> Finding:
    vip = served.vip
    wildcard = preflight.WILDCARDS[version(vip)]
    elsewhere = {one['address'] for one in _on(host, protocol, port) if version(one['address']) == version(vip)}
    # As 8080 for 80, and 8443 for 443.
    others = sorted({one['port'] for one in host.info['listeners']
                     if one['protocol'] == protocol and (protocol, one['port']) not in wanted
                     and one['port'] != port and str(one['port']).endswith(str(port)) and preflight.serves(one, vip)})
    seen = 'nothing listens on {0}'.format(label(served.service, protocol, port))
    do = 'start what serves {0}, and have it listen on {1} or {2}'.format(served.name, vip, wildcard)
    if elsewhere:
        seen = '{0} port {1} is listened on at {2} only, not at {3}'.format(protocol, port, listed(sorted(elsewhere)), vip)
        do = 'have what serves {0} listen on {1} or {2}'.format(served.name, vip, wildcard)
    elif others:
        seen += ', but on port {0}'.format(listed(others))
        do = 'have it listen on port {0}, which direct routing cannot change, or declare a service of port {1}'.format(port, others[0])
    return Finding('listener', WARNING if _taken_out(topology, served) else ERROR, host.name, seen,
                   'it refuses what a director sends it for {0}'.format(served.name)
                   + (', so its check has taken it out' if _taken_out(topology, served) else ''), do, (vip,))


def _taken_out(topology: Topology, served: Served) -> bool:
    """Return whether the checks of all directors have noticed, so that nobody is sent there."""
    def sends(director: Host) -> bool:
        return any(server['address'] == served.server['address'] and server.get('weight')
                   for service in director.table.get('services') or () if service.get('address', served.vip) == served.vip
                   for server in service['realservers'])

    return topology.server_name(served.server) not in drains.idle(topology) and bool(topology.directors) and all(
        host.engine == KEEPALIVED and host.table.get('services') is not None and not sends(host) for host in topology.directors)
