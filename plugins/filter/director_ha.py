# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: director_ha
short_description: Say with whom a director of the inventory shares the VIPs
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - The order of the group C(directors) is that in which they take the VIPs, unless C(lvs_ha_groups) gives groups of VIPs orders of
    their own. A service names its group with C(ha_group).
extends_documentation_fragment:
  - lvs.direct_routing.inventory
  - lvs.direct_routing.inventory.groups
  - lvs.direct_routing.inventory.hostvars
positional: host, groups, hostvars
options:
  host:
    description:
      - The name of the director.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Be one of several directors
  vars:
    ha: "{{ services | lvs.direct_routing.director_ha(inventory_hostname, groups, hostvars) }}"
    director_engine: keepalived
    director_ha_peers: "{{ ha.peers }}"
    director_ha_address: "{{ ha.address }}"
    director_ha_priority: "{{ ha.priority }}"
  ansible.builtin.include_role:
    name: lvs.direct_routing.director
"""

RETURN = r"""
_value:
  description:
    - The variables C(director_ha_*) of the role without their prefix. Nothing for a director that is alone.
  type: dict
  contains:
    address:
      description: Its own IPv4 address, or nothing.
      type: str
    address_ipv6:
      description: Its own IPv6 address, or nothing.
      type: str
    peers:
      description: The addresses of the other directors.
      type: list
      elements: str
    priority:
      description: The first director has 254, each next one 10 less.
      type: int
    groups:
      description: The groups of VIPs, if there are any.
      type: list
      elements: dict
    preempt:
      description: V(true) where there are groups, or who is up first would keep all of them.
      type: bool
    preempt_delay:
      description: Where there are groups, the seconds after which a director that is back has heard of all connections.
      type: int
"""

from ansible_collections.lvs.direct_routing.plugins.plugin_utils.keepalived import share


class FilterModule:
    """The filter."""

    def filters(self):
        return {'director_ha': share.of}
