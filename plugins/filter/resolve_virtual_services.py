# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: resolve_virtual_services
short_description: Replace groups of real servers by the addresses of their hosts
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Turns virtual services as an inventory declares them into explicit ones, as the roles take them.
  - Finds every mistake on the controller, before a host is touched, and names the key of the inventory.
positional: groups, hostvars
options:
  _input:
    description:
      - Virtual services in the form of C(lvs_virtual_services).
    type: list
    elements: dict
    required: true
  groups:
    description:
      - The magic variable C(groups).
    type: dict
    required: true
  hostvars:
    description:
      - The magic variable C(hostvars). Of a host in a group, C(lvs_address), C(lvs_address_ipv6), or else
        C(ansible_host) say its address, C(lvs_weight) its weight, and C(lvs_drained) makes its weight 0.
    type: dict
    required: true
  variable:
    description:
      - The name of the list in messages.
    type: str
    default: lvs_virtual_services
"""

EXAMPLES = r"""
- name: Show which real servers each service has
  ansible.builtin.debug:
    msg: "{{ lvs_virtual_services | lvs.direct_routing.resolve_virtual_services(groups, hostvars) }}"
"""

RETURN = r"""
_value:
  description:
    - The same services, with RV(_value[].realservers) as lists of real servers.
  type: list
  elements: dict
  contains:
    realservers:
      description:
        - Real servers with C(name), C(address), C(weight) and further settings.
      type: list
      elements: dict
"""

from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import virtual_services


def resolve_virtual_services(services, groups, hostvars, variable='lvs_virtual_services'):
    try:
        return virtual_services.resolve(services, groups, hostvars, variable)
    except virtual_services.InventoryError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """The filter."""

    def filters(self):
        return {'resolve_virtual_services': resolve_virtual_services}
