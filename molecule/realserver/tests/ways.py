# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ways to be a real server that make sense, each as variables of site.yml, and what a host then has."""

from __future__ import annotations

import os
from typing import NamedTuple

import yaml
from nodes import ROOT


class Way(NamedTuple):
    """How ARP is silenced, where the VIPs are, how packets come."""

    method: str
    device: str
    forward: str

    @property
    def name(self):
        return ' '.join(self)

    @property
    def device_ipv6(self):
        return 'ip6tnl0' if self.forward == 'tun' else self.device


FIRST = Way('sysctl', 'lo', 'dr')
if os.environ.get('LVS_EVERY_WAY'):
    # Each one differs in one thing from the one before, and every switch between two values is among them.
    WAYS = [
        FIRST,
        Way('sysctl', 'ipvs0', 'dr'),
        Way('arptables', 'ipvs0', 'dr'),
        Way('arptables', 'lo', 'dr'),
        Way('arptables', 'tunl0', 'tun'),
        Way('sysctl', 'tunl0', 'tun'),
        FIRST,
    ]
    # Foretold, repeated and restarted: once for each method, each kind of device and each forwarding.
    THOROUGH = (0, 2, 5)
else:
    # Several at once.
    WAYS = [Way('arptables', 'ipvs0', 'dr'), Way('sysctl', 'tunl0', 'tun'), FIRST]
    THOROUGH = (0,)


def declaration(way):
    """Return the variables that make real servers of this kind."""
    inventory = yaml.safe_load((ROOT / 'inventories/lab/hosts.yml').read_text(encoding='utf-8'))
    services = inventory['all']['vars']['lvs_virtual_services']
    return {
        'lvs_virtual_services': [dict(service, forward=way.forward) for service in services],
        'realserver_arp_method': way.method,
        'realserver_vip_interface': 'lo' if way.forward == 'tun' else way.device,
        # No connection under way lasts as long as the default is made for.
        'realserver_tunnel_grace': 5,
    }
