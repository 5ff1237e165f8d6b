#!/usr/bin/python
# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipvs_sync_daemon
short_description: Declare a connection synchronisation daemon of IPVS
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Starts and stops the kernel's daemons that send the connections of one director to others (O(role=master)) and receive
    them (O(role=backup)), so that connections survive a takeover. A host may run one of each role.
  - A daemon that runs with other settings is stopped and started again, since the kernel cannot edit it. Connections of
    the moment between are not synchronised.
  - The daemon runs until the next boot.
extends_documentation_fragment:
  - lvs.direct_routing.attributes
  - lvs.direct_routing.attributes.action_group
  - lvs.direct_routing.ipvs
options:
  role:
    description:
      - Whether the daemon sends (V(master)) or receives (V(backup)).
    type: str
    choices: [master, backup]
    required: true
  interface:
    description:
      - The network interface of the multicast. It has to exist and to be up.
      - Required with O(state=present).
    type: str
  syncid:
    description:
      - Tells apart the groups of directors on one network, V(0) to V(255). A backup with V(0) takes the connections of
        every master.
      - Left out, a running daemon keeps its value and a new one takes V(0). It is always given to ipvsadm, whose own
        documents disagree on its default.
    type: int
  maxlen:
    description:
      - The longest message in bytes of UDP payload, V(1) to V(65507), for a backup from V(1024), with an IPv6 O(group) to
        V(65487). A backup needs at least the value of its master.
      - Left out, a running daemon keeps its value as long as it keeps O(interface) and O(group), and the kernel takes what
        fits the interface's MTU otherwise.
    type: int
  group:
    description:
      - The multicast address, IPv4 or IPv6. The messages are neither encrypted nor authenticated.
      - Left out, a running daemon keeps its value and a new one takes V(224.0.0.81).
    type: str
  port:
    description:
      - The UDP port, V(1) to V(65535).
      - Left out, a running daemon keeps its value and a new one takes V(8848).
    type: int
  ttl:
    description:
      - The time to live of the messages in hops, V(1) to V(255).
      - Left out, a running daemon keeps its value and a new one takes V(1).
    type: int
  state:
    description:
      - Whether the daemon of this role runs.
    type: str
    choices: [present, absent]
    default: present
notes:
  - The kernel starts no daemon while a real server has another address family than its service, as is possible by tunnel,
    and adds no such real server while a daemon runs.
seealso:
  - module: lvs.direct_routing.ipvs_table
  - module: lvs.direct_routing.ipvs_info
"""

EXAMPLES = r"""
- name: Send the connections of this director
  lvs.direct_routing.ipvs_sync_daemon:
    role: master
    interface: eth1
    syncid: 51

- name: Receive those of the other director, on a group and a port of our own
  lvs.direct_routing.ipvs_sync_daemon:
    role: backup
    interface: eth1
    syncid: 52
    group: 239.192.0.81
    port: 8849

- name: Receive no longer
  lvs.direct_routing.ipvs_sync_daemon:
    role: backup
    state: absent
"""

RETURN = r"""
commands:
  description:
    - What was, or in check mode would be, given to C(ipvsadm -R), in this order.
  returned: success
  type: list
  elements: str
  sample:
    - --stop-daemon master
    - --start-daemon master --mcast-interface eth1 --syncid 51
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import options, task


def run(module):
    params = module.params
    absent = params['state'] == 'absent'
    return task.converge_daemon(
        module, params['role'], lambda live: None if absent else options.daemon(params, live)
    )


def main():
    module = AnsibleModule(
        argument_spec=dict(
            options.SYNC_DAEMON,
            state={'type': 'str', 'choices': ['present', 'absent'], 'default': 'present'},
        ),
        required_if=[('state', 'present', ['interface'])],
        supports_check_mode=True,
    )
    task.finish(module, lambda: run(module))


if __name__ == '__main__':
    main()
