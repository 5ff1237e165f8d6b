# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: lvs_hosts
short_description: List the real servers and directors of an inventory
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Returns the hosts of the groups C(realservers) and C(directors), each once.
  - If both groups are empty or missing, returns all hosts, so that the play runs and can say so. A play without hosts is skipped.
options:
  _input:
    description:
      - Ansible's C(groups).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Ask every host of the deployment
  hosts: "{{ groups | lvs.direct_routing.lvs_hosts }}"
  tasks:
    - name: Look at the host
      lvs.direct_routing.lvs_host_info:
"""

RETURN = r"""
_value:
  description:
    - Names of hosts of the inventory.
  type: list
  elements: str
"""

# A playbook whose first play names its hosts with this filter also loads all of the collection's filters, once, in Ansible's own
# process. Otherwise each task of each host that uses one of them loads them all again, in a process of its own.


def lvs_hosts(groups):
    return list(dict.fromkeys([*groups.get('realservers', []), *groups.get('directors', [])])) or list(groups['all'])


class FilterModule:
    """The filter."""

    def filters(self):
        return {'lvs_hosts': lvs_hosts}
