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
  - Finds every mistake on the controller, before a host is touched, and names the key of the inventory. Fails with the
    first one; P(lvs.direct_routing.virtual_service_faults#filter) returns all of them.
extends_documentation_fragment:
  - lvs.direct_routing.inventory.groups
positional: groups, hostvars
options:
  _input:
    description:
      - Virtual services in the form of C(lvs_virtual_services).
    type: list
    elements: dict
    required: true
  hostvars:
    description:
      - The magic variable C(hostvars). Of a host in a group, C(lvs_address), C(lvs_address_ipv6), or else
        C(ansible_host) say its address, C(lvs_weight) its weight, and C(lvs_drained) makes its weight 0.
      - Of a director, C(lvs_networks) lists the networks that it is attached to, as V(192.0.2.0/24). If every host of the
        group C(directors) has it, a VIP outside all of these networks is a mistake. Without it that cannot be judged.
    type: dict
    required: true
  variable:
    description:
      - The name of the list in messages.
    type: str
    default: lvs_virtual_services
seealso:
  - plugin: lvs.direct_routing.virtual_service_faults
    plugin_type: filter
  - plugin: lvs.direct_routing.firewall_marks
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show which real servers each service has
  ansible.builtin.debug:
    msg: "{{ lvs_virtual_services | lvs.direct_routing.resolve_virtual_services(groups, hostvars) }}"
"""

RETURN = r"""
_value:
  description:
    - The same services, with RV(_value[].realservers) as lists of real servers and RV(_value[].ports) as lists of ports.
  type: list
  elements: dict
  contains:
    ports:
      description:
        - Ports as numbers, and ranges of ports of a service with C(fwmark) as texts, for example V(1024-2047). Not there
          if the service has no ports.
      type: list
      elements: raw
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
