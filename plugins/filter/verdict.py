# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: verdict
short_description: Judge whether a topology works from what its hosts saw
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Takes what M(lvs.direct_routing.vip_probe#module) saw on clients, and what P(lvs.direct_routing.diagnose#filter) takes of all
    hosts, and returns one sentence for each fault.
  - The source MAC of a frame says who answered, so faults name their host. What a client sees and a finding of
    P(lvs.direct_routing.diagnose#filter) explains is not said beside that finding.
extends_documentation_fragment:
  - lvs.direct_routing.inventory
  - lvs.direct_routing.inventory.groups
positional: groups, hostvars
options:
  hostvars:
    description:
      - The magic variable C(hostvars). Hosts have what P(lvs.direct_routing.diagnose#filter) reads. Directors have as well
        what C(ipvs_info) returned with stats before and after the probes, as C(lvs_table_before) and C(lvs_table_after), and
        clients C(lvs_probes), the results of C(vip_probe) in a loop over what P(lvs.direct_routing.probes#filter) returns.
    type: dict
    required: true
seealso:
  - plugin: lvs.direct_routing.diagnose
    plugin_type: filter
"""

EXAMPLES = r"""
# playbooks/verify.yml gathers all that this filter takes.
- name: Fail with one sentence for each fault
  ansible.builtin.assert:
    that: verdict.faults | length == 0
    fail_msg: "{{ verdict.faults }}"
  vars:
    verdict: "{{ services | lvs.direct_routing.verdict(groups, hostvars) }}"
"""

RETURN = r"""
_value:
  description:
    - The faults, the warnings, and a summary of what was seen.
  type: dict
  contains:
    faults:
      description:
        - One sentence for each fault, none if all is well, those that were found on hosts first.
      type: list
      elements: str
    warnings:
      description:
        - One sentence for each finding that breaks nothing now, such as a real server that its check has taken out.
      type: list
      elements: str
    summary:
      description:
        - Two lines for each probe.
      type: list
      elements: str
"""

from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import verdict as judging, virtual_services


def verdict(services, groups, hostvars):
    try:
        return judging.judge(services, groups, hostvars)._asdict()
    except virtual_services.InventoryError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """The filter."""

    def filters(self):
        return {'verdict': verdict}
