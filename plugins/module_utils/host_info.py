# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host's kernel really does, as far as LVS in direct routing depends on it: read, ask the segment, change nothing.

Private to this collection. This is the one door of the module lvs_host_info.
"""

from __future__ import annotations

import dataclasses
import glob
import ipaddress
import os
import shutil
import stat
import time
from typing import Iterable, Mapping, Sequence

from . import firewalld, installed, listeners, neighbour, netfilter, procfs, units
from .arptables import rules as arp_rules
from .command import NotInstalled, Runner
from .iproute import Address, Link, Route, Routing, read_links, read_neighbours, read_routing
from .neighbour import Question

FAMILIES = {4: 'ipv4', 6: 'ipv6'}
PROGRAMS = ('arptables', 'firewall-cmd', 'ipvsadm', 'keepalived', 'nft')
PROGRAM_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
RECORDS = ('/var/lib/lvs/*', '/etc/sysctl.d/90-lvs-*')
ARP_TABLES = '/proc/net/arp_tables_names'
ARP_RECORD = '/var/lib/lvs/realserver.arptables'
NFT_FRONT_END = 'xtables-nft-multi'
"""What all programs of iptables are that work on nft."""

MAX_TEXT = 1 << 20
"""Bytes of a text that is read."""

TRIES = 3
"""How often the segment is asked, in equal parts of the time that there is."""

NO_ADDRESS = '0.0.0.0'
"""Who asks with this as the sender claims no address, and is answered all the same (RFC 5227, section 2.1.1)."""


class InfoError(Exception):
    """What is asked for cannot be read."""


@dataclasses.dataclass(frozen=True)
class Wanted:
    """The validated options of the lvs_host_info module."""

    vips: tuple[str, ...] = ()
    directors: tuple[str, ...] = ()
    probe: bool = False
    timeout: float = 1.0
    peers: tuple[str, ...] = ()
    firewall: bool = False
    interface: str = ''
    files: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    filters: bool = False

    @classmethod
    def from_options(cls, options: Mapping) -> Wanted:
        """Validate the module's options; raise `InfoError`."""
        # Written so that a value that is not a number is out of range as well.
        if not 0.1 <= options['timeout'] <= 60:
            raise InfoError('timeout: {0} is out of range: 0.1 to 60 seconds'.format(options['timeout']))
        return cls(
            vips=_addresses(options, 'vips'),
            directors=_addresses(options, 'directors'),
            probe=options['probe'],
            timeout=options['timeout'],
            peers=_addresses(options, 'peers'),
            firewall=options['firewall'],
            interface=options['interface'],
            files=tuple(options['files']),
            texts=tuple(options['texts']),
            units=tuple(options['units']),
            filters=options['filters'],
        )


def _addresses(options: Mapping, name: str) -> tuple[str, ...]:
    found = {}
    for index, text in enumerate(options[name]):
        try:
            if '%' in text:
                raise ValueError('scope id')
            found[str(ipaddress.ip_address(text))] = None
        except ValueError:
            raise InfoError("{0}[{1}]: '{2}' is not a literal IPv4 or IPv6 address; names are not resolved here, write "
                            "it as for example 192.0.2.100".format(name, index, text)) from None
    return tuple(found)


def _version(address: str) -> int:
    return 6 if ':' in address else 4


def _heard(link: Link | None) -> bool:
    """Return whether other hosts hear this interface ask and answer who has an address."""
    return link is not None and link.network_card and link.arp and link.link_type == 'ether'


