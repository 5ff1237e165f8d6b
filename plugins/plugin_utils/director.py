# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a director needs of its host beside the table: kernel parameters, and what a firewall has to let in. Pure.

Private to this collection.
"""

from __future__ import annotations

import ipaddress
from typing import Iterable, Mapping, NamedTuple, Sequence

from ..module_utils.ipvs import model
from ..module_utils.sysctl.declaration import CONF, FORWARD, normalise

VS = 'net/ipv4/vs'
FORWARD_IPV6 = 'net/ipv6/conf/all/forwarding'
ON = ('on', 'true', 'yes', '1')
# What our rules of a firewall are told by. They come after those without one, so what an administrator refuses stays refused.
PRIORITY = 173


def parameters(services: Sequence[Mapping], interface: str, forward: object = 'auto', own: Iterable[str] = (),
               overrides: Mapping | None = None) -> dict:
    """Return the kernel parameters of a director in slash form, and which of them a kernel may not have.

    Direct routing and tunnels need no forwarding, since IPVS sends packets itself; replies of a real server behind
    address translation come through the director and do (ip_vs_core.c).
    """
    translated = {model.family_of(service['vip']) for service in services for server in service['realservers']
                  if server.get('forward') == 'nat'}
    automatic, forwards = str(forward).lower() == 'auto', str(forward).lower() in ON
    found = {
        FORWARD: int('ipv4' in translated if automatic else forwards),
        # Real servers are on the segment that the request came from, and clients must not be told to ask them directly.
        CONF + '/all/send_redirects': 0,
        CONF + '/default/send_redirects': 0,
        '{0}/{1}/send_redirects'.format(CONF, interface): 0,
        # A client may be behind another card than the one it comes in on; the higher value of all and the card's counts.
        '{0}/{1}/rp_filter'.format(CONF, interface): 2,
        # In direct routing a connection that has ended stays in FIN_WAIT for two minutes. A client that uses its port again
        # meanwhile is a new one, not to be sent where and how the old one was: bits 1 and 2.
        VS + '/conn_reuse_mode': 3,
        VS + '/expire_nodest_conn': 1,
        VS + '/expire_quiescent_template': 1,
    }
    if 'ipv6' in translated and (automatic or forwards):
        found[FORWARD_IPV6] = 1
    servers = {server['address'] for service in services for server in service['realservers']}
    if servers.intersection(own):
        # Or two directors that are each other's real servers would send a packet to and fro.
        found[VS + '/backup_only'] = 1
    for name, value in (overrides or {}).items():
        found[normalise(name)] = value
    kept = {name: value for name, value in found.items() if value is not None}
    return {'parameters': kept, 'optional': sorted(name for name in kept if name.startswith(VS + '/'))}


class Opening(NamedTuple):
    """What a firewall has to let in: to which VIP, by which protocol, on which ports ('' is every port)."""

    vip: str
    protocol: str
    port: str

    def rule(self, begin: str) -> str:
        """The rich rule, as firewalld writes it."""
        what = 'port port="{0}" protocol="{1}"' if self.port else 'protocol value="{1}"'
        return '{0} family="{1}" destination address="{2}" {3} accept'.format(
            begin, model.family_of(self.vip), self.vip, what.format(self.port, self.protocol))


def openings(services: Iterable[Mapping]) -> list[Opening]:
    """Return what explicit services need; one that goes by a firewall mark alone says nothing of its packets."""
    found = []
    for service in services:
        vip = str(ipaddress.ip_address(service['vip']))
        for port in _ports(service):
            found.append(Opening(vip, service.get('protocol') or 'tcp', '' if str(port) == '0' else str(port)))
    return list(dict.fromkeys(found))


def _ports(service: Mapping) -> list:
    return service.get('ports') or ([service['port']] if service.get('port') is not None else [])


def firewall_changes(services: Sequence[Mapping], firewall: Mapping | None, priority: int = PRIORITY) -> dict:
    """Return the rich rules to add to a zone, and those of ours to remove, which have the priority to tell them by.

    `firewall` is what lvs_host_info read. A rule counts as there only if it is in force now and after a reload.
    """
    if not firewall:
        return {'open': [], 'close': []}
    begin = 'rule priority="{0}"'.format(priority)
    wanted = [opening.rule(begin) for opening in openings(services)]
    runtime, permanent = set(firewall['runtime']), set(firewall['permanent'])
    return {
        'open': [rule for rule in wanted if rule not in runtime & permanent],
        'close': sorted(rule for rule in runtime | permanent if rule.startswith(begin + ' ') and rule not in wanted),
    }
