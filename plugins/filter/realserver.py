# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: realserver
short_description: Say what a host is as a real server of virtual services
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Returns what the role P(lvs.direct_routing.realserver#role) wants to know of a host.
  - A host that is listed by its address is recognised as well as one that is listed by its name.
extends_documentation_fragment:
  - lvs.direct_routing.inventory
  - lvs.direct_routing.inventory.groups
  - lvs.direct_routing.inventory.hostvars
positional: host, groups, hostvars
options:
  host:
    description:
      - The host's name in the inventory.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Be a real server
  vars:
    services: "{{ lvs_virtual_services | lvs.direct_routing.resolve_virtual_services(groups, hostvars) }}"
    mine: "{{ services | lvs.direct_routing.realserver(inventory_hostname, groups, hostvars) }}"
    realserver_vips: "{{ mine.vips }}"
    realserver_forward: "{{ mine.forward }}"
  ansible.builtin.include_role:
    name: lvs.direct_routing.realserver
"""

RETURN = r"""
_value:
  description:
    - What the host is as a real server.
  type: dict
  contains:
    vips:
      description: The VIPs of its services, each once, without those of services with V(nat).
      type: list
      elements: str
    forward:
      description: V(tun) if packets of any service reach it through a tunnel, or else V(dr).
      type: str
    address:
      description: Its own IPv4 address, or nothing.
      type: str
    directors:
      description: The addresses of the directors.
      type: list
      elements: str
    peers:
      description: The addresses of the other real servers.
      type: list
      elements: str
    services:
      description: VIP, port or range of ports, and protocol of each port of its services.
      type: list
      elements: dict
    checks:
      description:
        - Address, port and protocol of what the health checks of a director with keepalived ask this host itself. Without what
          asks no port, and without the type V(misc), of which nothing is known.
      type: list
      elements: dict
"""

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import virtual_services


class FilterModule:
    """The filter."""

    def filters(self):
        return {'realserver': virtual_services.realserver}
