#!/usr/bin/python
# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipvs_realserver
short_description: Declare one real server of an IPVS virtual service
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Adds, edits or deletes one real server of a virtual service in the kernel's IPVS table with ipvsadm.
  - A change of a setting is an edit, which keeps the real server's connections.
  - The service has to exist. Services are declared with M(lvs.direct_routing.ipvs_service), many entries at once with
    M(lvs.direct_routing.ipvs_table).
extends_documentation_fragment:
  - lvs.direct_routing.attributes
  - lvs.direct_routing.attributes.action_group
  - lvs.direct_routing.ipvs
  - lvs.direct_routing.ipvs.service_identity
options:
  realserver_address:
    description:
      - The address of the real server (RIP), a literal IPv4 or IPv6 address without a prefix length.
    type: str
    required: true
  realserver_port:
    description:
      - The port on the real server, V(0) to V(65535).
      - Left out, it is O(port). Only O(forward=nat) can have another one, since with V(dr) and V(tun) packets arrive
        unchanged. With O(fwmark) it is V(0).
    type: int
  forward:
    description:
      - How packets reach the real server, by direct routing (V(dr)), in a tunnel (V(tun)) or by network address
        translation (V(nat)).
      - Left out, an existing real server keeps its method and a new one takes V(dr).
    type: str
    choices: [dr, tun, nat]
  weight:
    description:
      - The share of new connections relative to the other real servers, V(0) to V(65535). V(0) takes no new ones and
        keeps those that are established.
      - Left out, an existing real server keeps its weight and a new one takes V(1).
    type: int
  upper_threshold:
    description:
      - No new connections above this number of connections. V(0) means no limit.
      - Left out, an existing real server keeps its threshold.
    type: int
  lower_threshold:
    description:
      - Once O(upper_threshold) was reached, new connections come again below this number. V(0) means three quarters of
        the upper threshold.
      - Left out, an existing real server keeps its threshold.
    type: int
  tunnel:
    description:
      - The kind of tunnel for O(forward=tun).
      - Left out, an existing tunnel keeps its kind and a new one is V(ipip).
    type: dict
    suboptions:
      type:
        description:
          - The encapsulation.
        type: str
        choices: [ipip, gue, gre]
        default: ipip
      port:
        description:
          - The UDP port on the real server, V(1) to V(65535), required for V(gue).
        type: int
      checksum:
        description:
          - Whether V(gue) and V(gre) carry a checksum (V(csum)), for V(gue) also by remote checksum offload (V(remcsum)).
        type: str
        choices: [none, csum, remcsum]
        default: none
  state:
    description:
      - Whether the real server is there. V(absent) deletes it, which ends its connections through the director. To take
        it out gently, set O(weight=0) and wait first.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: lvs.direct_routing.ipvs_service
  - module: lvs.direct_routing.ipvs_table
  - module: lvs.direct_routing.ipvs_info
"""

EXAMPLES = r"""
- name: Add a real server, reached by direct routing on the port of the service
  lvs.direct_routing.ipvs_realserver:
    address: 192.0.2.100
    port: 80
    realserver_address: 192.0.2.21
    weight: 10

- name: Send it no new connections
  lvs.direct_routing.ipvs_realserver:
    address: 192.0.2.100
    port: 80
    realserver_address: 192.0.2.21
    weight: 0

- name: Reach a real server in another network by a GUE tunnel
  lvs.direct_routing.ipvs_realserver:
    address: 192.0.2.100
    port: 80
    realserver_address: 198.51.100.21
    forward: tun
    tunnel:
      type: gue
      port: 6080

- name: Delete a real server of a firewall-mark service
  lvs.direct_routing.ipvs_realserver:
    fwmark: 7
    realserver_address: 192.0.2.21
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
    - -a -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 10
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import options, task

OPTION_NAMES = {'address': 'realserver_address', 'port': 'realserver_port'}


def run(module):
    params = module.params
    service = options.service_key(params)

    def declare(live):
        try:
            key = options.realserver_key(service, params['realserver_address'], params['realserver_port'])
            if params['state'] == 'absent':
                return task.Table(), key.__eq__
            wanted = options.realserver(key, params, live.realservers.get(key))
        except task.InvalidEntry as error:
            raise error.at('', **OPTION_NAMES) from error
        if service not in live.services:
            missing = 'there is no service {0} to add a real server to; declare it first with ipvs_service'.format(service)
            if not module.check_mode:
                raise task.Refused(missing)
            # An earlier task of the play may be about to add it, which check mode cannot see.
            module.warn('In check mode: {0}, or the real run fails'.format(missing))
        return task.Table([], [wanted]), task.nothing

    return task.converge(module, service, declare)


def main():
    module = AnsibleModule(
        argument_spec=dict(
            options.SERVICE_IDENTITY,
            realserver_address={'type': 'str', 'required': True},
            realserver_port={'type': 'int'},
            **options.REALSERVER_SETTINGS,
            state={'type': 'str', 'choices': ['present', 'absent'], 'default': 'present'},
        ),
        supports_check_mode=True,
    )
    task.finish(module, lambda: run(module))


if __name__ == '__main__':
    main()
