# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: virtual_service_faults
short_description: Find every mistake in virtual services and the hosts they name
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Takes what P(lvs.direct_routing.resolve_virtual_services#filter) takes, and returns one sentence for each mistake that
    it would fail with, rather than the first one only. All of it happens on the controller.
  - A sentence names the key of the inventory, for example C(web1.lvs_weight).
  - Beside what resolving would find, an empty or missing group C(directors) is a mistake if there are services.
extends_documentation_fragment:
  - lvs.direct_routing.inventory.groups
positional: groups, hostvars
options:
  _input:
    description:
      - Virtual services in the form of C(lvs_virtual_services). None, for a variable that is not set, is a
        mistake of its own, while an empty list is right.
    type: list
    elements: dict
    required: true
  hostvars:
    description:
      - The magic variable C(hostvars). What is looked at is said in P(lvs.direct_routing.resolve_virtual_services#filter).
    type: dict
    required: true
  variable:
    description:
      - The name of the list in messages.
    type: str
    default: lvs_virtual_services
seealso:
  - plugin: lvs.direct_routing.resolve_virtual_services
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Find every mistake before a host is touched
  ansible.builtin.assert:
    that: faults | length == 0
    fail_msg: "{{ faults }}"
    quiet: true
  vars:
    faults: "{{ lvs_virtual_services | default(none) | lvs.direct_routing.virtual_service_faults(groups, hostvars) }}"
  run_once: true
"""

RETURN = r"""
_value:
  description:
    - One sentence for each mistake, none if all is well.
  type: list
  elements: str
  sample:
    - "lvs_virtual_services[0] (web).vip: 192.0.2.21 is the address of the host web1 itself; a VIP is an address of its own"
    - "web2.lvs_weight: 70000 is outside 0..65535"
"""

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import virtual_services


def virtual_service_faults(services, groups, hostvars, variable='lvs_virtual_services'):
    return virtual_services.faults(services, groups, hostvars, variable)


class FilterModule:
    """The filter."""

    def filters(self):
        return {'virtual_service_faults': virtual_service_faults}
