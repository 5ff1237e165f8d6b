# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: drain_targets
short_description: List what hosts are in the IPVS table
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Returns each real server of each IPVS service that one of the hosts is, in the terms of
    M(lvs.direct_routing.drain_wait#module), with its declared weight.
extends_documentation_fragment:
  - lvs.direct_routing.inventory
  - lvs.direct_routing.inventory.hostvars
positional: hosts, hostvars
options:
  hosts:
    description:
      - Names of hosts.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Wait for the connections of web1
  lvs.direct_routing.drain_wait:
    realservers: "{{ services | lvs.direct_routing.drain_targets(['web1'], hostvars) }}"
"""

RETURN = r"""
_value:
  description:
    - The real servers.
  type: list
  elements: dict
"""

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import drains


class FilterModule:
    """The filter."""

    def filters(self):
        return {'drain_targets': drains.targets}
