# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: vrrp_change
short_description: Say what becomes of the adverts of a keepalived that loads another configuration
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Compares two texts of C(keepalived.conf) that P(lvs.direct_routing.keepalived_configuration#filter) wrote.
positional: loaded
options:
  _input:
    description:
      - The text that is to be loaded.
    type: str
    required: true
  loaded:
    description:
      - The text that is loaded now, empty if there is none.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Say whether the other directors would still know this one
  ansible.builtin.debug:
    msg: "{{ text | lvs.direct_routing.vrrp_change(lookup('ansible.builtin.file', '/run/lvs-keepalived.conf')) }}"
"""

RETURN = r"""
_value:
  description:
    - V(same), V(peers) if they go to other directors, V(router) if these directors would not know them for their own any
      more, or V(new) if there have been none.
  type: str
"""

from ansible_collections.lvs.direct_routing.plugins.plugin_utils.keepalived import turn


class FilterModule:
    """The filter."""

    def filters(self):
        return {'vrrp_change': turn.change}
