#!/usr/bin/python
# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipvs_info
short_description: Read the IPVS table of a director
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Returns the kernel's virtual services and real servers as structured data, in the terms of
    M(lvs.direct_routing.ipvs_table), with exact counters on request.
extends_documentation_fragment:
  - lvs.direct_routing.attributes
  - lvs.direct_routing.attributes.info
  - lvs.direct_routing.attributes.action_group
  - lvs.direct_routing.ipvs
options:
  gather:
    description:
      - What to read. V(services) are the entries with their settings, V(stats) adds the counters of each.
    type: list
    elements: str
    choices: [services, stats]
    default: [services]
seealso:
  - module: lvs.direct_routing.ipvs_table
"""

EXAMPLES = r"""
- name: Read the table with its counters
  lvs.direct_routing.ipvs_info:
    gather: [services, stats]
  register: director_table
"""

RETURN = r"""
services:
  description:
    - The virtual services, sorted, each with its real servers. Settings that do not apply are left out.
  returned: success
  type: list
  elements: dict
  sample:
    - address: 192.0.2.100
      port: 80
      protocol: tcp
      family: ipv4
      scheduler: wrr
      stats: {connections: 12, packets_in: 60, packets_out: 0, bytes_in: 4800, bytes_out: 0}
      realservers:
        - address: 192.0.2.21
          port: 80
          forward: dr
          weight: 2
          upper_threshold: 0
          lower_threshold: 0
          stats: {connections: 8, packets_in: 40, packets_out: 0, bytes_in: 3200, bytes_out: 0}
ruleset:
  description:
    - The same in the words of C(ipvsadm -Sn), with thresholds.
  returned: success
  type: list
  elements: str
  sample:
    - -A -t 192.0.2.100:80 -s wrr
    - -a -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 2
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import task


def main():
    module = AnsibleModule(
        argument_spec={
            'gather': {'type': 'list', 'elements': 'str', 'choices': ['services', 'stats'], 'default': ['services']},
        },
        supports_check_mode=True,
    )
    task.finish(module, lambda: task.inform(module, module.params['gather']))


if __name__ == '__main__':
    main()
