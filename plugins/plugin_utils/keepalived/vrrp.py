# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of several directors has the VIPs: one VRRP instance for each group of them, and who gets to know connections. Pure.

Private to this collection.
"""

from __future__ import annotations

import re
from typing import Mapping, NamedTuple, Sequence

from ...module_utils.ipvs import model
from .. import inventory
from ..inventory import Findings, InventoryError
from .blocks import Block, words

KEYS = (
    'address', 'address_ipv6', 'peers', 'priority', 'virtual_router_id', 'groups', 'advert_interval', 'preempt',
    'preempt_delay', 'track_interfaces', 'garp_repeat', 'garp_delay', 'garp_refresh', 'sync_interface', 'sync_id',
)  # fmt: skip
GROUP_KEYS = ('name', 'virtual_router_id', 'priority', 'vips')
ALL = 'lvs'
"""The group of all VIPs where no groups are declared."""

HANDOVER = 'lvs_handover', '/run/lvs-handover'
"""The name and path of the file with whose content a director has no VIPs: playbooks/failover.yml makes it for a moment."""

SYNC_GROUP_IPV6 = 'ff05::81'
"""Site-local and not link-local, so that packets have the global address of the director that sends them."""

# VRRP version 3 counts hundredths of a second in 12 bits.
MIN_INTERVAL, MAX_INTERVAL = 0.01, 40.95
# 255 is for who has the VIP as an address of its own, which a director must not.
MAX_PRIORITY = 254


class Group(NamedTuple):
    """VIPs that move together."""

    name: str
    virtual_router_id: int
    priority: int
    vips: list[str]


class Vip(NamedTuple):
    """How a VIP is on the network card."""

    interface: str
    prefix: int | None = None
    prefix_ipv6: int | None = None
    label: str = ''

    def line(self, vip: str) -> str:
        if ':' in vip:
            return words('{0}/{1}'.format(vip, self.prefix_ipv6 or 128), 'dev', self.interface)
        label = ['label', self.label] if self.label else []
        return words('{0}/{1}'.format(vip, self.prefix or 32), 'dev', self.interface, *label)


class Settings(NamedTuple):
    """What is declared of high availability, read."""

    groups: list[Group]
    sources: Mapping[str, str]
    peers: Mapping[str, list[str]]
    advert_interval: float
    preempt: bool
    preempt_delay: int
    track_interfaces: list[str]
    garp: Mapping[str, int]
    sync_interface: str
    sync_id: int

    def instances(self, vip: Vip) -> list[Block]:
        name, path = HANDOVER
        handover = Block(words('track_file', name), [words('file', path), words('weight', 0)])
        return [handover, *(self._instance(group, vip) for group in self.groups)]

    def sync(self, serves: bool) -> list[str]:
        """Return the line that has connections synchronised, if they are to be.

        Each director tells and listens all the time. What it does would follow the first group if that were named, and then the
        process that speaks VRRP waits for the kernel at each change; with 2.2.7 it has been seen to wait for ever as two
        changes came at once. But IPVS takes a director that listens for one that is not to send on what another one sent
        it, so that one that `serves` as well must not listen while it has the VIPs. The kernel's own multicast group is of
        IPv4, and it does not begin on a network card without an address of that family.
        """
        if not self.sync_interface:
            return []
        who = ['inst', self.groups[0].name] if serves else []
        group = [] if 'ipv4' in self.sources and self.peers['ipv4'] else ['group', SYNC_GROUP_IPV6]
        return [words('lvs_sync_daemon', self.sync_interface, *who, 'id', self.sync_id, *group)]

    def _instance(self, group: Group, vip: Vip) -> Block:
        family = _family(group.vips)
        lines: list = [
            words('state', 'BACKUP'),
            words('interface', vip.interface),
            words('version', 3),
            words('virtual_router_id', group.virtual_router_id),
            words('priority', group.priority),
            words('advert_int', self.advert_interval),
        ]
        if not self.preempt:
            lines.append(words('nopreempt'))
        elif self.preempt_delay:
            lines.append(words('preempt_delay', self.preempt_delay))
        lines += [words(name, value) for name, value in self.garp.items()]
        # Adverts of others, whatever their priority, are not heard.
        lines += [words('check_unicast_src'), words('unicast_src_ip', self.sources[family]),
                  Block('unicast_peer', [words(peer) for peer in self.peers[family]])]
        # Its own one is watched anyway, and keepalived does not want to be told.
        tracked = [words(name) for name in self.track_interfaces if name != vip.interface]
        if tracked:
            lines.append(Block('track_interface', tracked))
        lines.append(Block('track_file', [words(HANDOVER[0])]))
        # Adverts name one VIP and the others come along: a director that hears of others than its own drops the advert, and
        # would take the VIPs as soon as they are changed on one director before the next. And adverts speak one family.
        named = next(address for address in group.vips if model.family_of(address) == family)
        lines.append(Block('virtual_ipaddress', [vip.line(named)]))
        others = [vip.line(address) for address in group.vips if address != named]
        if others:
            lines.append(Block('virtual_ipaddress_excluded', others))
        return Block(words('vrrp_instance', group.name), lines)


def _family(vips: Sequence[str]) -> str:
    return 'ipv4' if any(':' not in vip for vip in vips) else 'ipv6'


def read(given: Mapping, vips: Sequence[str], variable: str, found: Findings) -> Settings | None:
    """Read what is declared; None, with sentences in `found`, if it cannot be built. `variable` is what keys begin with."""
    before = len(found.sentences)
    reader = _Reader(given, variable, found)
    peers: dict[str, list[str]] = {'ipv4': [], 'ipv6': []}
    for position, text in enumerate(given.get('peers') or ()):
        with found.collecting():
            address = str(inventory.ip(text, '{0}peers[{1}]'.format(variable, position)))
            peers[model.family_of(address)].append(address)
    sources = {}
    for family, key in (('ipv4', 'address'), ('ipv6', 'address_ipv6')):
        if given.get(key):
            with found.collecting():
                sources[family] = str(inventory.ip(given[key], variable + key))
                if model.family_of(sources[family]) != family:
                    raise InventoryError('{0}{1}: {2} is no {3} address'.format(
                        variable, key, sources[family], {'ipv4': 'IPv4', 'ipv6': 'IPv6'}[family]))
    router_id = reader.whole('virtual_router_id', 51, 1, 255)
    priority = reader.whole('priority', 100, 1, MAX_PRIORITY)
    groups = _groups(given.get('groups') or (), vips, router_id, priority, variable + 'groups', found)
    settings = Settings(
        groups, sources, peers, reader.interval(), reader.flag('preempt', False), reader.whole('preempt_delay', 0, 0, 1000),
        [reader.interface(name, 'track_interfaces[{0}]'.format(position))
         for position, name in enumerate(given.get('track_interfaces') or ())],
        {theirs: reader.whole(ours, initial, 0, 86400) for ours, theirs, initial in (
            ('garp_repeat', 'garp_master_repeat', 5), ('garp_delay', 'garp_master_delay', 1),
            ('garp_refresh', 'garp_master_refresh', 0))},
        reader.interface(given['sync_interface'], 'sync_interface') if given.get('sync_interface') else '',
        reader.whole('sync_id', router_id if 0 < router_id < 256 else 0, 0, 255),
    )  # fmt: skip
    for group in groups:
        family = _family(group.vips)
        for lacking, key in ((family not in sources, {'ipv4': 'address', 'ipv6': 'address_ipv6'}[family]),
                             (not peers[family], 'peers')):
            if lacking:
                found.add('{0}{1}: has no {2} address, and adverts about {3} are sent from one director to the other in that '
                          'family'.format(variable, key, {'ipv4': 'IPv4', 'ipv6': 'IPv6'}[family], ', '.join(group.vips)))
    return settings if len(found.sentences) == before else None


def _groups(given: Sequence, vips: Sequence[str], router_id: int, priority: int, where: str, found: Findings) -> list[Group]:
    if not given:
        return [Group(ALL, router_id, priority, list(vips))] if vips else []
    groups: list[Group] = []
    owners: dict[str, str] = {}
    for position, one in enumerate(given):
        here = '{0}[{1}]'.format(where, position)
        if not isinstance(one, Mapping):
            found.add('{0}: {1} is not a group'.format(here, model.shown(one)))
            continue
        for key in sorted(set(one) - set(GROUP_KEYS), key=str):
            found.add('{0}: unknown key {1!r}; known are {2}'.format(here, key, ', '.join(GROUP_KEYS)))
        reader = _Reader(one, here + '.', found)
        name = str(one.get('name') or '')
        if not re.fullmatch(r'[A-Za-z0-9_-]{1,32}', name) or any(name == other.name for other in groups):
            found.add('{0}.name: {1} is not a name of its own, of letters, digits, _ and -'.format(here, model.shown(one.get('name'))))
        own = reader.whole('virtual_router_id', 0, 1, 255) if one.get('virtual_router_id') is not None else 0
        if one.get('virtual_router_id') is None:
            found.add('{0}.virtual_router_id: is missing; each group needs one of its own, 1..255'.format(here))
        for other in groups:
            if own and other.virtual_router_id == own:
                found.add('{0}.virtual_router_id: {1} is that of the group {2} already'.format(here, own, other.name))
        members = []
        for vip in one.get('vips') or ():
            address = inventory.parse(vip)
            if address is None or str(address) not in vips:
                found.add('{0}.vips: {1} is the VIP of no service'.format(here, model.shown(vip)))
            elif owners.setdefault(str(address), name) != name:
                found.add('{0}.vips: {1} is in the group {2} already'.format(here, address, owners[str(address)]))
            else:
                members.append(str(address))
        if not members:
            found.add('{0}.vips: has none'.format(here))
        groups.append(Group(name, own, reader.whole('priority', priority, 1, MAX_PRIORITY), members))
    missing = [vip for vip in vips if vip not in owners]
    if missing:
        found.add('{0}: {1} would be on no director, being in none of the groups'.format(where, ', '.join(missing)))
    return groups


class _Reader(NamedTuple):
    """Read values of one mapping; mistakes go to `found`."""

    given: Mapping
    where: str
    found: Findings

    def whole(self, key: str, initial: int, lowest: int, highest: int) -> int:
        value = self.given.get(key)
        # Before ansible-core 2.19 a template makes a text of nothing.
        if value in (None, ''):
            return initial
        if isinstance(value, bool) or not re.fullmatch(r'[0-9]+', str(value)) or not lowest <= int(value) <= highest:
            self.found.add('{0}{1}: {2} is not a whole number {3}..{4}'.format(
                self.where, key, model.shown(value), lowest, highest))
            return initial
        return int(value)

    def flag(self, key: str, initial: bool) -> bool:
        value = self.given.get(key)
        if value not in (None, '') and not isinstance(value, bool):
            self.found.add('{0}{1}: {2} is neither true nor false'.format(self.where, key, model.shown(value)))
        return initial if value in (None, '') else value is True

    def interval(self) -> float:
        value = self.given.get('advert_interval')
        try:
            if isinstance(value, bool):
                raise ValueError
            number = 1.0 if value in (None, '') else float(str(value))
        except ValueError:
            number = 0.0
        hundredths = round(number * 100) if MIN_INTERVAL <= number <= MAX_INTERVAL else 0
        if not hundredths or abs(number * 100 - hundredths) > 1e-6:
            self.found.add('{0}advert_interval: {1} is not a number of seconds {2}..{3}, in hundredths'.format(
                self.where, model.shown(value), MIN_INTERVAL, MAX_INTERVAL))
            return 1
        return hundredths // 100 if hundredths % 100 == 0 else hundredths / 100

    def interface(self, name: object, key: str) -> str:
        if not isinstance(name, str) or not re.fullmatch(r'''[^\s/:"'#!$]{1,15}''', name):
            self.found.add('{0}{1}: {2} is not the name of an interface'.format(self.where, key, model.shown(name)))
            return ''
        return name
