# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: director_parameters
short_description: Say which kernel parameters a director needs
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Returns kernel parameters for M(lvs.direct_routing.lvs_sysctl).
  - C(ip_forward) is off unless a real server is behind address translation. Direct routing and tunnels do without, since
    IPVS itself sends the packets, and a host that forwards nothing is no way around a firewall.
  - C(send_redirects) is off for all interfaces, for new ones and for the VIPs' one. Otherwise the director tells clients of
    its own segment to go to a real server directly.
  - C(rp_filter) of the VIPs' interface is loose, V(2), so that requests come in whichever way the replies go.
  - C(conn_reuse_mode) is V(3), so that a client that uses a port again is served as a new one. Otherwise it goes where its
    last connection from that port went, by the way that one went, for two minutes after that has ended. Leave it V(1) where
    C(net.ipv4.vs.conntrack) is on and the kernel is older than 5.9, which would drop the first packet of such a connection.
  - C(expire_nodest_conn) and C(expire_quiescent_template) are on, so that clients of a real server that is taken out turn
    to another one.
  - C(backup_only) is on where the host is a real server of its own services.
  - With O(alone), C(keep_addr_on_down) of the VIPs' interface is on where there are VIPs of IPv6, which would be gone after it was down.
  - With O(synchronised), C(sync_threshold) is V(3 0) and C(sync_refresh_period) is V(10), so that another director hears of
    each connection at the beginning and, while it carries packets, every ten seconds.
extends_documentation_fragment:
  - lvs.direct_routing.inventory
positional: interface, forward, own, overrides, synchronised, alone
options:
  interface:
    description:
      - The network interface of the VIPs.
    type: str
    required: true
  forward:
    description:
      - Whether the host forwards packets, V(auto), V(on) or V(off).
    type: str
    default: auto
  own:
    description:
      - The host's own addresses.
    type: list
    elements: str
    default: []
  overrides:
    description:
      - Parameters, in dot or slash form, that are to have another value, or none to be left as they are.
    type: dict
    default: {}
  synchronised:
    description:
      - Whether directors tell each other of their connections.
    type: bool
    default: false
  alone:
    description:
      - Whether it has the VIPs by itself, not in turn with other directors.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Show what a director would set
  ansible.builtin.debug:
    msg: "{{ services | lvs.direct_routing.director_parameters('eth0', overrides={'net.ipv4.vs.sloppy_tcp': 1}) }}"
"""

RETURN = r"""
_value:
  description:
    - The parameters.
  type: dict
  contains:
    parameters:
      description: Values by key in slash form.
      type: dict
    optional:
      description: The keys that a kernel may not have.
      type: list
      elements: str
"""

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import director


class FilterModule:
    """The filter."""

    def filters(self):
        return {'director_parameters': director.parameters}
