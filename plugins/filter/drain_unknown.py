# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: drain_unknown
short_description: Find names in a pattern of hosts that are in no inventory
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Ansible only warns of a name that it does not know, and takes the rest of the pattern.
extends_documentation_fragment:
  - lvs.direct_routing.inventory.groups
positional: groups
options:
  _input:
    description:
      - A pattern of hosts. What is more than names with commas between them is not judged.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Refuse a name that is misspelt
  ansible.builtin.assert:
    that: drain_hosts | lvs.direct_routing.drain_unknown(groups) | length == 0
"""

RETURN = r"""
_value:
  description:
    - The names that are neither a host nor a group.
  type: list
  elements: str
"""

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import drains


class FilterModule:
    """The filter."""

    def filters(self):
        return {'drain_unknown': drains.unknown_hosts}
