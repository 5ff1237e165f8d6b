# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""VIPs on an interface: validate what is asked, plan it, run the plan or take it back.

Private to this collection. This is the one door of the module vip_address. `plan` is pure; `declare` takes a runner.
"""

from __future__ import annotations

import contextlib
import dataclasses
import ipaddress
import os
import re
from typing import Callable, Iterator, Mapping, Sequence

from . import neighbour
from .command import Runner
from .iproute import FOREVER, INTERFACE_NAME, MARK, Address, Link, read_host_routes, read_links


class AddressError(Exception):
    """A VIP cannot be declared as asked, or the kernel refused it half-way.

    `details` says, where something had been done already, what was done, undone and left.
    """

    def __init__(self, message: str, **details: Sequence[str]) -> None:
        super().__init__(message)
        self.details = details


@dataclasses.dataclass(frozen=True)
class Vips:
    """VIPs that one interface shall have or shall not have: the validated options of the vip_address module."""

    addresses: tuple[str, ...]
    interface: str
    prefix: int | None = None
    create: bool = False
    label: str | None = None
    broadcast: str | None = None
    host_route: bool = False
    announce: int = 0
    present: bool = True

    @classmethod
    def from_options(cls, options: Mapping) -> Vips:
        """Validate the module's options; raise `AddressError` that names the entry, its value and what is right."""
        interface = options['interface']
        if not INTERFACE_NAME.match(interface):
            raise AddressError("interface: '{0}' is not the name of an interface: 1 to 15 characters without space, "
                               "'/', ':', '#' or quotes; an alias such as lo:0 is interface: lo with label: lo:0"
                               .format(interface))
        addresses = vip_list(options['address'])
        versions = {ipaddress.ip_address(address).version for address in addresses}
        prefix = options.get('prefix')
        if prefix is not None:
            _check_prefix(prefix, addresses, versions)
        announce = options.get('announce') or 0
        if announce < 0:
            raise AddressError('announce: {0} is out of range: it counts frames, 0 for none'.format(announce))
        for name in ('label', 'broadcast'):
            if options.get(name) is not None and 4 not in versions:
                raise AddressError("{0}: '{1}' belongs to an IPv4 address, and there is none in address: {2}".format(
                    name, options[name], ', '.join(addresses)))
        label = options.get('label')
        if label is not None:
            _check_label(label, interface)
        broadcast = options.get('broadcast')
        if broadcast is not None:
            broadcast = str(_literal(broadcast, 'broadcast', ipaddress.IPv4Address, '192.0.2.255'))
        return cls(
            addresses=addresses,
            interface=interface,
            prefix=prefix,
            create=bool(options.get('create')),
            label=label,
            broadcast=broadcast,
            host_route=bool(options.get('host_route')),
            announce=announce,
            present=options.get('state', 'present') == 'present',
        )

    def prefix_of(self, address: str) -> int:
        if self.prefix is not None:
            return self.prefix
        return ipaddress.ip_address(address).max_prefixlen


def _literal(value: str, where: str, kind: Callable, example: str):
    try:
        if '%' in value:
            raise ValueError('scope id')
        parsed = kind(value)
        # Python before 3.9.5 reads 010.0.0.1 as 10.0.0.1, other programs as 8.0.0.1.
        if parsed.version == 4 and re.search(r'(^|\.)0\d', value):
            raise ValueError('leading zero')
        return parsed
    except ValueError:
        what = 'IPv4' if kind is ipaddress.IPv4Address else 'IPv4 or IPv6'
        raise AddressError("{0}: '{1}' is not a literal {2} address; names are not resolved here, write it as "
                           "for example {3}".format(where, value, what, example)) from None


def vip_list(values: Sequence[str]) -> tuple[str, ...]:
    """Return VIPs in their canonical spelling; raise `AddressError` for one that cannot be a VIP or is there twice."""
    if not values:
        raise AddressError('address: the list is empty; name at least one VIP, for example 192.0.2.100')
    positions: dict[str, int] = {}
    for index, value in enumerate(values):
        where = 'address[{0}]'.format(index)
        if '/' in value:
            raise AddressError("{0}: '{1}' carries a prefix length; write the address as '{2}' and the prefix length "
                               "in the option prefix".format(where, value, value.split('/')[0]))
        address = _literal(value, where, ipaddress.ip_address, '192.0.2.100 or 2001:db8::100')
        reason = _not_a_vip(address)
        if reason:
            raise AddressError("{0}: '{1}' is {2} and cannot be a VIP; name a unicast address that clients can reach"
                               .format(where, value, reason))
        if str(address) in positions:
            raise AddressError("{0}: '{1}' is already there as address[{2}]; name each VIP once".format(
                where, value, positions[str(address)]))
        positions[str(address)] = index
    return tuple(positions)


