#!/usr/bin/python
# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipvs_table
short_description: Declare many IPVS virtual services with their real servers in one task
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Brings the kernel's IPVS table to what is declared, with two reading processes and at most one writing process,
    however many entries there are. A change of schedulers takes two more for each address family, a
    change of real servers between V(dr) and V(tun) three, and their removal one.
  - Entries are edited in place, so connections survive, and changes are ordered so that no service is without a real
    server in between.
  - If ipvsadm refuses a part of the changes, the others are undone and the task fails.
extends_documentation_fragment:
  - lvs.direct_routing.attributes
  - lvs.direct_routing.attributes.action_group
  - lvs.direct_routing.ipvs
options:
  services:
    description:
      - The virtual services. A service or a real server that is listed twice is refused.
      - This is a whole declaration, so an option that is left out means its default.
    type: list
    elements: dict
    required: true
    suboptions:
      address:
        description:
          - The virtual IP address (VIP), a literal IPv4 or IPv6 address without a prefix length.
          - Required unless O(services[].fwmark) is given.
        type: str
      port:
        description:
          - The port, V(0) to V(65535). V(0) means all ports and needs O(services[].persistence_timeout).
        type: int
      protocol:
        description:
          - The transport protocol. V(tcp) if O(services[].address) is given without it.
        type: str
        choices: [tcp, udp, sctp]
      fwmark:
        description:
          - The firewall mark, V(1) to V(4294967295), in place of address, port and protocol.
        type: int
      family:
        description:
          - The address family of a O(services[].fwmark) service, V(ipv4) if left out.
        type: str
        choices: [ipv4, ipv6]
      scheduler:
        description:
          - How new connections are spread, V(wlc) if left out. See M(lvs.direct_routing.ipvs_service), also for what
            happens while it changes.
        type: str
      scheduler_flags:
        description:
          - Flags of the scheduler, such as V(sh-port) or V(mh-fallback).
        type: list
        elements: str
      persistence_timeout:
        description:
          - How long, in seconds, a client comes back to the same real server, V(1) to V(2678400), or V(0) for no
            persistence, as when left out.
        type: int
      persistence_netmask:
        description:
          - Clients of one network count as one client. An IPv4 prefix length or netmask, or an IPv6 prefix length.
        type: str
      persistence_engine:
        description:
          - The persistence engine, V(sip), for udp.
        type: str
      one_packet:
        description:
          - Schedule each packet of a udp service for itself.
        type: bool
      realservers:
        description:
          - The real servers of the service.
        type: list
        elements: dict
        suboptions:
          address:
            description:
              - The address of the real server (RIP), a literal IPv4 or IPv6 address.
            type: str
            required: true
          port:
            description:
              - The port on the real server, that of the service if left out, V(0) for one by mark. Only V(nat) can have another one
                than the service. For a mark any goes, as entries made by hand may have one, and does nothing with V(dr) and V(tun).
            type: int
          forward:
            description:
              - How packets reach the real server, V(dr) if left out.
            type: str
            choices: [dr, tun, nat]
          weight:
            description:
              - The share of new connections, V(0) to V(65535), V(1) if left out.
            type: int
          upper_threshold:
            description:
              - No new connections above this number of connections. V(0), or left out, means no limit.
            type: int
          lower_threshold:
            description:
              - Once the upper threshold was reached, new connections come again below this number.
            type: int
          tunnel:
            description:
              - The kind of tunnel for V(tun), V(ipip) if left out.
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
                  - The UDP port on the real server, required for V(gue).
                type: int
              checksum:
                description:
                  - Whether V(gue) and V(gre) carry a checksum.
                type: str
                choices: [none, csum, remcsum]
                default: none
  purge:
    description:
      - Which live entries that are not declared are removed.
      - V(none) removes nothing.
      - V(owned) removes what an earlier task recorded in O(record) and this one no longer declares.
      - V(realservers) removes every undeclared real server of a declared service.
      - V(all) removes everything that is not declared.
    type: str
    choices: [none, owned, realservers, all]
    default: none
  ignore:
    description:
      - Patterns of live entries that O(purge) leaves alone, whatever it is. A declared entry is edited all the same.
      - An entry matches a pattern if it matches every option that the pattern has, of which there is one at least.
      - A pattern of services covers their real servers, also those of a service that is declared here. A pattern with
        O(ignore[].realserver_address) or O(ignore[].realserver_port) covers those real servers, and a service stays as
        long as it has one.
    type: list
    elements: dict
    default: []
    suboptions:
      address:
        description:
          - The virtual address of the service, or a network of them such as V(192.0.2.0/24).
        type: str
      port:
        description:
          - The port of the service.
        type: int
      protocol:
        description:
          - The transport protocol of the service.
        type: str
        choices: [tcp, udp, sctp]
      fwmark:
        description:
          - The firewall mark of the service, in both families unless O(ignore[].family) says which.
        type: int
      family:
        description:
          - The address family of the service.
        type: str
        choices: [ipv4, ipv6]
      realserver_address:
        description:
          - The address of the real server, or a network of them.
        type: str
      realserver_port:
        description:
          - The port on the real server.
        type: int
  record:
    description:
      - The absolute path of a file on the managed host in which the task records the ruleset that it applied. It says
        what is ours for O(purge=owned), and can be given to C(ipvsadm -R) at boot once its first line is taken off.
      - If only its last folder is missing, that is made; a record of nothing is removed, and so is its folder once empty.
      - Required for O(purge=owned).
    type: path
