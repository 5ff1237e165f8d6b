#!/usr/bin/python
# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipvs_timeouts
short_description: Declare the connection timeouts of IPVS
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Sets how long the kernel's IPVS keeps connections on which nothing happens, with ipvsadm.
  - The timeouts hold for all virtual services of the host and until the next boot. A change applies to a connection with
    its next packet.
extends_documentation_fragment:
  - lvs.direct_routing.attributes
  - lvs.direct_routing.attributes.action_group
  - lvs.direct_routing.ipvs
options:
  tcp:
    description:
      - Timeout of established TCP connections in seconds, V(1) to V(2147483). A fresh kernel has V(900).
      - Left out, it stays as it is. At least one of the three is required.
    type: int
  tcp_fin:
    description:
      - Timeout of TCP connections after a FIN in seconds, V(1) to V(2147483). A fresh kernel has V(120).
      - Left out, it stays as it is.
    type: int
  udp:
    description:
      - Timeout of UDP entries in seconds, V(1) to V(2147483). A fresh kernel has V(300).
      - Left out, it stays as it is.
    type: int
seealso:
  - module: lvs.direct_routing.ipvs_table
  - module: lvs.direct_routing.ipvs_info
"""

EXAMPLES = r"""
- name: Keep idle TCP connections for two hours, as the kernels of the clients do
  lvs.direct_routing.ipvs_timeouts:
    tcp: 7200

- name: Forget datagrams quickly
  lvs.direct_routing.ipvs_timeouts:
    tcp_fin: 60
    udp: 30
"""

RETURN = r"""
commands:
  description:
    - What was, or in check mode would be, given to C(ipvsadm -R). The number 0 keeps a timeout.
  returned: success
  type: list
  elements: str
  sample:
    - --set 7200 0 0
timeouts:
  description:
    - The three timeouts in seconds as they are afterwards, in check mode as they would be.
  returned: success
  type: dict
  contains:
    tcp:
      description: Of established TCP connections.
      type: int
    tcp_fin:
      description: Of TCP connections after a FIN.
      type: int
    udp:
      description: Of UDP entries.
      type: int
  sample: {tcp: 7200, tcp_fin: 120, udp: 300}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import options, task


def run(module):
    return task.converge_timeouts(module, lambda live: options.timeouts(module.params, live))


def main():
    module = AnsibleModule(
        argument_spec=options.TIMEOUTS,
        required_one_of=[list(options.TIMEOUTS)],
        supports_check_mode=True,
    )
    task.finish(module, lambda: run(module))


if __name__ == '__main__':
    main()
