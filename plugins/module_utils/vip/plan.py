# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The `ip` commands that take interfaces from what they are to what is declared. Pure.

Private to this collection.
"""

from __future__ import annotations

import dataclasses
from typing import Mapping, Sequence

from ..iproute import FALLBACK_TUNNELS, FOREVER, MARK, Address, Link
from .draft import Change, Draft, Side, doomed_vips
from .options import AddressError, Vips
from .record import Record

_NO_ALIAS = ('alias', '""')


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is to be done, what is ours then, and the interfaces with their VIPs before and after as text."""

    changes: tuple[Change, ...]
    interfaces: tuple[str, ...]
    before: str
    after: str
    added: Mapping[str, Sequence[str]]
    elsewhere: tuple[dict, ...]
    promote: tuple[str, ...]
    record: Record
    warnings: tuple[str, ...]

    @property
    def commands(self) -> list[str]:
        return [str(change) for change in self.changes]


def routed_interfaces(links: Mapping[str, Link], wanted: Vips, owned: Record) -> list[str]:
    """Return the interfaces whose host routes the plan depends on.

    A host route on the loopback or a dummy outlives its address and then leads nowhere, so removal looks for one in
    any case.
    """
    names = {name for name, _vip in owned.routes}
    names.update(name for name in doomed_vips(wanted, owned)
                 if name in links and (wanted.host_route or not links[name].network_card))
    if wanted.host_route:
        names.update(wanted.by_interface)
    return [name for name in links if name in names]


def plan(links: Mapping[str, Link], routes: Mapping[str, frozenset[str]], wanted: Vips,
         owned: Record = Record()) -> Plan:
    """Return the commands that take interfaces from `links` and `routes` to `wanted`; `owned` is what was recorded.

    What is new comes first and what was recorded goes last, so a VIP that moves is never missing.
    """
    draft = Draft(links, routes, wanted, owned)
    before = draft.text()
    added = _plan_present(draft) if wanted.present else {}
    kept = _plan_absent(draft)
    return Plan(
        changes=tuple(draft.changes),
        interfaces=tuple(draft.sides),
        before=before,
        after=draft.text(),
        added=added,
        elsewhere=draft.elsewhere(),
        promote=tuple(side.name for side in draft.sides.values() if side.promote),
        record=draft.record(),
        warnings=_down(draft) + kept,
    )


def _plan_present(draft: Draft) -> dict[str, list[str]]:
    wanted = draft.wanted
    for side in draft.wanted_sides:
        _check_interface(side, draft)
        _plan_link(side, wanted)
    added: dict[str, list[str]] = {}
    stale: list[tuple[Side, list[Address]]] = []
    for vip in wanted.addresses:
        side = draft.side_of(vip)
        entries = side.entries(vip)
        good = next((entry for entry in entries if _fits(entry, wanted)), None)
        wrong = [entry for entry in entries if entry is not good]
        _protect(side, wanted, wrong)
        if good is None:
            # The kernel has one entry per IPv6 address, and per IPv4 address and prefix: there the old one goes first.
            blocking = [entry for entry in wrong
                        if entry.version == 6 or (entry.prefix == wanted.prefix_of(vip) and not entry.peer)]
            side.delete_all(blocking)
            side.add(_new_entry(side, vip, wanted, blocking + wrong))
            added.setdefault(side.name, []).append(vip)
            wrong = [entry for entry in wrong if entry not in blocking]
        elif good.valid != FOREVER or good.preferred > _preferred(side, vip, wanted):
            for_ever = dataclasses.replace(good, valid=FOREVER, preferred=_preferred(side, vip, wanted))
            side.do(for_ever.lifetime(side.name), good.lifetime(side.name))
            side.addresses[side.addresses.index(good)] = for_ever
        stale.append((side, wrong))
    for side in draft.wanted_sides:
        side.delete_all([entry for other, wrong in stale if other is side for entry in wrong])
    if wanted.host_route:
        for vip in wanted.addresses:
            if ':' not in vip and vip not in draft.side_of(vip).routes:
                _plan_route(draft, vip)
    for name in added:
        if wanted.announce and not draft.sides[name].link.up:
            raise AddressError('announce: {0} is down, so nobody would hear of {1}; bring the interface up first'
                               .format(name, ', '.join(added[name])))
    return added


def _plan_route(draft: Draft, vip: str) -> None:
    """Add a host route; the kernel has one per address, so this takes the place of one through another interface."""
    side = draft.side_of(vip)
    undo = ['ip', 'route', 'delete'] + side.route(vip)
    for other in draft.sides.values():
        if vip in other.routes:
            undo = ['ip', 'route', 'replace'] + other.route(vip)
            other.routes.discard(vip)
    side.do(['ip', 'route', 'replace'] + side.route(vip), undo)
    side.routes.add(vip)


def _check_interface(side: Side, draft: Draft) -> None:
    wanted, link, name = draft.wanted, side.link, side.name
    if link is None and not wanted.create:
        raise AddressError("{0}: '{1}' does not exist on this host; there are {2}. Name one of these, or say create: "
                           "true for a {3} of that name".format(
                               'interface' if name == wanted.interface else 'interface_ipv6', name,
                               ', '.join(draft.links), _device(name)))
    if link is not None and wanted.create and link.kind != _device_kind(name):
        raise AddressError("create: '{0}' exists and is {1}, not a {2}; leave create out to put the VIP on it, or "
                           "choose another name".format(name, _kind(link), _device(name)))
    if wanted.announce and (link is None or not link.network_card or not link.arp or link.link_type != 'ether'):
        raise AddressError("announce: {0} is refused on '{1}', which is {2}: nobody hears it there; leave announce out "
                           "(a real server must never announce a VIP)".format(
                               wanted.announce, name, _kind(link) if link else 'a ' + _device(name)))


