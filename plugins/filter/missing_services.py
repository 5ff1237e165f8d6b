# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: missing_services
short_description: Say which virtual services are not in a table
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Looks at services only, whatever their real servers and settings are.
extends_documentation_fragment:
  - lvs.direct_routing.inventory
positional: table
options:
  table:
    description:
      - What M(lvs.direct_routing.ipvs_info) returned.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Wait until keepalived has filled the table
  lvs.direct_routing.ipvs_info:
    gather: [services]
  register: table
  until: services | lvs.direct_routing.missing_services(table) | length == 0
"""

RETURN = r"""
_value:
  description:
    - A name for each that is missing.
  type: list
  elements: str
  sample: ["service tcp 192.0.2.100:80"]
"""

from ansible_collections.lvs.direct_routing.plugins.plugin_utils.keepalived import handover


class FilterModule:
    """The filter."""

    def filters(self):
        return {'missing_services': handover.missing}
