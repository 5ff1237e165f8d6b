# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: drain_record
short_description: Say who is drained from the records of several directors
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Returns the newest of the records that M(lvs.direct_routing.lvs_drains#module) read, and of two that are equally new
    what either of them has.
options:
  _input:
    description:
      - What the module returned on each director.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Read who is drained
  lvs.direct_routing.lvs_drains:
  register: seen

- name: Know who is drained
  ansible.builtin.set_fact:
    drained: "{{ groups.directors | map('extract', hostvars, 'seen') | lvs.direct_routing.drain_record }}"
"""

RETURN = r"""
_value:
  description:
    - The record, in the terms of M(lvs.direct_routing.lvs_drains#module).
  type: dict
  contains:
    serial:
      description:
        - The serial number.
      type: int
    drains:
      description:
        - The drained hosts, each with C(host), C(since), C(by), C(until) and C(reason).
      type: list
      elements: dict
"""

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import drains


class FilterModule:
    """The filter."""

    def filters(self):
        return {'drain_record': drains.newest}
