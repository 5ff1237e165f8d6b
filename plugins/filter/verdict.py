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
  - Takes what M(lvs.direct_routing.vip_probe#module) saw on clients and what facts and
    M(lvs.direct_routing.ipvs_info#module) say of the other hosts, and returns one sentence for each fault.
  - The source MAC of a frame says who answered, so faults name their host.
extends_documentation_fragment:
  - lvs.direct_routing.inventory
  - lvs.direct_routing.inventory.groups
positional: groups, hostvars
options:
  hostvars:
    description:
      - The magic variable C(hostvars). Directors and real servers have network facts, directors also what C(ipvs_info)
        with stats returned before and after the probes, as C(lvs_table_before) and C(lvs_table_after), and C(director_engine)
        if it is not V(static), and clients have C(lvs_probes), the results of C(vip_probe) in a loop over what P(lvs.direct_routing.probes#filter) returns.
    type: dict
    required: true
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
        - One sentence for each fault, none if all is well.
      type: list
      elements: str
    warnings:
      description:
        - One sentence for each real server that its check has taken out, which is no fault of the director.
      type: list
      elements: str
    summary:
      description:
        - Two lines for each probe.
      type: list
      elements: str
"""

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import verdict as judging


def verdict(services, groups, hostvars):
    def hosts(group):
        return [judging.host_of(name, hostvars[name]['ansible_facts'], hostvars[name].get('realserver_vip_interface'))
                for name in groups.get(group, ())]

    def tables(variable):
        return {name: hostvars[name][variable] for name in groups.get('directors', ())}

    topology = judging.Topology(hosts('directors'), hosts('realservers'))
    probes = [
        judging.Probe(client, *seen['item'], seen)
        for client in groups.get('clients', ())
        for seen in hostvars[client]['lvs_probes']['results']
    ]
    engines = {name: hostvars[name].get('director_engine') or 'static' for name in groups.get('directors', ())}
    judged = judging.judge(services, probes, topology, tables('lvs_table_before'), tables('lvs_table_after'), engines)
    return {
        'faults': judged.faults,
        'warnings': judged.warnings,
        'summary': [line for probe in probes for line in judging.summary(probe, topology)],
    }


class FilterModule:
    """The filter."""

    def filters(self):
        return {'verdict': verdict}
