# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: vips
short_description: List the virtual IPs of virtual services
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Returns each VIP once, in the order of the services.
extends_documentation_fragment:
  - lvs.direct_routing.inventory
"""

EXAMPLES = r"""
- name: Show which VIPs there are
  vars:
    services: "{{ lvs_virtual_services | lvs.direct_routing.resolve_virtual_services(groups, hostvars) }}"
  ansible.builtin.debug:
    msg: "{{ services | lvs.direct_routing.vips }}"
"""

RETURN = r"""
_value:
  description:
    - Addresses.
  type: list
  elements: str
"""

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import virtual_services


class FilterModule:
    """The filter."""

    def filters(self):
        return {'vips': virtual_services.vips}
