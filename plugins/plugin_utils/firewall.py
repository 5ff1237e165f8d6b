# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a firewall has to let in on directors and real servers, as rich rules of firewalld. Pure.

Private to this collection.
"""

from __future__ import annotations

import re
from typing import Collection, Iterable, Mapping, NamedTuple, Sequence

from ..module_utils.ipvs import model
from ..module_utils.sysctl.declaration import normalise
from . import inventory
from .director import VS
from .inventory import InventoryError
from .keepalived.vrrp import SYNC_GROUP_IPV6

# What the rules of directors are told by. They come after those without one, so what an administrator refuses stays refused.
PRIORITY = 173
SYNC_GROUPS = {'ipv4': '224.0.0.81', 'ipv6': SYNC_GROUP_IPV6}


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
    for position, service in enumerate(services):
        where = 'services[{0}]'.format(position)
        vip = str(inventory.ip(service['vip'], where + '.vip'))
        for port in _ports(service):
            found.append(Opening(vip, service.get('protocol') or 'tcp', _port(port, where)))
    return list(dict.fromkeys(found))


def untracked(services: Iterable[Mapping], sysctls: Mapping | None = None, own: Iterable[str] = ()) -> list[dict]:
    """Return where packets are not to be tracked that connection tracking would take for invalid, as ipvs_marks takes it.

    A director in direct routing sees one direction of a connection, so connection tracking finds its end invalid, and most
    firewalls drop what is invalid. `sysctls` are its kernel parameters as declared, `own` its addresses.
    """
    found: dict[tuple[str, str], list[str]] = {}
    addresses = set(own)
    for opening in openings(service for service in services if not sees_both_directions(service, sysctls, addresses)):
        if opening.protocol != 'udp':
            found.setdefault((opening.vip, opening.protocol), []).append(opening.port)
    return [{'vip': vip, 'protocol': protocol, 'ports': [] if '' in ports else ports} for (vip, protocol), ports in found.items()]


def sees_both_directions(service: Mapping, sysctls: Mapping | None, own: Collection[str]) -> bool:
    """Say whether a director may see all packets of a connection, so that it would keep those for days whose end it does not track.

    That is so if it is a real server of the service itself, and if addresses are translated and IPVS has connection tracking.
    """
    tracked = any(normalise(name) == VS + '/conntrack' and value is not None and str(value) not in ('0', 'False')
                  for name, value in (sysctls or {}).items())
    return any(server['address'] in own or tracked and server.get('forward') == 'nat' for server in service.get('realservers') or [])


def _ports(service: Mapping) -> list:
    return service.get('ports') or ([service['port']] if service.get('port') is not None else [])


def _port(port: object, where: str) -> str:
    """Return a port or a range as firewalld has it, nothing for every port. What is none must not open more than meant."""
    text = str(port)
    low, _dash, high = text.partition('-')
    numbers = [int(number) for number in (low, high or low) if re.fullmatch('[0-9]{1,5}', number)]
    if text == '0':
        return ''
    if len(numbers) != 2 or not 1 <= numbers[0] <= numbers[1] <= model.MAX_PORT or text.endswith('-'):
        raise InventoryError('{0}.port: {1} is not a port, for example 80, nor a range such as 1024-2047, nor 0 for every '
                             'port'.format(where, model.shown(port)))
    return text


def _of_peers(begin: str, peers: Iterable[str], sync: bool) -> list[str]:
    """Return the rules by which other directors are heard: adverts of VRRP, and connections that they have."""
    rules = []
    addresses = [str(inventory.ip(given, 'peers[{0}]'.format(position))) for position, given in enumerate(peers)]
    families = {peer: model.family_of(peer) for peer in addresses}
    told = 'ipv4' if 'ipv4' in families.values() else 'ipv6'
    for peer, family in families.items():
        source = '{0} family="{1}" source address="{2}" '.format(begin, family, peer)
        rules.append(source + 'protocol value="112" accept')
        if sync and family == told:
            rules.append(source + 'destination address="{0}" port port="8848" protocol="udp" accept'.format(SYNC_GROUPS[told]))
    return rules


def _of_checks(begin: str, checks: Iterable[Mapping], directors: Iterable[str]) -> list[str]:
    """Return the rules by which directors may ask a real server at its own addresses whether it lives."""
    sources = [str(inventory.ip(given, 'directors[{0}]'.format(position))) for position, given in enumerate(directors)]
    asked = [(str(inventory.ip(check['address'], 'checks[{0}].address'.format(position))), check) for position, check in enumerate(checks)]
    return list(dict.fromkeys(
        '{0} family="{1}" source address="{2}" destination address="{3}" port port="{4}" protocol="{5}" accept'.format(
            begin, model.family_of(source), source, address, check['port'], check.get('protocol') or 'tcp')
        for address, check in asked for source in sources if model.family_of(source) == model.family_of(address)))


def firewall_changes(services: Sequence[Mapping], firewall: Mapping | None, priority: int = PRIORITY, peers: Sequence[str] = (),
                     sync: bool = False, checks: Sequence[Mapping] = (), directors: Sequence[str] = ()) -> dict:
    """Return the rich rules to add to a zone, and those of ours to remove, which have the priority to tell them by.

    `peers` are the addresses of other directors, `checks` what `directors` ask a real server. `firewall` is what lvs_host_info
    read. A rule counts as there only if it is in force now and after a reload.
    """
    if not firewall:
        return {'open': [], 'close': []}
    begin = 'rule priority="{0}"'.format(priority)
    wanted = [opening.rule(begin) for opening in openings(services)]
    wanted += _of_peers(begin, peers, sync) + _of_checks(begin, checks, directors)
    runtime, permanent = set(firewall['runtime']), set(firewall['permanent'])
    return {
        'open': [rule for rule in wanted if rule not in runtime & permanent],
        'close': sorted(rule for rule in runtime | permanent if rule.startswith(begin + ' ') and rule not in wanted),
    }
