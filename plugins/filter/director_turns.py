# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: director_turns
short_description: Say in which order directors are changed
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Who has the virtual IP addresses comes last, unless directors do not know each other yet. Then it comes first, so that
    others hear from it as they begin.
positional: seen
options:
  _input:
    description:
      - The directors in the order of the inventory.
    type: list
    elements: str
    required: true
  seen:
    description:
      - By director the number of C(vips) that it has and what becomes of its C(adverts), see
        P(lvs.direct_routing.vrrp_change#filter). Those that are missing are left out.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Say who comes first
  ansible.builtin.debug:
    msg: "{{ (['lb1', 'lb2'] | lvs.direct_routing.director_turns(seen)).order | first }}"
  vars:
    seen:
      lb1: {vips: 2, adverts: same}
      lb2: {vips: 0, adverts: same}
"""

RETURN = r"""
_value:
  description:
    - What is to be done.
  type: dict
  contains:
    order:
      description: The directors in the order in which they are changed.
      type: list
      elements: str
    rest:
      description: Those of them whose keepalived is to be stopped until then.
      type: list
      elements: str
"""

from ansible_collections.lvs.direct_routing.plugins.plugin_utils.keepalived import turn


class FilterModule:
    """The filter."""

    def filters(self):
        return {'director_turns': turn.turns}