@dataclasses.dataclass(frozen=True)
class Network:
    """What `ip` says of a host, and which addresses on it are VIPs."""

    links: Mapping[str, Link]
    routing: Mapping[int, Routing]
    vips: Sequence[str]

    def own(self, link: Link, version: int) -> list[Address]:
        """Return the addresses that an interface has for itself.

        One with a host prefix may be somebody's VIP even where it is not among those that are looked for.
        """
        return [entry for entry in link.addresses if entry.version == version and entry.local not in self.vips
                and not entry.dadfailed and entry.prefix < (32 if version == 4 else 128)]

    def connected(self, address: str) -> list[str]:
        """Return the network cards that have an address of their own in the network of this one."""
        return [link.name for link in self.links.values()
                if _heard(link) and link.up and any(_covers(entry, address) for entry in self.own(link, _version(address)))]

    def placements(self, vip: str) -> list[dict]:
        return [
            {'interface': link.name, 'prefix': entry.prefix, 'heard': _heard(link)}
            for link in self.links.values() for entry in link.addresses if entry.local == vip
        ]

    @property
    def default_interface(self) -> str:
        """The interface of the default route, that of IPv4 first; empty without one."""
        return next((one.interface for version in FAMILIES for one in self.routing[version].gateways), '')

    def route(self, address: str) -> Route | None:
        return self.routing[_version(address)].to.get(address)

    def on_link(self, address: str) -> bool:
        """Return whether no router is between this host and an address."""
        route = self.route(address)
        return route is not None and not route.local and not route.gateway and _heard(self.links.get(route.interface))

    def question(self, interface: str, address: str) -> Question | None:
        """Return the question who has an address; None where it could not be asked without claiming another one."""
        link = self.links.get(interface)
        if not _heard(link) or not link.up:
            return None
        own = sorted(self.own(link, _version(address)), key=lambda entry: not _covers(entry, address))
        if own:
            return Question(interface, address, own[0].local)
        return Question(interface, address, NO_ADDRESS) if _version(address) == 4 else None


def _covers(entry: Address, address: str) -> bool:
    return ipaddress.ip_address(address) in ipaddress.ip_network(entry.network)


def inform(run: Runner, wanted: Wanted) -> dict:
    """Return what the lvs_host_info module returns. Runs four programs at most, however much there is to read, four more
    for a firewall, four more for filters and one for units."""
    files = procfs.Files()
    network = Network(
        read_links(run),
        {version: read_routing(run, version, [one for one in wanted.directors if _version(one) == version])
         for version in FAMILIES},
        wanted.vips,
    )
    # Before anybody is asked: an answer mends what the kernel believes.
    neighbours = read_neighbours(run)
    claims = {place: [mac] for place, mac in neighbours.items()}
    if wanted.probe:
        claims = _ask(_questions(network, wanted), wanted.timeout)
    try:
        filtered = _arp_filter(run, files) if wanted.filters else {}
        filters = netfilter.read(run, files) if wanted.filters else None
    except PermissionError:
        raise InfoError('filters: reading them needs root (CAP_NET_ADMIN); use become: true, or filters: false') from None
    return {
        'interfaces': {name: _interface(link, files) for name, link in network.links.items()},
        'sysctl': {
            'ip_forward': files.number('/proc/sys/net/ipv4/ip_forward'),
            'ipv6_forwarding': files.number('/proc/sys/net/ipv6/conf/all/forwarding'),
            'new_interface': procfs.effective(files, 'default'),
            'read_only': procfs.read_only(files),
            'ipvs': procfs.ipvs(files),
        },
        'vips': {
            vip: dict(
                _vip(network, vip, claims if wanted.probe else {}),
                neighbours={interface: mac for (address, interface), mac in neighbours.items() if address == vip},
                filtered=_filtered(filtered, vip) if wanted.filters else None,
            )
            for vip in wanted.vips
        },
        'directors': {address: _director(network, address, claims) for address in wanted.directors},
        'peers': {address: _macs(network, address, claims) for address in wanted.peers},
        'default_interface': network.default_interface,
        'gateways': {
            family: [dict(dataclasses.asdict(one), macs=claims.get((one.address, one.interface)) or [])
                     for one in network.routing[version].gateways]
            for version, family in FAMILIES.items()
        },
        'policy_routing': {family: network.routing[version].policy for version, family in FAMILIES.items()},
        'listeners': [listener.compact() for listener in listeners.read(files)],
        'modules': procfs.modules(files),
        'loadable': procfs.loadable(files),
        'firewalld': procfs.runs(files, 'firewalld'),
        'firewall': _firewall(run, network, files, wanted),
        'files': {path: installed.look(path) for path in wanted.files},
        'texts': {path: _text(path) for path in wanted.texts},
        'units': units.read(run, wanted.units),
        'input': filters,
        'kernel': procfs.release(files),
        'time': time.time(),
        'programs': {name: shutil.which(name, path=PROGRAM_PATH) for name in PROGRAMS},
        'records': [path for pattern in RECORDS for path in sorted(glob.glob(pattern))],
    }


