# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: serving_probes
short_description: List what a real server is to answer at its VIPs
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Returns what to ask a host for with M(lvs.direct_routing.vip_probe#module) from a director, as a director's packets reach it.
    With V(nat) it does not have the VIP, so there is nothing to ask for.
extends_documentation_fragment:
  - lvs.direct_routing.inventory
  - lvs.direct_routing.inventory.hostvars
positional: host, hostvars
options:
  host:
    description:
      - The name of the host.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Ask this host for each of its services, from each director
  lvs.direct_routing.vip_probe:
    address: "{{ item.0.service.vip }}"
    port: "{{ item.0.port }}"
    real_server: "{{ item.0.real_server or omit }}"
    forward: "{{ item.0.forward }}"
  loop: "{{ services | lvs.direct_routing.serving_probes(inventory_hostname, hostvars) | product(groups.directors) }}"
  delegate_to: "{{ item.1 if item.0.real_server else inventory_hostname }}"
"""

RETURN = r"""
_value:
  description:
    - One entry for each port of each service that clients can ask for, see P(lvs.direct_routing.probes#filter).
  type: list
  elements: dict
  contains:
    service:
      description: The service, as it was given.
      type: dict
    port:
      description: One of its ports.
      type: int
    request:
      description: What to ask for there, see P(lvs.direct_routing.probes#filter).
      type: dict
    real_server:
      description:
        - The address to which directors send. Empty where it cannot be asked from a director, by HTTPS, through a tunnel of
          another type than ipip, or in packets of another IP version. Then ask the host itself.
      type: str
    forward:
      description: How they send, V(dr) or V(tun).
      type: str
"""

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import serving


class FilterModule:
    """The filter."""

    def filters(self):
        return {'serving_probes': serving.probes}