def _not_a_vip(address) -> str:
    if address.is_unspecified:
        return 'the unspecified address'
    if address.is_loopback:
        return 'a loopback address'
    if address.is_multicast:
        return 'a multicast address'
    if str(address) == '255.255.255.255':
        return 'the broadcast address'
    if address.version == 6 and address.ipv4_mapped:
        return 'an IPv4 address in IPv6 notation (write {0})'.format(address.ipv4_mapped)
    return ''


def _check_prefix(prefix: int, addresses: Sequence[str], versions: set[int]) -> None:
    if len(versions) > 1:
        raise AddressError('prefix: {0} cannot serve IPv4 and IPv6 at once; leave it out (32 and 128) or use one task '
                           'per family'.format(prefix))
    highest = 32 if versions == {4} else 128
    if not 1 <= prefix <= highest:
        raise AddressError('prefix: {0} is out of range for IPv{1}: 1 to {2}, {2} for a VIP as a rule'.format(
            prefix, min(versions), highest))
    if highest == 128 or prefix > 30:
        return
    for index, address in enumerate(addresses):
        network = ipaddress.ip_network((address, prefix), strict=False)
        ends = {str(network.network_address): 'network', str(network.broadcast_address): 'broadcast'}
        if address in ends:
            raise AddressError("address[{0}]: '{1}' is the {2} address of {3} and cannot be a VIP with prefix: {4}; "
                               "leave prefix out for a VIP of its own (/32)".format(index, address, ends[address],
                                                                                    network, prefix))


def _check_label(label: str, interface: str) -> None:
    alias = label[len(interface) + 1:]
    if not label.startswith(interface + ':') or not alias or len(label) > 15 or not INTERFACE_NAME.match(alias):
        raise AddressError("label: '{0}' does not fit the interface: it is the interface's name, ':' and a short word, "
                           "at most 15 characters in all, for example '{1}:1'".format(label, interface))


