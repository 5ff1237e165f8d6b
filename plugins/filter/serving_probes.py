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
  - Returns pairs of a service and one of its ports, as P(lvs.direct_routing.probes#filter) does, of those services that a host
    serves at the VIP itself. With V(nat) it does not.
positional: host, hostvars
options:
  _input:
    description:
      - Virtual services with explicit real servers, as P(lvs.direct_routing.resolve_virtual_services#filter) returns
        them.
    type: list
    elements: dict
    required: true
  host:
    description:
      - The name of the host.
    type: str
    required: true
  hostvars:
    description:
      - The magic variable C(hostvars).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Ask this host for each of its services
  lvs.direct_routing.vip_probe:
    address: "{{ item.0.vip }}"
    port: "{{ item.1 }}"
  loop: "{{ services | lvs.direct_routing.serving_probes(inventory_hostname, hostvars) }}"
"""

RETURN = r"""
_value:
  description:
    - Pairs of a service and a port.
  type: list
  elements: list
"""

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import serving


class FilterModule:
    """The filter."""

    def filters(self):
        return {'serving_probes': serving.probes}
