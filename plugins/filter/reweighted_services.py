# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: reweighted_services
short_description: Declare the weights of some real servers, and everything else as it is
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Returns services for M(lvs.direct_routing.ipvs_table#module) that have nothing but these real servers, with their declared
    weight and all other settings as they are live. What is not in the table is left out.
positional: targets
options:
  _input:
    description:
      - The services that M(lvs.direct_routing.ipvs_info#module) returned.
    type: list
    elements: dict
    required: true
  targets:
    description:
      - What P(lvs.direct_routing.drain_targets#filter) returns.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Give these real servers their weights
  lvs.direct_routing.ipvs_table:
    services: "{{ table.services | lvs.direct_routing.reweighted_services(targets) }}"
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
        return {'reweighted_services': drains.reweighted}
