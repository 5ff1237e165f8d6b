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
  - With O(state=drained) it takes a real server out gently, with O(weight) it takes it back in.
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
      - Left out, it is O(port), or with O(fwmark) V(0). Only O(forward=nat) can have another one than O(port), since with V(dr)
        and V(tun) packets arrive unchanged. With O(fwmark) any goes, as entries made by hand may have one, and does nothing.
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
      - Left out, an existing real server keeps its weight, also the V(0) of a drained one, and a new one takes V(1). So
        give the weight to take a drained real server back in.
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
      - Whether the real server is there. V(absent) deletes it, which ends its connections through the director.
      - V(drained) edits the weight to V(0) and waits until the real server's connections have ended or O(drain_timeout)
        is over. All other settings stay as they are, whatever the task says of them.
      - Connections that are left after O(drain_timeout) are reported and warned about and do not fail the task, because
        some, such as those of web sockets, end only with the real server. To fail, look at RV(drained).
      - A real server, or service, that is not there is as good as drained.
      - A client of a persistent service comes back to a drained real server as long as its persistence lasts, unless the
        kernel parameter C(net.ipv4.vs.expire_quiescent_template) is V(1).
    type: str
    choices: [present, absent, drained]
    default: present
  drain_timeout:
    description:
      - How long O(state=drained) waits, in seconds, V(0) to V(86400). V(0) does not wait.
      - The kernel counts a finished TCP connection as inactive for two minutes, so a shorter time seldom ends with none.
      - The real servers of V(udp) and one-packet services are never waited for, since they have no connections that end.
      - With a long time, mind the timeouts of SSH on the way, or run the task with C(async).
    type: int
    default: 300
  drain_interval:
    description:
      - How often O(state=drained) looks at the connections, in seconds, V(1) to V(3600).
    type: int
    default: 1
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

- name: Take it out gently, and do not go on while it has active connections
  lvs.direct_routing.ipvs_realserver:
    address: 192.0.2.100
    port: 80
    realserver_address: 192.0.2.21
    state: drained
    drain_timeout: 600
  register: drain
  failed_when: drain is failed or drain.connections.active > 0

- name: Take it back in
  lvs.direct_routing.ipvs_realserver:
    address: 192.0.2.100
    port: 80
    realserver_address: 192.0.2.21
    weight: 10

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
connections:
  description:
    - The real server's connections after the last look, in check mode those of now.
  returned: when O(state=drained)
  type: dict
  contains:
    active:
      description: Established connections.
      type: int
    inactive:
      description: All others, such as finished connections that the kernel still knows.
      type: int
  sample: {active: 1, inactive: 12}
drained:
  description:
    - Whether there is nothing left to wait for, which is no connection, or a udp or one-packet service.
  returned: when O(state=drained)
  type: bool
  sample: false
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import options, task

OPTION_NAMES = {'address': 'realserver_address', 'port': 'realserver_port'}


def named(translate, *arguments):
    """Translate options, and say of a bad one what it is called here."""
    try:
        return translate(*arguments)
    except task.InvalidEntry as error:
        raise error.at('', **OPTION_NAMES) from error


def run(module):
    params = module.params
    service = options.service_key(params)
    key = named(options.realserver_key, service, params['realserver_address'], params['realserver_port'])
    if params['state'] == 'drained':
        return task.drain(module, key, *options.drain_times(params))

    def declare(live):
        if params['state'] == 'absent':
            return task.Table(), key.__eq__
        wanted = named(options.realserver, key, params, live.realservers.get(key))
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
            state={'type': 'str', 'choices': ['present', 'absent', 'drained'], 'default': 'present'},
            drain_timeout={'type': 'int', 'default': 300},
            drain_interval={'type': 'int', 'default': 1},
        ),
        supports_check_mode=True,
    )
    task.finish(module, lambda: run(module))


if __name__ == '__main__':
    main()
