# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: keepalived_faults
short_description: Say what keepalived cannot do of virtual services
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Returns one sentence for each mistake in health checks, quorum and sorry servers, and for what keepalived, or a version of
    it, does not know. keepalived itself takes much of that without a word.
extends_documentation_fragment:
  - lvs.direct_routing.inventory
positional: variable, vip, ha, version
options:
  variable:
    description:
      - The name under which the user knows the list, for messages.
    type: str
    default: services
  vip:
    description:
      - How VIPs are on the network card, with C(interface), C(prefix), C(prefix_ipv6) and C(label). Needed with O(ha).
    type: dict
    default: {}
  ha:
    description:
      - With whom the director shares the VIPs, in the terms of the role's variables C(director_ha_*) without their prefix.
        Without C(peers) there in it is alone, and keepalived leaves the VIPs to others.
    type: dict
    default: {}
  version:
    description:
      - The version of keepalived, for example V(2.2.7). Left empty, no version is judged.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Stop before anything is changed
  ansible.builtin.assert:
    that: faults | length == 0
    fail_msg: "{{ faults }}"
  vars:
    faults: "{{ services | lvs.direct_routing.keepalived_faults }}"
"""

RETURN = r"""
_value:
  description:
    - Sentences, each with the key of the inventory.
  type: list
  elements: str
"""

from ansible_collections.lvs.direct_routing.plugins.plugin_utils.keepalived import configuration


def keepalived_faults(services, variable='services', vip=None, ha=None, version=''):
    return configuration.faults(configuration.director(services, variable, vip, ha), version)


class FilterModule:
    """The filter."""

    def filters(self):
        return {'keepalived_faults': keepalived_faults}