@dataclasses.dataclass(frozen=True)
class Change:
    """One command of a plan and the command that takes it back."""

    argv: tuple[str, ...]
    undo: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ' '.join(self.argv)


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is to be done, and the state of the interface and of these VIPs before and after as text."""

    changes: tuple[Change, ...]
    before: str
    after: str
    added: tuple[str, ...] = ()
    elsewhere: tuple[dict, ...] = ()
    promote: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def commands(self) -> list[str]:
        return [str(change) for change in self.changes]


def wants_routes(links: Mapping[str, Link], wanted: Vips) -> bool:
    """Whether the plan depends on the interface's host routes.

    A host route on the loopback or a dummy outlives its address and then leads nowhere, so removal looks for one in
    any case.
    """
    link = links.get(wanted.interface)
    return link is not None and (wanted.host_route or (not wanted.present and not link.network_card))


class _Draft:
    """The interface as it will be, while a plan is being made."""

    def __init__(self, link: Link | None, routes: frozenset[str], wanted: Vips) -> None:
        self.link = link
        self.routes = set(routes)
        self.wanted = wanted
        self.interface = wanted.interface
        self.addresses = list(link.addresses) if link else []
        self.changes: list[Change] = []
        self.promote = False

    def do(self, argv: Sequence[str], undo: Sequence[str] = ()) -> None:
        self.changes.append(Change(tuple(argv), tuple(undo)))

    def entries(self, vip: str) -> list[Address]:
        return [entry for entry in self.addresses if entry.local == vip]

    def add(self, entry: Address) -> None:
        self.do(entry.add(self.interface), entry.delete(self.interface))
        self.addresses.append(entry)

    def delete(self, entry: Address) -> None:
        self.do(entry.delete(self.interface), entry.add(self.interface))
        self.addresses.remove(entry)

    def delete_all(self, doomed: Sequence[Address]) -> None:
        """Delete secondary addresses before primary ones, and see to it that a primary does not take others along."""
        for entry in sorted(doomed, key=lambda entry: not entry.secondary):
            self.delete(entry)
            if entry.version == 4 and not entry.secondary:
                self.promote = self.promote or any(
                    other.secondary and other.network == entry.network for other in self.addresses)

    def text(self) -> str:
        if self.link is None:
            return ''
        lines = [self.link.describe()]
        vips = [entry for entry in self.addresses if entry.local in self.wanted.addresses]
        order = self.wanted.addresses.index
        lines += [entry.describe(self.interface) for entry in sorted(vips, key=lambda e: (order(e.local), e.prefix))]
        lines += ['route {0} dev {1}'.format(vip, self.interface)
                  for vip in self.wanted.addresses if vip in self.routes]
        return '\n'.join(lines) + '\n'


def plan(links: Mapping[str, Link], routes: frozenset[str], wanted: Vips) -> Plan:
    """Return the commands that take the interface from `links` and `routes` to `wanted`."""
    draft = _Draft(links.get(wanted.interface), routes, wanted)
    before = draft.text()
    if wanted.present:
        added = _plan_present(draft, links)
    else:
        added = ()
        _plan_absent(draft)
    return Plan(
        changes=tuple(draft.changes),
        before=before,
        after=draft.text(),
        added=added,
        elsewhere=tuple(
            {'address': entry.local, 'prefix': entry.prefix, 'interface': name}
            for vip in wanted.addresses for name, link in links.items() if name != wanted.interface
            for entry in link.addresses if entry.local == vip
        ),
        promote=draft.promote,
        warnings=_warnings(draft),
    )


def _plan_present(draft: _Draft, links: Mapping[str, Link]) -> tuple[str, ...]:
    wanted = draft.wanted
    _check_interface(draft, links)
    _plan_link(draft)
    added = []
    stale: list[Address] = []
    for vip in wanted.addresses:
        entries = draft.entries(vip)
        good = next((entry for entry in entries if _fits(entry, wanted)), None)
        wrong = [entry for entry in entries if entry is not good]
        _protect(draft, wrong)
        if good is None:
            # The kernel has one entry per IPv6 address, and per IPv4 address and prefix: there the old one goes first.
            blocking = [entry for entry in wrong
                        if entry.version == 6 or (entry.prefix == wanted.prefix_of(vip) and not entry.peer)]
            draft.delete_all(blocking)
            draft.add(_new_entry(vip, wanted, blocking + wrong))
            added.append(vip)
            wrong = [entry for entry in wrong if entry not in blocking]
        elif good.valid != FOREVER:
            lasting = dataclasses.replace(good, valid=FOREVER, preferred=FOREVER)
            draft.do(lasting.lifetime(wanted.interface), good.lifetime(wanted.interface))
            draft.addresses[draft.addresses.index(good)] = lasting
        stale += wrong
    draft.delete_all(stale)
    if wanted.host_route:
        for vip in wanted.addresses:
            if ipaddress.ip_address(vip).version == 4 and vip not in draft.routes:
                draft.do(['ip', 'route', 'replace', vip, 'dev', wanted.interface],
                         ['ip', 'route', 'delete', vip, 'dev', wanted.interface])
                draft.routes.add(vip)
    if added and wanted.announce and not draft.link.up:
        raise AddressError('announce: {0} is down, so nobody would hear of {1}; bring the interface up first'.format(
            wanted.interface, ', '.join(added)))
    return tuple(added)


def _check_interface(draft: _Draft, links: Mapping[str, Link]) -> None:
    wanted, link = draft.wanted, draft.link
    if link is None and not wanted.create:
        raise AddressError("interface: '{0}' does not exist on this host; there are {1}. Name one of these, or say "
                           "create: true for a dummy interface of that name".format(wanted.interface, ', '.join(links)))
    if link is not None and wanted.create and link.kind != 'dummy':
        raise AddressError("create: '{0}' exists and is {1}, not a dummy; leave create out to put the VIP on it, or "
                           "choose another name".format(wanted.interface, _kind(link)))
    if wanted.announce and (link is None or not link.network_card or not link.arp or link.link_type != 'ether'):
        raise AddressError("announce: {0} is refused on '{1}', which is {2}: nobody hears it there; leave announce out "
                           "(a real server must never announce a VIP)".format(wanted.announce, wanted.interface,
                                                                              _kind(link)))


def _kind(link: Link | None) -> str:
    if link is None or link.kind == 'dummy':
        return 'a dummy'
    if link.loopback:
        return 'the loopback'
    if link.kind:
        return 'of kind {0}'.format(link.kind)
    return 'a network card' if link.link_type == 'ether' else 'of type {0}'.format(link.link_type)


def _plan_link(draft: _Draft) -> None:
    name = draft.interface
    if draft.link is None:
        draft.do(['ip', 'link', 'add', 'dev', name, 'type', 'dummy'], ['ip', 'link', 'delete', 'dev', name])
        draft.do(['ip', 'link', 'set', 'dev', name, 'alias', MARK])
        draft.do(['ip', 'link', 'set', 'dev', name, 'up'])
        draft.link = Link(name=name, kind='dummy', arp=False, alias=MARK)
    elif draft.wanted.create and not draft.link.up:
        draft.do(['ip', 'link', 'set', 'dev', name, 'up'], ['ip', 'link', 'set', 'dev', name, 'down'])
        draft.link = dataclasses.replace(draft.link, up=True)


def _fits(entry: Address, wanted: Vips) -> bool:
    if entry.peer or entry.dadfailed or entry.prefix != wanted.prefix_of(entry.local):
        return False
    if entry.version == 6:
        return True
    return ((wanted.label is None or entry.label == wanted.label)
            and (wanted.broadcast is None or entry.broadcast == wanted.broadcast))


def _new_entry(vip: str, wanted: Vips, former: Sequence[Address]) -> Address:
    """Return the entry to add; what the options leave out stays as it was on the entry that it takes the place of."""
    prefix = wanted.prefix_of(vip)
    entry = Address(local=vip, prefix=prefix)
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
                                    broadcast=wanted.broadcast or entry.broadcast)
    return entry


def _protect(draft: _Draft, doomed: Sequence[Address]) -> None:
    """Refuse to take a network card's only address of a network as though it were a VIP, unless the prefix says so."""
    if draft.wanted.prefix is not None or not draft.link.network_card:
        return
    for entry in doomed:
        host = entry.prefix == ipaddress.ip_address(entry.local).max_prefixlen
        alone = not any(other.network == entry.network and other.local != entry.local for other in draft.addresses)
        if not host and alone:
            raise AddressError(
                "address: {0} is on {1} as {0}/{2} and is the only address of {3} there: without it the host would "
                "lose that network. If that is the VIP all the same, say prefix: {2}".format(
                    entry.local, draft.interface, entry.prefix, entry.network))


