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
  - Returns what the kernel's IPVS holds as structured data, in the terms of the other modules, with exact numbers.
  - Nothing is read that is not asked for. V(services) costs two processes, each of the others one.
extends_documentation_fragment:
  - lvs.direct_routing.attributes
  - lvs.direct_routing.attributes.info
  - lvs.direct_routing.attributes.action_group
  - lvs.direct_routing.ipvs
options:
  gather:
    description:
      - What to read.
      - V(services) are the virtual services and real servers with their settings and numbers of connections, V(stats) adds
        the counters of each, V(rates) what they gain in a second. Without V(services) the entries come with their counters
        only.
      - V(connections) is the whole connection table, which on a busy director is long.
      - V(timeouts) and V(daemons) are what M(lvs.direct_routing.ipvs_timeouts) and
        M(lvs.direct_routing.ipvs_sync_daemon) declare.
    type: list
    elements: str
    choices: [services, stats, rates, connections, timeouts, daemons]
    default: [services]
seealso:
  - module: lvs.direct_routing.ipvs_table
  - module: lvs.direct_routing.ipvs_timeouts
  - module: lvs.direct_routing.ipvs_sync_daemon
"""

EXAMPLES = r"""
- name: Read the table with its counters
  lvs.direct_routing.ipvs_info:
    gather: [services, stats]
  register: director_table

- name: Read who is connected where, and no more
  lvs.direct_routing.ipvs_info:
    gather: [connections]
  register: director

- name: Name the clients of one real server
  ansible.builtin.debug:
    msg: >-
      {{ director.connections | rejectattr('template') | selectattr('realserver_address', '==', '192.0.2.21')
      | map(attribute='client_address') | unique }}
"""

RETURN = r"""
services:
  description:
    - The virtual services, sorted, each with its real servers. Settings that do not apply are left out.
  returned: when O(gather) has V(services), V(stats) or V(rates)
  type: list
  elements: dict
  sample:
    - address: 192.0.2.100
      port: 80
      protocol: tcp
      family: ipv4
      scheduler: wrr
      persistence_timeout: 0
      one_packet: false
      stats: {connections: 12, packets_in: 60, packets_out: 0, bytes_in: 4800, bytes_out: 0}
      rates: {connections: 1, packets_in: 5, packets_out: 0, bytes_in: 400, bytes_out: 0}
      realservers:
        - address: 192.0.2.21
          port: 80
          forward: dr
          weight: 2
          upper_threshold: 0
          lower_threshold: 0
          connections: {active: 3, inactive: 5}
          stats: {connections: 8, packets_in: 40, packets_out: 0, bytes_in: 3200, bytes_out: 0}
          rates: {connections: 1, packets_in: 5, packets_out: 0, bytes_in: 400, bytes_out: 0}
ruleset:
  description:
    - The same in the words of C(ipvsadm -Sn), with thresholds.
  returned: when O(gather) has V(services)
  type: list
  elements: str
  sample:
    - -A -t 192.0.2.100:80 -s wrr
    - -a -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 2
connections:
  description:
    - The connection table in the kernel's order.
    - A persistence template (C(template)) keeps a client, or a network of clients, at a real server and has no client port.
      That of a firewall-mark service has protocol C(ip) and a C(fwmark) in place of C(address) and C(port).
  returned: when O(gather) has V(connections)
  type: list
  elements: dict
  contains:
    protocol:
      description: The protocol, such as C(tcp).
      type: str
    state:
      description: The state in the kernel's words.
      type: str
    expires:
      description: After so many seconds without a packet the entry goes.
      type: int
    client_address:
      description: The address of the client, of a template its network.
      type: str
    client_port:
      description: The port of the client.
      type: int
    address:
      description: The virtual address.
      type: str
    port:
      description: The virtual port.
      type: int
    fwmark:
      description: The firewall mark of a template, in place of address and port.
      type: int
    realserver_address:
      description: The address of the real server.
      type: str
    realserver_port:
      description: The port of the real server.
      type: int
    template:
      description: Whether this is a persistence template and no connection.
      type: bool
    persistence_engine:
      description: The persistence engine of a template that has one.
      type: str
    persistence_engine_data:
      description: What the engine tells clients apart by, for C(sip) the Call-ID.
      type: str
  sample:
    - protocol: tcp
      state: ESTABLISHED
      expires: 894
      client_address: 198.51.100.7
      client_port: 51630
      address: 192.0.2.100
      port: 80
      realserver_address: 192.0.2.21
      realserver_port: 80
      template: false
    - protocol: udp
      state: ASSURED
      expires: 56
      client_address: 198.51.100.7
      client_port: 0
      address: 192.0.2.100
      port: 5060
      realserver_address: 192.0.2.22
      realserver_port: 5060
      template: true
      persistence_engine: sip
      persistence_engine_data: a84b4c76e66710@pc33.example.com
timeouts:
  description:
    - The connection timeouts in seconds.
  returned: when O(gather) has V(timeouts)
  type: dict
  sample: {tcp: 900, tcp_fin: 120, udp: 300}
daemons:
  description:
    - The sync daemons that run. A kernel before 4.3 tells no more than C(role), C(interface) and C(syncid).
  returned: when O(gather) has V(daemons)
  type: list
  elements: dict
  sample:
    - {role: master, interface: eth1, syncid: 51, maxlen: 1472, group: 224.0.0.81, port: 8848, ttl: 1}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import task


def main():
    module = AnsibleModule(
        argument_spec={
            'gather': {'type': 'list', 'elements': 'str', 'choices': list(task.GATHERS), 'default': ['services']},
        },
        supports_check_mode=True,
    )
    task.finish(module, lambda: task.inform(module, module.params['gather']))


if __name__ == '__main__':
    main()
