# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: handover
short_description: Say whether a director can give its virtual IP addresses to another one
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Each of the others has to be ready, with all declared services and the same real servers and weights in its table.
extends_documentation_fragment:
  - lvs.direct_routing.inventory
positional: seen, giver
options:
  seen:
    description:
      - By director the list of C(vips) that it has, its C(table) as M(lvs.direct_routing.ipvs_info) returned it, and whether
        its keepalived is C(active).
    type: dict
    required: true
  giver:
    description:
      - The director whose virtual IP addresses are to move. Left empty, it is the only one that has any.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Stop if it would do harm
  ansible.builtin.assert:
    that: plan.faults | length == 0
    fail_msg: "{{ plan.faults }}"
  vars:
    plan: "{{ services | lvs.direct_routing.handover(seen) }}"
"""

RETURN = r"""
_value:
  description:
    - Who gives, and what speaks against it.
  type: dict
  contains:
    giver:
      description: The director that has them now, empty if that cannot be said.
      type: str
    faults:
      description: A sentence for each thing that speaks against it.
      type: list
      elements: str
"""

from ansible_collections.lvs.direct_routing.plugins.plugin_utils.keepalived import handover


class FilterModule:
    """The filter."""

    def filters(self):
        return {'handover': handover.faults}
