# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: keepalived_configuration
short_description: Write keepalived.conf for virtual services
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Returns the configuration with which keepalived makes the same table as M(lvs.direct_routing.ipvs_table), and takes real
    servers out that fail their health check.
  - What keepalived would take without a word and then not do is a failure, see
    P(lvs.direct_routing.keepalived_faults#filter).
  - C(keepalived --config-test) has to be called with C(--config-id lvs_test). With another user than root for the program of
    a check, version 2.2.7 kills itself as it tests.
extends_documentation_fragment:
  - lvs.direct_routing.inventory
positional: variable, vip, ha
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
"""

EXAMPLES = r"""
- name: Have the configuration
  ansible.builtin.copy:
    content: "{{ services | lvs.direct_routing.keepalived_configuration }}"
    dest: /etc/keepalived/keepalived.conf
    mode: "0640"
"""

RETURN = r"""
_value:
  description:
    - The text of C(keepalived.conf).
  type: str
"""

from ansible_collections.lvs.direct_routing.plugins.plugin_utils.keepalived import configuration


def keepalived_configuration(services, variable='services', vip=None, ha=None):
    return configuration.configuration(configuration.director(services, variable, vip, ha))


class FilterModule:
    """The filter."""

    def filters(self):
        return {'keepalived_configuration': keepalived_configuration}
