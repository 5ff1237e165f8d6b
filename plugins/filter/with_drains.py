# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: with_drains
short_description: Give drained hosts weight 0 in virtual services
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Returns the services with weight 0 for each real server that is a drained host, by its name or by its address.
extends_documentation_fragment:
  - lvs.direct_routing.inventory
  - lvs.direct_routing.inventory.hostvars
positional: record, hostvars
options:
  record:
    description:
      - The record of drained hosts, as P(lvs.direct_routing.drain_record#filter) returns it.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Know the services as they are with these hosts drained
  ansible.builtin.set_fact:
    services: "{{ services | lvs.direct_routing.with_drains(record, hostvars) }}"
"""

RETURN = r"""
_value:
  description:
    - The services.
  type: list
  elements: dict
"""

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import drains


class FilterModule:
    """The filter."""

    def filters(self):
        return {'with_drains': drains.drained}
