# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: diagnose
short_description: Say what is wrong with a topology, where, why and what to do
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Judges what M(lvs.direct_routing.lvs_host_info#module) and M(lvs.direct_routing.ipvs_info#module) read on the hosts of
    an inventory, with the whole topology in view. Nothing is read here, and nothing is changed.
  - Only what is sure is a finding. Hosts that nothing was read on, as with C(--limit), are not judged.
  - A finding that is only the consequence of another one on the same host is left out. What keeps a real server from answering
    is a warning while nobody is sent there, as while it is drained.
extends_documentation_fragment:
  - lvs.direct_routing.inventory
  - lvs.direct_routing.inventory.groups
positional: groups, hostvars
options:
  hostvars:
    description:
      - The magic variable C(hostvars). Hosts have what C(lvs_host_info) returned as C(lvs_doctor_host), directors also what
        C(ipvs_info) did, with services and daemons, as C(lvs_doctor_table), and, where the host has nft or services have
        firewall marks, what C(ipvs_marks) would change, as C(lvs_doctor_marks). C(lvs_doctor_began) and C(lvs_doctor_ended) are
        the times of the controller around it, in seconds since 1970.
    type: dict
    required: true
seealso:
  - plugin: lvs.direct_routing.verdict
    plugin_type: filter
  - plugin: lvs.direct_routing.realserver_faults
    plugin_type: filter
"""

EXAMPLES = r"""
# playbooks/doctor.yml gathers all that this filter takes.
- name: Say what is wrong, worst first
  ansible.builtin.debug:
    msg: "{{ services | lvs.direct_routing.diagnose(groups, hostvars) | map(attribute='sentence') }}"
"""

RETURN = r"""
_value:
  description:
    - The findings, errors before warnings. None if all is well.
  type: list
  elements: dict
  contains:
    severity:
      description: V(error) if it breaks the service now, V(warning) if it will, as at a reboot, or only may.
      type: str
    kind:
      description: What kind of finding it is, in a word that stays the same.
      type: str
    host:
      description: The host that it is about, or several with commas.
      type: str
    seen:
      description: What is seen there.
      type: str
    why:
      description: Why that breaks LVS in direct routing.
      type: str
    do:
      description: What to do, a variable or a command.
      type: str
    vips:
      description: The VIPs that it is about. Empty where it is about all, or about none in particular.
      type: list
      elements: str
    sentence:
      description: All of it in one sentence.
      type: str
"""

from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import diagnosis, virtual_services


def diagnose(services, groups, hostvars):
    try:
        return [finding.compact() for finding in diagnosis.diagnose(services, groups, hostvars)]
    except virtual_services.InventoryError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """The filter."""

    def filters(self):
        return {'diagnose': diagnose}
