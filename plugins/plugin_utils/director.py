# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a director needs of its host beside the table: kernel parameters. Pure.

Private to this collection.
"""

from __future__ import annotations

from typing import Iterable, Mapping, Sequence

from ..module_utils.ipvs import model
from ..module_utils.sysctl.declaration import CONF, FORWARD, normalise

VS = 'net/ipv4/vs'
KEEP = 'net/ipv6/conf/{0}/keep_addr_on_down'
FORWARD_IPV6 = 'net/ipv6/conf/all/forwarding'
ON = ('on', 'true', 'yes', '1')


def parameters(services: Sequence[Mapping], interface: str, forward: object = 'auto', own: Iterable[str] = (),
               overrides: Mapping | None = None, synchronised: bool = False, alone: bool = True) -> dict:
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
    if alone and any(model.family_of(service['vip']) == 'ipv6' for service in services):
        # A card that goes down loses its addresses of IPv6 otherwise, and nobody would bring the VIPs back. Of several directors
        # keepalived does, on the one whose turn it is.
        found[KEEP.format(interface)] = 1
    if synchronised:
        # By time instead of by every 50th packet, for one that has begun anew would hear of slow connections late.
        found[VS + '/sync_threshold'] = '3 0'
        found[VS + '/sync_refresh_period'] = 10
    for name, value in (overrides or {}).items():
        found[normalise(name)] = value
    kept = {name: value for name, value in found.items() if value is not None}
    optional = sorted(name for name in kept if name.startswith(VS + '/') or name == KEEP.format(interface))
    return {'parameters': kept, 'optional': optional}