def _device_kind(name: str) -> str:
    return FALLBACK_TUNNELS.get(name, 'dummy')


def _device(name: str) -> str:
    return 'tunnel device' if name in FALLBACK_TUNNELS else 'dummy interface'


def _kind(link: Link) -> str:
    if link.kind == 'dummy':
        return 'a dummy'
    if link.loopback:
        return 'the loopback'
    if link.kind:
        return 'of kind {0}'.format(link.kind)
    return 'a network card' if link.link_type == 'ether' else 'of type {0}'.format(link.link_type)


def _plan_link(side: Side, wanted: Vips) -> None:
    name, link = side.name, side.link
    if link is None:
        kind = _device_kind(name)
        side.do(['ip', 'link', 'add', 'dev', name, 'type', kind], ['ip', 'link', 'delete', 'dev', name])
        side.set('alias', MARK)
        side.set('up')
        side.link = Link(name=name, kind=kind, arp=False, alias=MARK)
    elif wanted.create and not link.up:
        if link.fallback_tunnel and not link.alias:
            side.set('alias', MARK, undo=_NO_ALIAS)
            link = dataclasses.replace(link, alias=MARK)
        side.set('up', undo=['down'])
        side.link = dataclasses.replace(link, up=True)


def _fits(entry: Address, wanted: Vips) -> bool:
    if entry.peer or entry.dadfailed or entry.prefix != wanted.prefix_of(entry.local):
        return False
    if entry.version == 6:
        return True
    return (wanted.label in (None, entry.label)
            and wanted.broadcast_of(entry.local) in (None, entry.broadcast))


def _new_entry(side: Side, vip: str, wanted: Vips, former: Sequence[Address]) -> Address:
    """Return the entry to add; what the options leave out stays as it was on the entry that it takes the place of."""
    prefix = wanted.prefix_of(vip)
    entry = Address(local=vip, prefix=prefix, preferred=_preferred(side, vip, wanted))
    if former:
        same = former[0].prefix == prefix and not former[0].peer
        entry = dataclasses.replace(
            entry,
            label=former[0].label,
            broadcast=former[0].broadcast if same else None,
            scope=former[0].scope,
            metric=former[0].metric if same else None,
            noprefixroute=former[0].noprefixroute and same,
        )
    if entry.version == 4:
        entry = dataclasses.replace(entry, label=wanted.label or entry.label,
                                    broadcast=wanted.broadcast_of(vip) or entry.broadcast)
    return entry


def _preferred(side: Side, vip: str, wanted: Vips) -> int:
    """Return for how long the host may speak from a VIP of its own accord.

    IPv6 takes the longest match for a source address, so a network card's /128 wins for everything near it (RFC 6724).
    The director would call its real servers from the VIP, and they would answer to themselves.
    """
    return 0 if ':' in vip and side.link.network_card and wanted.prefix_of(vip) == 128 else FOREVER


def _protect(side: Side, wanted: Vips, doomed: Sequence[Address]) -> None:
    """Refuse to take a network card's only address of a network as though it were a VIP, unless the prefix says so."""
    for entry in doomed:
        if wanted.given_prefix(entry.local) is None and side.depends_on(entry):
            raise AddressError(
                "address: {0} is on {1} as {0}/{2} and is the only address of {3} there: without it the host would "
                "lose that network. If that is the VIP all the same, say prefix: {2}".format(
                    entry.local, side.name, entry.prefix, entry.network))


def _plan_absent(draft: Draft) -> tuple[str, ...]:
    """Remove what is doomed; return a warning for each address that was ours and now carries a network."""
    wanted, owned = draft.wanted, draft.owned
    kept = []
    for name, side in draft.sides.items():
        if side.link is None:
            continue
        vips = draft.doomed.get(name, [])
        doomed = []
        for vip in vips:
            recorded = owned.entries.get((name, vip))
            for entry in side.entries(vip):
                if recorded is None:
                    if wanted.given_prefix(vip) in (None, entry.prefix):
                        _protect(side, wanted, [entry])
                        doomed.append(entry)
                elif entry.prefix == recorded.prefix or not side.depends_on(entry):
                    doomed.append(entry)
                else:
                    kept.append('{0} is on {1} as {0}/{2}, which is not how this module put it there, and is the only '
                                'address of {3} there: it is left as it is'.format(vip, name, entry.prefix,
                                                                                   entry.network))
        # Before the address: with the last address of an interface the kernel drops the routes itself.
        if wanted.present and not wanted.host_route:
            vips = vips + [vip for interface, vip in sorted(owned.routes) if interface == name and vip not in vips]
        for vip in vips:
            if vip in side.routes:
                side.drop_route(vip)
        side.delete_all(doomed)
        if name in draft.doomed:
            _release(side)
    return tuple(kept)


def _release(side: Side) -> None:
    """Delete or set down an interface that we made or brought up, if nothing else is on it."""
    link = side.link
    if not link.ours or any(entry.scope != 'link' for entry in side.addresses):
        return
    if link.fallback_tunnel:
        side.set('down', undo=['up'])
        side.set(*_NO_ALIAS, undo=['alias', MARK])
        side.link = dataclasses.replace(link, up=False, alias=None)
    else:
        side.do(['ip', 'link', 'delete', 'dev', side.name])
        side.link = None


def _down(draft: Draft) -> tuple[str, ...]:
    if not draft.wanted.present:
        return ()
    return tuple('{0} is down: its VIPs are out of service until it is up'.format(side.name)
                 for side in draft.wanted_sides if not side.link.up)