seealso:
  - module: lvs.direct_routing.ipvs_service
  - module: lvs.direct_routing.ipvs_realserver
  - module: lvs.direct_routing.ipvs_info
"""

EXAMPLES = r"""
- name: Declare two services, and remove what an earlier run declared and this one does not
  lvs.direct_routing.ipvs_table:
    services:
      - address: 192.0.2.100
        port: 80
        scheduler: wrr
        realservers:
          - address: 192.0.2.21
            weight: 2
          - address: 192.0.2.22
      - address: 2001:db8::100
        port: 53
        protocol: udp
        scheduler: rr
        realservers:
          - address: 2001:db8::21
          - address: 2001:db8::22
    purge: owned
    record: /var/lib/lvs/director.rules

- name: Make the table exactly this, but leave alone what keepalived does for name service and a host that is tried out
  lvs.direct_routing.ipvs_table:
    services:
      - address: 192.0.2.100
        port: 80
        realservers:
          - address: 192.0.2.21
    purge: all
    ignore:
      - protocol: udp
        port: 53
      - realserver_address: 198.51.100.0/24

- name: Remove everything that was recorded
  lvs.direct_routing.ipvs_table:
    services: []
    purge: owned
    record: /var/lib/lvs/director.rules
"""

RETURN = r"""
commands:
  description:
    - What was, or in check mode would be, given to C(ipvsadm -R), in this order.
  returned: success
  type: list
  elements: str
  sample:
    - -A -t 192.0.2.100:80 -s wrr
    - -a -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 2
"""

import gc

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import ignore, options, task


def run(module):
    want = options.table(module.params['services'])
    purge = module.params['purge']
    ignored = ignore.ignored(module.params['ignore'])
    return task.converge_table(
        module,
        want,
        lambda owned: task.removal_scope(purge, want, owned, ignored),
        module.params['record'],
    )


def main():
    # Ten thousand entries, none of which refers to itself: looking for cycles finds nothing and takes a tenth of the time.
    gc.disable()
    module = AnsibleModule(
        argument_spec={
            # The options of the entries are checked by options.table, which is much faster.
            'services': {'type': 'list', 'elements': 'dict', 'required': True},
            'purge': {'type': 'str', 'choices': list(task.PURGES), 'default': 'none'},
            'ignore': {'type': 'list', 'elements': 'dict', 'options': options.IGNORE, 'default': []},
            'record': {'type': 'path'},
        },
        required_if=[('purge', 'owned', ['record'])],
        supports_check_mode=True,
    )
    task.finish(module, lambda: run(module))


if __name__ == '__main__':
    main()
