# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: reweighted_configuration
short_description: Change the weights of some real servers in keepalived.conf
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Returns a configuration that P(lvs.direct_routing.keepalived_configuration#filter) has made, with the declared weight of
    these real servers and nothing else changed.
positional: targets
options:
  _input:
    description:
      - The text of C(keepalived.conf).
    type: str
    required: true
  targets:
    description:
      - What P(lvs.direct_routing.drain_targets#filter) returns.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Have the configuration with these weights
  ansible.builtin.copy:
    content: "{{ seen.content | b64decode | lvs.direct_routing.reweighted_configuration(targets) }}"
    dest: /etc/keepalived/keepalived.conf
    mode: "0640"
"""

RETURN = r"""
_value:
  description:
    - The text.
  type: str
"""

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import drains


class FilterModule:
    """The filter."""

    def filters(self):
        return {'reweighted_configuration': drains.reweighted_configuration}
