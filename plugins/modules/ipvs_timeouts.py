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
  - With O(record), they are kept in a file for the next boot, together with those that were there before.
extends_documentation_fragment:
  - lvs.direct_routing.attributes
  - lvs.direct_routing.attributes.action_group
  - lvs.direct_routing.ipvs
options:
  tcp:
    description:
      - Timeout of established TCP connections in seconds, V(1) to V(2147483). A fresh kernel has V(900).
      - Left out, it stays as it is, or with O(record) is given back if it is in the record.
      - At least one of the three is required with O(state=present), and none is allowed with O(state=absent).
    type: int
  tcp_fin:
    description:
      - Timeout of TCP connections after a FIN in seconds, V(1) to V(2147483). A fresh kernel has V(120).
      - Left out, see O(tcp).
    type: int
  udp:
    description:
      - Timeout of UDP entries in seconds, V(1) to V(2147483). A fresh kernel has V(300).
      - Left out, see O(tcp).
    type: int
  record:
    description:
      - Absolute path of a file that keeps the timeouts for the next boot. The whole file belongs to this module. Without
        it, nothing is kept. Required with O(state=absent).
      - It is a comment, the comment C(# before:) with the line for C(ipvsadm -R) that gives back what was there before, and
        the line for C(ipvsadm -R) that sets what is declared. The number 0 keeps a timeout.
      - A task with a record declares all of it. A timeout that is in the record and is left out gets back what it had.
      - If only its last folder is missing, that is made. A file that this module did not write is refused, as are symbolic
        links.
    type: path
  state:
    description:
      - V(present) sets the timeouts.
      - V(absent) gives back those in O(record) and removes it. A timeout that someone else changed in the meantime is left
        as it is, with a warning. Without a record nothing is changed.
    type: str
    choices: [present, absent]
    default: present
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

- name: Set a timeout now and keep it for the next boot
  lvs.direct_routing.ipvs_timeouts:
    tcp: 7200
    record: /var/lib/lvs/director.timeouts

- name: Give back what was there before
  lvs.direct_routing.ipvs_timeouts:
    record: /var/lib/lvs/director.timeouts
    state: absent
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
  returned: with O(state=present), and with O(state=absent) if there was a record
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
    return task.converge_timeouts(module, options.timeouts(module.params), module.params['record'])


def main():
    module = AnsibleModule(
        argument_spec=options.TIMEOUTS_TASK,
        required_if=[('state', 'present', list(options.TIMEOUTS), True)],
        supports_check_mode=True,
    )
    task.finish(module, lambda: run(module))


if __name__ == '__main__':
    main()