def _plan_absent(draft: _Draft) -> None:
    wanted, link = draft.wanted, draft.link
    if link is None:
        return
    doomed = [entry for vip in wanted.addresses for entry in draft.entries(vip)
              if wanted.prefix is None or entry.prefix == wanted.prefix]
    _protect(draft, doomed)
    # Before the address: with the last address of an interface the kernel drops the routes itself.
    for vip in wanted.addresses:
        if vip in draft.routes:
            draft.do(['ip', 'route', 'delete', vip, 'dev', wanted.interface],
                     ['ip', 'route', 'replace', vip, 'dev', wanted.interface])
            draft.routes.discard(vip)
    draft.delete_all(doomed)
    if link.ours and all(entry.scope == 'link' for entry in draft.addresses):
        draft.do(['ip', 'link', 'delete', 'dev', wanted.interface])
        draft.link = None


def _warnings(draft: _Draft) -> tuple[str, ...]:
    if draft.wanted.present and draft.link and not draft.link.up:
        return ('{0} is down: its VIPs are out of service until it is up'.format(draft.interface),)
    return ()


@contextlib.contextmanager
def promoted_secondaries(interface: str, needed: bool, sysctl: str) -> Iterator[None]:
    """Keep the other addresses of a network while its primary address is deleted.

    Without promote_secondaries the kernel deletes all of them along with it, and their routes.
    """
    paths = [os.path.join(sysctl, 'net/ipv4/conf', name, 'promote_secondaries') for name in ('all', interface)]
    if not needed or any(_first_line(path) == '1' for path in paths):
        yield
        return
    _write(paths[1], '1')
    try:
        yield
    finally:
        _write(paths[1], '0')


def _first_line(path: str) -> str:
    with open(path) as stream:
        return stream.readline().strip()


def _write(path: str, value: str) -> None:
    with open(path, 'w') as stream:
        stream.write(value)


