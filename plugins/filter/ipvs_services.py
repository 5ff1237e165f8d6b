# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: ipvs_services
short_description: Turn virtual services into what ipvs_table takes
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Makes one IPVS service of each port of each virtual service, and checks all of them on the controller.
extends_documentation_fragment:
  - lvs.direct_routing.inventory
options:
  variable:
    description:
      - The name of the list in messages.
    type: str
    default: services
seealso:
  - plugin: lvs.direct_routing.resolve_virtual_services
    plugin_type: filter
  - module: lvs.direct_routing.ipvs_table
"""

EXAMPLES = r"""
- name: Declare a table
  lvs.direct_routing.ipvs_table:
    services: "{{ director_virtual_services | lvs.direct_routing.ipvs_services }}"
"""

RETURN = r"""
_value:
  description:
    - Services for M(lvs.direct_routing.ipvs_table#module).
  type: list
  elements: dict
"""

from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import virtual_services


def ipvs_services(services, variable='services'):
    try:
        return virtual_services.ipvs_services(services, variable)
    except virtual_services.InventoryError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """The filter."""

    def filters(self):
        return {'ipvs_services': ipvs_services}
