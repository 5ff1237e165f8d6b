# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Interfaces, options and an `ip` that answers with golden output: `../ip_json/` holds what iproute2 6.1 printed."""

from __future__ import annotations

import pathlib

from ansible_collections.lvs.direct_routing.plugins.module_utils.command import Result
from ansible_collections.lvs.direct_routing.plugins.module_utils.iproute import MARK, Address, Link
from ansible_collections.lvs.direct_routing.plugins.module_utils.vip.options import Vips
from ansible_collections.lvs.direct_routing.plugins.module_utils.vip.plan import plan
from ansible_collections.lvs.direct_routing.plugins.module_utils.vip.record import Record


GOLDEN = pathlib.Path(__file__).parents[1] / 'ip_json'
LOOPBACK = Link('lo', link_type='loopback', addresses=(Address('127.0.0.1', 8, scope='host'),))
NIC = Link('eth0', mac='02:00:00:00:00:01', addresses=(Address('192.0.2.11', 24, label='eth0'),))
DUMMY = Link('ipvs0', kind='dummy', arp=False, alias=MARK)
TUNNEL = Link('tunl0', kind='ipip', link_type='ipip', arp=False, up=False)
TUNNEL6 = Link('ip6tnl0', kind='ip6tnl', link_type='tunnel6', arp=False, up=False)
LINK_LOCAL = Address('fe80::1', 64, scope='link')


def vips(*address, interface='lo', **options):
    if not address:
        options.setdefault('record', '/var/lib/lvs/realserver.vips')
    return Vips.from_options(dict(options, address=list(address) or None, interface=interface))


def planned(wanted, *links, routes=(), owned=Record()):
    """`routes` are those of the interface of the VIPs, or those of each interface."""
    if not isinstance(routes, dict):
        routes = {wanted.interface: frozenset(routes)}
    return plan({link.name: link for link in links}, routes, wanted, owned)


def having(link, *addresses):
    return Link(**dict(vars(link), addresses=link.addresses + addresses))


class Ip:
    """A runner that answers with golden output and remembers what it was asked."""

    def __init__(self, *batches, links='addresses.json', routes='routes_lo.json'):
        self.batches = list(batches)
        self.files = {'address': links, 'route': routes}
        self.calls = []
        self.written = []

    def __call__(self, argv, stdin=None):
        self.calls.append(' '.join(argv))
        if '-batch' in argv:
            self.written.append(stdin.splitlines())
            rc, stderr = self.batches.pop(0) if self.batches else (0, '')
            return Result(tuple(argv), rc, '', stderr)
        name = self.files['address' if 'address' in argv else 'route']
        return Result(tuple(argv), 0, (GOLDEN / name).read_text(), '')