def _questions(network: Network, wanted: Wanted) -> list[Question]:
    """Return what to ask the segment: who has the VIPs, and who are the directors and the gateways."""
    segments = {address: network.route(address).interface for address in wanted.directors if network.on_link(address)}
    places = [(interface, vip) for vip in wanted.vips
              for interface in dict.fromkeys(network.connected(vip) + list(segments.values()))]
    places += [(wanted.interface, vip) for vip in wanted.vips if wanted.interface]
    places += [(interface, address) for address, interface in segments.items()]
    places += [(interface, peer) for peer in wanted.peers for interface in network.connected(peer)]
    places += [(one.interface, one.address) for routing in network.routing.values() for one in routing.gateways
               if one.address]
    questions = [network.question(*place) for place in dict.fromkeys(places)]
    return [question for question in questions if question]


def _ask(questions: Iterable[Question], timeout: float) -> dict[tuple[str, str], list[str] | None]:
    try:
        answers = neighbour.ask_all(questions, TRIES, timeout / TRIES)
    except PermissionError:
        raise InfoError('probe: asking the segment needs root (CAP_NET_RAW); use become: true, or probe: '
                        'false') from None
    except OSError as error:
        raise InfoError('probe: cannot ask the segment: {0}'.format(error.strerror or error)) from None
    return {(question.address, question.interface): macs for question, macs in answers.items()}


def _firewall(run: Runner, network: Network, files: procfs.Files, wanted: Wanted) -> dict | None:
    if not wanted.firewall or not procfs.runs(files, 'firewalld'):
        return None
    # Requests come from a director, which need not be where the default route leads.
    from_directors = (network.route(address).interface for address in wanted.directors if network.on_link(address))
    interface = wanted.interface or next(from_directors, network.default_interface)
    return firewalld.read(run, interface) if interface else None


def _arp_filter(run: Runner, files: procfs.Files) -> arp_rules.Listing:
    """Return the rules of arptables. The old one would make its tables, so it is only run where they are there."""
    harmless = os.path.basename(os.path.realpath(shutil.which('arptables', path=PROGRAM_PATH) or '')) == NFT_FRONT_END
    if not harmless and not (files.text(ARP_TABLES) or '').strip() and not os.path.exists(ARP_RECORD):
        return {}
    try:
        return arp_rules.parse(run(('arptables', '-n', '-L')).stdout)
    except NotInstalled:
        return {}


def _filtered(chains: arp_rules.Listing, vip: str) -> bool:
    """Return whether ARP that asks for a VIP is not heard, and none that names it as its sender leaves."""
    rule = arp_rules.Rule(arp_rules.INPUT, vip)
    return arp_rules.is_effective(chains.get(arp_rules.INPUT, ()), rule) and any(
        line.options.get('-s') == vip and line.options.get('-j') in ('mangle', 'DROP')
        for line in chains.get(arp_rules.OUTPUT, ()))


def _text(path: str) -> str | None:
    """Return the beginning of a regular file; None where there is none or it must not be read."""
    try:
        # Looked at before it is opened: there are devices that act on being opened, and a pipe would wait for ever.
        if not stat.S_ISREG(os.lstat(path).st_mode):
            return None
        with open(path, 'rb') as stream:
            return stream.read(MAX_TEXT).decode('utf-8', errors='replace')
    except OSError:
        return None


def _interface(link: Link, files: procfs.Files) -> dict:
    return {
        'type': link.link_type,
        'kind': link.kind,
        'mac': link.mac if link.link_type == 'ether' else None,
        'mtu': link.mtu,
        'up': link.up,
        'carrier': link.carrier,
        'heard': _heard(link),
        'addresses': [{'address': entry.local, 'prefix': entry.prefix} for entry in link.addresses],
        'sysctl': procfs.effective(files, link.name),
        'offloads': procfs.offloads(link.name),
    }


def _vip(network: Network, vip: str, claims: Mapping) -> dict:
    answers = {interface: macs for (address, interface), macs in claims.items() if address == vip and macs is not None}
    return {'placements': network.placements(vip), 'connected': network.connected(vip), 'answers': answers or None}


def _director(network: Network, address: str, claims: Mapping) -> dict:
    route = network.route(address)
    return {
        'on_link': network.on_link(address),
        'local': route is not None and route.local,
        'interface': route.interface if route else None,
        'gateway': route.gateway if route else None,
        'macs': (claims.get((address, route.interface)) or []) if route else [],
    }


def _macs(network: Network, address: str, claims: Mapping) -> list[str]:
    found = (claims.get((address, interface)) or [] for interface in network.connected(address))
    return sorted(set().union(*found))
