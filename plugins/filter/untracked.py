# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: untracked
short_description: List the VIPs and ports of which a director leaves packets untracked
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - In direct routing a director sees only what clients send. Connection tracking takes what ends such a connection (FIN and
    RST of TCP), and all but the first packet of SCTP, for invalid, and most firewalls drop what is invalid. Real servers then
    never hear that a client has gone.
  - This filter says to which VIPs and ports such packets should not be tracked, as the option C(untracked) of
    M(lvs.direct_routing.ipvs_marks) takes it. UDP is left out, since it has no invalid packets.
  - A service with C(fwmark) alone is left out, since nothing is known of its packets. So is one whose connections the director may
    see in both directions, because it would keep a connection for days whose end it does not track.
positional: sysctls, own
options:
  _input:
    description:
      - Virtual services, as P(lvs.direct_routing.resolve_virtual_services#filter) returns them.
    type: list
    elements: dict
    required: true
  sysctls:
    description:
      - Kernel parameters of the director, as O(lvs.direct_routing.director#role:director_sysctls). If C(net.ipv4.vs.conntrack)
        is V(1) there, services with a real server behind address translation are left out.
    type: dict
    default: {}
  own:
    description:
      - Addresses of the director. Services are left out that it is a real server of.
    type: list
    elements: str
    default: []
seealso:
  - plugin: lvs.direct_routing.firewall_marks
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show of which VIPs and ports packets are left untracked
  vars:
    services: "{{ lvs_virtual_services | lvs.direct_routing.resolve_virtual_services(groups, hostvars) }}"
  ansible.builtin.debug:
    msg: "{{ services | lvs.direct_routing.untracked }}"
"""

RETURN = r"""
_value:
  description:
    - VIPs and ports, each VIP and protocol once.
  type: list
  elements: dict
  contains:
    vip:
      description: Where packets go to.
      type: str
    protocol:
      description: V(tcp) or V(sctp).
      type: str
    ports:
      description: Ports, and ranges of them as V(1024-2047). Empty for every port.
      type: list
      elements: str
  sample:
    - {vip: 192.0.2.100, protocol: tcp, ports: ["80", "443"]}
"""

from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import firewall, inventory


def untracked(services, sysctls=None, own=()):
    try:
        return firewall.untracked(services, sysctls, own)
    except inventory.InventoryError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """The filter."""

    def filters(self):
        return {'untracked': untracked}
