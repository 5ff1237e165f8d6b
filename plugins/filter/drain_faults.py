# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: drain_faults
short_description: Find services that would have no real server left
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Says of each virtual service that has a real server now, and would have none while a batch of hosts is out, why the others
    are no help, on which director.
  - A real server helps if it is declared with a weight and has one in the table. So one that a health check took out does not.
extends_documentation_fragment:
  - lvs.direct_routing.inventory.hostvars
positional: batches, hostvars, tables, record
options:
  _input:
    description:
      - Virtual services as P(lvs.direct_routing.with_drains#filter) returns them.
    type: list
    elements: dict
    required: true
  batches:
    description:
      - Lists of names of hosts that are out at the same time.
    type: list
    elements: list
    required: true
  tables:
    description:
      - What M(lvs.direct_routing.ipvs_info#module) returned on each director, by its name.
    type: dict
    required: true
  record:
    description:
      - The record of drained hosts, as P(lvs.direct_routing.drain_record#filter) returns it.
    type: dict
    required: true
  back:
    description:
      - Names of hosts that will have been put back by then, so that they help though they have no weight yet.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Refuse to empty a service
  ansible.builtin.assert:
    that: faults | length == 0
    fail_msg: "{{ faults }}"
  vars:
    faults: "{{ services | lvs.direct_routing.drain_faults([['web1', 'web2']], hostvars, {'lb1': table}, record) }}"
"""

RETURN = r"""
_value:
  description:
    - A sentence for each such service.
  type: list
  elements: str
"""

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import drains


class FilterModule:
    """The filter."""

    def filters(self):
        return {'drain_faults': drains.emptied}