def apply(run: Runner, what: Plan, interface: str, announce: Callable[[], None] | None = None,
          sysctl: str = '/proc/sys') -> None:
    """Run a plan in one process, then announce; on failure take back what was done and raise `AddressError`."""
    if not what.changes:
        return
    try:
        with promoted_secondaries(interface, what.promote, sysctl):
            result = run(['ip', '-batch', '-'], stdin=_batch(change.argv for change in what.changes))
    except OSError as error:
        raise AddressError('Cannot keep the other addresses of {0} while a primary address is removed: {1}. Nothing '
                           'was changed'.format(interface, error)) from None
    if result.rc != 0:
        done, reason = _failure(result.stderr or result.stdout, what.changes)
        failed = what.changes[done] if done < len(what.changes) else None
        message = '`{0}` failed: {1}'.format(failed or 'ip -batch', reason)
        _take_back(run, what.changes[:done], message + _advice(reason, failed, interface))
    if announce is not None and what.added:
        try:
            announce()
        except OSError as error:
            _take_back(run, what.changes, 'Cannot announce {0} on {1}: {2}.'.format(
                ', '.join(what.added), interface, error.strerror or error))


def _batch(commands) -> str:
    return ''.join(' '.join(argv[1:]) + '\n' for argv in commands)


def _failure(stderr: str, changes: Sequence[Change]) -> tuple[int, str]:
    """Return how many commands `ip -batch` had done, and what it said about the next one."""
    found = re.search(r'Command failed -:(\d+)', stderr)
    done = int(found.group(1)) - 1 if found else 0
    said = [line for line in stderr.splitlines() if line.strip() and not line.startswith('Command failed')]
    return min(done, len(changes)), ' '.join(said).rstrip('.') or 'no message'


def _advice(reason: str, failed: Change | None, interface: str) -> str:
    argv = failed.argv if failed else ()
    if 'Operation not permitted' in reason:
        return '. This needs root (CAP_NET_ADMIN in the network namespace)'
    if 'Permission denied' in reason and 'nodad' in argv:
        return '. IPv6 is switched off there: see net.ipv6.conf.{0}.disable_ipv6'.format(interface)
    if argv[-2:] == ('type', 'dummy') and ('Unknown device type' in reason or 'not supported' in reason):
        return '. The kernel has no dummy interfaces: load the module dummy on the host, or use interface: lo'
    return ''


def _take_back(run: Runner, changes: Sequence[Change], message: str) -> None:
    done = [str(change) for change in changes]
    if not done:
        raise AddressError(message.rstrip('.') + '. Nothing was changed', done=[], undone=[], left=[])
    undos = [change.undo for change in reversed(changes) if change.undo]
    result = run(['ip', '-force', '-batch', '-'], stdin=_batch(undos))
    lost = {int(number) - 1 for number in re.findall(r'Command failed -:(\d+)', result.stderr)}
    if result.rc != 0 and not lost:
        lost = set(range(len(undos)))
    left = [' '.join(argv) for index, argv in enumerate(undos) if index in lost]
    undone = [' '.join(argv) for index, argv in enumerate(undos) if index not in lost]
    if left:
        ending = 'What had been done was taken back only in part; still to be run: {0}'.format('; '.join(left))
    else:
        ending = 'What had been done was taken back'
    raise AddressError('{0}. {1}'.format(message.rstrip('.'), ending), done=done, undone=undone, left=left)


Announce = Callable[[str, str, Sequence[str], int], None]
"""``announce(interface, mac, vips, count)``; raises `OSError`"""


def declare(run: Runner, wanted: Vips, check: bool, announce: Announce = neighbour.announce) -> dict:
    """Read once, plan, and unless `check` write once; return what the vip_address module returns."""
    what, links = _read_and_plan(run, wanted)
    if not check:
        try:
            _apply(run, what, links, wanted, announce)
        except AddressError as error:
            # Loading the module `dummy` makes the kernel create dummy0 by itself, just before ours is asked for.
            if 'type dummy` failed' not in str(error) or 'File exists' not in str(error):
                raise
            what, links = _read_and_plan(run, wanted)
            _apply(run, what, links, wanted, announce)
    return {
        'changed': bool(what.changes),
        'commands': what.commands,
        'added': list(what.added),
        'elsewhere': list(what.elsewhere),
        'warnings': list(what.warnings),
        'diff': {'before_header': wanted.interface, 'after_header': wanted.interface,
                 'before': what.before, 'after': what.after},
    }


def _read_and_plan(run: Runner, wanted: Vips) -> tuple[Plan, dict[str, Link]]:
    links = read_links(run)
    routes = read_host_routes(run, wanted.interface) if wants_routes(links, wanted) else frozenset()
    return plan(links, routes, wanted), links


def _apply(run: Runner, what: Plan, links: Mapping[str, Link], wanted: Vips, announce: Announce) -> None:
    def announce_added() -> None:
        announce(wanted.interface, links[wanted.interface].mac, what.added, wanted.announce)

    apply(run, what, wanted.interface, announce_added if wanted.announce else None)
