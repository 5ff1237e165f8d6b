# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What filters are given of the inventory."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragments `lvs.direct_routing.inventory`, `.inventory.groups` and `.inventory.hostvars`."""

    DOCUMENTATION = r"""
options:
  _input:
    description:
      - Virtual services with explicit real servers, as P(lvs.direct_routing.resolve_virtual_services#filter) returns them.
    type: list
    elements: dict
    required: true
"""

    GROUPS = r"""
options:
  groups:
    description:
      - The magic variable C(groups). Directors, real servers and clients are the hosts of the groups C(directors), C(realservers)
        and C(clients).
    type: dict
    required: true
"""

    HOSTVARS = r"""
options:
  hostvars:
    description:
      - The magic variable C(hostvars).
    type: dict
    required: true
"""
