#!/usr/bin/python
# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipvs_service
short_description: Declare one IPVS virtual service
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Adds, edits or deletes one virtual service in the kernel's IPVS table with ipvsadm.
  - A change of a setting is an edit, which keeps the service's connections.
  - The real servers are declared with M(lvs.direct_routing.ipvs_realserver), or both at once, and many of them, with
    M(lvs.direct_routing.ipvs_table).
extends_documentation_fragment:
  - lvs.direct_routing.attributes
  - lvs.direct_routing.attributes.action_group
  - lvs.direct_routing.ipvs
  - lvs.direct_routing.ipvs.service_identity
options:
  scheduler:
    description:
      - How new connections are spread over the real servers.
      - One of V(rr), V(wrr), V(lc), V(wlc), V(fo), V(ovf), V(lblc), V(lblcr), V(dh), V(sh), V(mh), V(sed), V(nq),
        V(twos), if the kernel has its module.
      - Left out, an existing service keeps its scheduler and a new one takes V(wlc).
      - While the kernel changes the scheduler of a live service, for some milliseconds, the service takes no new
        connections; established ones are not affected. So that nobody is refused meanwhile, the task keeps the ICMP
        message "port unreachable" from leaving the host, with a policy rule (C(ip rule)) that it removes again. A client
        that comes in that moment asks again by itself and is served a second later; a datagram is lost.
      - This takes Linux 4.17 or newer and C(ip) of iproute2 4.17 or newer on the managed host. Without them the task
        makes the change and warns that a few new connections may be refused.
    type: str
  scheduler_flags:
    description:
      - Flags of the scheduler, V(sh-port) and V(sh-fallback) of O(scheduler=sh), V(mh-port) and V(mh-fallback) of
        O(scheduler=mh), or V(flag-1), V(flag-2), V(flag-3) of any. An empty list clears them.
      - Left out, an existing service keeps its flags as long as it keeps its scheduler.
    type: list
    elements: str
  persistence_timeout:
    description:
      - How long, in seconds, a client comes back to the same real server, V(1) to V(2678400). V(0) means no persistence.
      - Left out, an existing service keeps its timeout and a new one has no persistence.
    type: int
  persistence_netmask:
    description:
      - Clients of one network count as one client for persistence. For IPv4 a prefix length (V(24)) or a netmask
        (V(255.255.255.0)), for IPv6 a prefix length V(1) to V(128).
      - Left out, an existing service keeps its mask and a new one tells single clients apart.
    type: str
  persistence_engine:
    description:
      - The kernel's persistence engine, V(sip), for udp services with O(persistence_timeout). An empty string clears it.
      - Left out, an existing service keeps its engine.
    type: str
  one_packet:
    description:
      - Schedule each packet of a udp service for itself.
      - Left out, an existing service keeps its setting and a new one has V(false).
    type: bool
  state:
    description:
      - Whether the service is there. V(absent) deletes it with all its real servers.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: lvs.direct_routing.ipvs_realserver
  - module: lvs.direct_routing.ipvs_table
  - module: lvs.direct_routing.ipvs_info
"""

EXAMPLES = r"""
- name: Spread the web over its real servers by weight, each client on one server for five minutes
  lvs.direct_routing.ipvs_service:
    address: 192.0.2.100
    port: 80
    scheduler: wrr
    persistence_timeout: 300

- name: Balance name service over IPv6, packet by packet
  lvs.direct_routing.ipvs_service:
    address: 2001:db8::100
    port: 53
    protocol: udp
    scheduler: rr
    one_packet: true

- name: Take everything that the firewall marks with 7 as one service
  lvs.direct_routing.ipvs_service:
    fwmark: 7
    scheduler: sh
    scheduler_flags: [sh-port]

- name: Delete the old service with its real servers
  lvs.direct_routing.ipvs_service:
    address: 192.0.2.100
    port: 8080
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
    - -A -t 192.0.2.100:80 -s wrr -p 300
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import options, task


def run(module):
    params = module.params
    key = options.service_key(params)

    def declare(live):
        if params['state'] == 'absent':
            return task.Table(), task.whole_service(key)
        return task.Table([options.service(key, params, live.services.get(key))]), task.nothing

    return task.converge(module, key, declare)


def main():
    module = AnsibleModule(
        argument_spec=dict(
            options.SERVICE_IDENTITY,
            **options.SERVICE_SETTINGS,
            state={'type': 'str', 'choices': ['present', 'absent'], 'default': 'present'},
        ),
        supports_check_mode=True,
    )
    task.finish(module, lambda: run(module))


if __name__ == '__main__':
    main()
