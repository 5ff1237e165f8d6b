# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Directors whose kernel has no IPVS, or not what the table needs of it. Pure."""

from __future__ import annotations

from typing import Iterator

from .finding import ERROR, WARNING, Finding
from .topology import Host, Topology

OLD = (5, 9)
"""From this version on a connection that is made anew is not dropped once where conntrack is on."""


def judge(topology: Topology) -> Iterator[Finding]:
    for host in topology.directors:
        services = host.table.get('services')
        if topology.services and not services and 'ip_vs' not in host.info['modules']:
            yield Finding(
                'ip_vs', ERROR, host.name, 'the kernel has no IPVS: ip_vs is not loaded', 'it forwards no packet',
                '`modprobe ip_vs` (for a container on its host), and run site.yml')
        elif host.table and services is None:
            yield Finding(
                'table', ERROR, host.name,
                'its table cannot be read: {0}'.format(' '.join(str(host.table.get('msg') or 'no reason was given').split())),
                'whether it sends clients to the right servers is unknown',
                'run this playbook with -b, and mend what the message says')
        yield from _judge_conn_reuse(host)


def lacks_scheduler(host: Host, scheduler: str) -> bool:
    """Return whether a scheduler is not in the kernel of a host, and not known to be there for the asking."""
    module = 'ip_vs_' + scheduler
    return module not in host.info['modules'] and module not in (host.info.get('loadable') or ())


def _judge_conn_reuse(host: Host) -> Iterator[Finding]:
    parameters, release = host.info['sysctl'].get('ipvs') or {}, host.info.get('kernel') or ''
    old = _numbers(release) and _numbers(release) < OLD
    if old and parameters.get('conn_reuse_mode') and parameters.get('conntrack'):
        yield Finding(
            'conn_reuse_mode', WARNING, host.name,
            'net.ipv4.vs.conn_reuse_mode is {0} and conntrack is on, in the kernel {1}'.format(
                parameters['conn_reuse_mode'], release),
            'before {0} the kernel then drops the first packet of a client that uses a port again, who waits a second'.format(
                '.'.join(map(str, OLD))),
            "say director_sysctls: {net.ipv4.vs.conn_reuse_mode: 0}, or conntrack: 0, or boot a newer kernel")


def _numbers(release: str) -> tuple[int, ...]:
    """Return the first two numbers of a release such as 6.1.0-18-amd64."""
    parts = release.split('.')[:2]
    return tuple(map(int, parts)) if len(parts) == 2 and all(part.isdigit() for part in parts) else ()
