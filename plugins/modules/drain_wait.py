#!/usr/bin/python
# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: drain_wait
short_description: Wait until real servers have no connections any more, or serve again, and say meanwhile what is left
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Looks at real servers in the table of a director again and again. Each time that something has changed, and at least every
    ten seconds, a line on the screen says what is left and how long it has taken.
  - Nothing is changed. Weights are given by M(lvs.direct_routing.ipvs_realserver) or M(lvs.direct_routing.ipvs_table).
  - Real servers of C(udp) and one-packet services have no connections that would end, so only their weight is waited for.
  - In direct routing a director sees only what the client sends. Once that has closed, the connection is inactive and stays in
    the table for two minutes. It carries nothing any more, unless the client has closed only its half, as few do, and still
    listens. See O(finished).
  - A persistence template sends its client back to a real server without weight, unless the kernel parameter
    C(net.ipv4.vs.expire_quiescent_template) is V(1), as the role P(lvs.direct_routing.director#role) sets it. Where it is
    not, templates are waited for as well.
  - In check mode it looks once.
extends_documentation_fragment:
  - lvs.direct_routing.attributes.info
  - lvs.direct_routing.attributes.action_group
options:
  realservers:
    description:
      - What to look at, as P(lvs.direct_routing.drain_targets#filter) returns it. One that is not in the table has no
        connections.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: What it is called in messages.
        type: str
        required: true
      service:
        description: What its service is called in messages.
        type: str
        required: true
      vip:
        description: The VIP of its service, also where that is known by a mark.
        type: str
        required: true
      address:
        description: The address of the service, unless O(realservers[].fwmark) is given.
        type: str
      port:
        description: The port of the service.
        type: int
      protocol:
        description: The protocol of the service.
        type: str
        choices: [tcp, udp, sctp]
      fwmark:
        description: The firewall mark of the service, in place of address, port and protocol.
        type: int
      family:
        description: The address family of the service.
        type: str
        choices: [ipv4, ipv6]
      realserver_address:
        description: The address of the real server.
        type: str
        required: true
      realserver_port:
        description: The port of the real server.
        type: int
        required: true
      weight:
        description: The weight that it is to have with O(state=serving).
        type: int
        required: true
  state:
    description:
      - With V(drained) until they have weight 0, or are gone, and no connections. With V(serving) until they have their weight,
        which with keepalived takes a check that succeeds.
    type: str
    choices: [drained, serving]
    default: drained
  finished:
    description:
      - Wait for inactive connections as well, which lasts at least two minutes after the last client.
    type: bool
    default: false
  standby:
    description:
      - Whether there are other directors. Then connections count where the VIP is only, because others know them by
        synchronisation and forget them late.
    type: bool
    default: false
  timeout:
    description:
      - For how many seconds at most, V(0) to V(86400). V(0) looks once. That time is up does not fail the task; see RV(done).
    type: int
    default: 300
  interval:
    description:
      - How many seconds are between two looks, V(1) to V(3600).
    type: int
    default: 2
seealso:
  - module: lvs.direct_routing.ipvs_realserver
  - module: lvs.direct_routing.ipvs_info
"""

EXAMPLES = r"""
- name: Wait for the connections of a real server
  lvs.direct_routing.drain_wait:
    realservers:
      - name: web1
        service: web
        vip: 192.0.2.100
        address: 192.0.2.100
        port: 80
        protocol: tcp
        realserver_address: 192.0.2.21
        realserver_port: 80
        weight: 1
    timeout: 600
  register: drain
  failed_when: drain is failed or not drain.done
"""

RETURN = r"""
done:
  description:
    - Whether all are as they were waited for.
  returned: success
  type: bool
  sample: true
waited:
  description:
    - How many seconds it took.
  returned: success
  type: float
  sample: 41.2
left:
  description:
    - What there is still to wait for, in words. Empty if nothing.
  returned: success
  type: str
  sample: web1 has 3 connections left (3 in web)
realservers:
  description:
    - What there was at the last look.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: As in O(realservers[].name).
      type: str
    service:
      description: As in O(realservers[].service).
      type: str
    weight:
      description: Its weight. Null if it is not in the table.
      type: int
    active:
      description: Established connections.
      type: int
    inactive:
      description: All others that the kernel still knows.
      type: int
    templates:
      description: Persistence templates that would send clients there.
      type: int
    left:
      description: How many of these are waited for.
      type: int
    done:
      description: Whether there is nothing to wait for.
      type: bool
  sample:
    - {name: web1, service: web, weight: 0, active: 3, inactive: 12, templates: 0, left: 3, done: false}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.direct_routing.plugins.module_utils.command import CommandError, module_runner
from ansible_collections.lvs.direct_routing.plugins.module_utils.draining import Asked, look
from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import options
from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs.dump import DumpError
from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs.model import InvalidEntry

TARGET = dict(
    {name: {'type': 'str', 'required': True} for name in ('name', 'service', 'vip', 'realserver_address')},
    **options.SERVICE_IDENTITY,
    realserver_port={'type': 'int', 'required': True},
    weight={'type': 'int', 'required': True},
)
LONGEST = {'timeout': (0, 86400), 'interval': (1, 3600)}


def main():
    module = AnsibleModule(
        argument_spec={
            'realservers': {'type': 'list', 'elements': 'dict', 'required': True, 'options': TARGET},
            'state': {'type': 'str', 'choices': ['drained', 'serving'], 'default': 'drained'},
            'finished': {'type': 'bool', 'default': False},
            'standby': {'type': 'bool', 'default': False},
            'timeout': {'type': 'int', 'default': 300},
            'interval': {'type': 'int', 'default': 2},
        },
        supports_check_mode=True,
    )
    params = module.params
    for name, (lowest, highest) in LONGEST.items():
        if not lowest <= params[name] <= highest:
            module.fail_json(msg='{0}: {1} is outside {2}..{3} seconds'.format(name, params[name], lowest, highest))
    try:
        found = look(module_runner(module), params['realservers'], Asked(params['state'], params['finished'], params['standby']))
    except (CommandError, DumpError, InvalidEntry) as error:
        module.fail_json(msg=str(error))
    # The waiting is done on the controller, by the action of the same name.
    module.exit_json(changed=False, realservers=found, timeout=params['timeout'], interval=params['interval'])


if __name__ == '__main__':
    main()
