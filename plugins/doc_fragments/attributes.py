# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What every module of the collection supports: a module that differs says so in its own `attributes`."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragments `lvs.direct_routing.attributes`, `.attributes.info` and `.attributes.action_group`."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the target.
    support: full
  diff_mode:
    description: Returns details on what has changed, or would change in C(check_mode), when in diff mode.
    support: full
  idempotent:
    description:
      - When run twice in a row outside check mode with the same options, the second run indicates no change.
      - This assumes that nothing else changed the host in between.
    support: full
  platform:
    description: Target operating systems.
    platforms: linux
    support: full
"""

    # In place of the standard fragment.
    INFO = r"""
options: {}
attributes:
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying the target.
    support: full
    details:
      - This module does not modify the target.
  diff_mode:
    description: Returns details on what has changed, or would change in C(check_mode), when in diff mode.
    support: N/A
    details:
      - This module does not modify the target.
  idempotent:
    description:
      - When run twice in a row outside check mode with the same options, the second run indicates no change.
      - This assumes that nothing else changed the host in between.
    support: full
    details:
      - This module does not modify the target.
  platform:
    description: Target operating systems.
    platforms: linux
    support: full
"""

    # Beside the standard fragment or the one for info modules.
    ACTION_GROUP = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/lvs.direct_routing.lvs) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - lvs.direct_routing.lvs
"""
