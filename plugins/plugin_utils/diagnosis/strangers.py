# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Others that use IPVS or take requests on a director: Docker, kube-proxy, people. Pure."""

from __future__ import annotations

from typing import Iterator

from .. import preflight
from .finding import WARNING, Finding, listed
from .topology import Host, Topology, endpoints, label

KUBE_PROXY, DOCKER = 'kube-ipvs0', 'docker0'


def judge(topology: Topology) -> Iterator[Finding]:
    for host in topology.directors:
        if KUBE_PROXY in host.info['interfaces']:
            yield Finding(
                'kube_proxy', WARNING, host.name, '{0} is there: kube-proxy keeps services in the same table'.format(KUBE_PROXY),
                'it removes what it does not know, ours as well',
                'give kube-proxy --ipvs-exclude-cidrs={0}, or have it use iptables or nftables'.format(','.join(topology.vips)))
        if DOCKER in host.info['interfaces']:
            # Where it serves itself, it has to listen.
            own = [one.service for one in topology.served(host)] if host in topology.servers else []
            taken = [text for service in topology.services if service not in own for text in _published(host, service)]
            if taken:
                yield Finding(
                    'docker', WARNING, host.name, '{0} is there, and {1} is listened on here'.format(DOCKER, listed(taken)),
                    'a port that Docker publishes is translated before IPVS sees the packet, so clients get the container',
                    'publish it on an address that is no VIP, as `docker run -p {0}:80:80`'.format(
                        next(iter(_own(host)), '127.0.0.1')))


def _published(host: Host, service) -> Iterator[str]:
    for protocol, port in endpoints(service):
        if any((one['protocol'], one['port']) == (protocol, port) and preflight.serves(one, service['vip'])
               for one in host.info['listeners']):
            yield label(service, protocol, port)


def _own(host: Host) -> list[str]:
    return list(host.info['directors']) or sorted(host.addresses)
