# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: firewall_marks
short_description: List the firewall marks that virtual services need
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - A virtual service with C(fwmark) and C(port) or C(ports) is one IPVS service for all packets to these ports of its VIP.
    This filter says which packets have to get the mark for that.
  - A service with C(fwmark) alone is left out, since marking its packets is up to the user.
  - Fails if packets would get two marks, or if a mark takes them away from a service of their own.
extends_documentation_fragment:
  - lvs.direct_routing.inventory
options:
  variable:
    description:
      - The name of the list in messages.
    type: str
    default: services
"""

EXAMPLES = r"""
- name: Show which packets are to be marked
  vars:
    services: "{{ lvs_virtual_services | lvs.direct_routing.resolve_virtual_services(groups, hostvars) }}"
  ansible.builtin.debug:
    msg: "{{ services | lvs.direct_routing.firewall_marks }}"
"""

RETURN = r"""
_value:
  description:
    - What to mark, in order of family and mark, whatever the order of the services is.
  type: list
  elements: dict
  contains:
    vip:
      description: Where packets go to.
      type: str
    protocol:
      description: V(tcp), V(udp) or V(sctp).
      type: str
    ports:
      description: Ports, and ranges of them as V(1024-2047), in ascending order. None overlaps another.
      type: list
      elements: str
    mark:
      description: What they get as mark.
      type: int
  sample:
    - {vip: 192.0.2.100, protocol: tcp, ports: ["80", "443"], mark: 7}
"""

from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import virtual_services


def firewall_marks(services, variable='services'):
    try:
        return virtual_services.firewall_marks(services, variable)
    except virtual_services.InventoryError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """The filter."""

    def filters(self):
        return {'firewall_marks': firewall_marks}
