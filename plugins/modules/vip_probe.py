#!/usr/bin/python
# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vip_probe
short_description: See a virtual service as a client sees it
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Asks the segment who has a virtual IP address (VIP), makes requests to a virtual service, and reports who answered,
    what failed and how long it took.
  - In direct routing a reply comes straight from the real server, so the source MAC address of its frame says which one
    answered. It is read from the wire, whatever the service itself says.
  - To be run on a client, that is on a host that has neither the VIP nor a part in the virtual service, and that is on
    the segment of the VIP. Behind a router every reply has the router's MAC address.
  - With O(real_server) it is run on a director instead, and asks one real server as the director's packets reach it.
extends_documentation_fragment:
  - lvs.direct_routing.attributes.info
  - lvs.direct_routing.attributes.action_group
options:
  address:
    description:
      - The VIP, a literal IPv4 or IPv6 address. Host names are refused.
    type: str
    required: true
  port:
    description:
      - Port of the virtual service, V(1) to V(65535).
    type: int
    required: true
  protocol:
    description:
      - Protocol of the virtual service.
    type: str
    choices: [tcp, udp]
    default: tcp
  requests:
    description:
      - How many requests to make, one after the other, V(1) to V(100000).
      - Each has a connection and a source port of its own.
    type: int
    default: 10
  path:
    description:
      - Path to ask for by HTTP, or with O(tls=true) by HTTPS, for example V(/healthz), with O(protocol=tcp).
      - Left out, a request of O(protocol=tcp) is a connection that is made and closed.
    type: str
  host:
    description:
      - The name of the host in the request for O(path), and with O(tls=true) the one that is asked for there. Left out, it is
        O(address).
    type: str
  status:
    description:
      - Which statuses of HTTP are a success, each one or a range such as V(200-299).
    type: list
    elements: str
    default: [200-399]
  tls:
    description:
      - Speak TLS. A request without O(path) succeeds as it is agreed on. The certificate is not judged.
      - Not with O(real_server), nor with O(protocol=udp).
    type: bool
    default: false
  payload:
    description:
      - What a datagram of O(protocol=udp) carries. A request succeeds if any datagram comes back.
    type: str
    default: lvs
  timeout:
    description:
      - Seconds after which a request has failed, V(0.001) to V(3600).
    type: float
    default: 2
  deadline:
    description:
      - Seconds after which no more requests are made, V(0.001) to V(86400). The rest is counted as RV(unsent).
      - It runs from the first request, and the last request may end O(timeout) after it.
    type: float
    default: 60
  arp_tries:
    description:
      - How often to ask who has the VIP, V(1) to V(100).
    type: int
    default: 3
  arp_interval:
    description:
      - Seconds to listen for answers each time, V(0.01) to V(60).
    type: float
    default: 0.3
  interface:
    description:
      - The interface to probe through. Left out, it is the one of the route to the VIP.
    type: str
  real_server:
    description:
      - The address of a real server, a literal IPv4 or IPv6 address. All requests go to it, past the director, though they are
        for the VIP, so that they see what a client would see that is sent there. It does not matter who has the VIP, nor
        whether the real server is in the table.
      - The real server has to be on a segment of this host, or with O(forward=tun) reachable.
      - With TCP a request without O(path) ends before the connection is established, so the server's program never sees it, and
        one with O(path) as soon as the status is there. RV(replies[].body) is null then, and RV(arp) too.
    type: str
  forward:
    description:
      - How packets reach O(real_server), directly or in an IP-in-IP tunnel.
    type: str
    choices: [dr, tun]
    default: dr
requirements:
  - iproute2 with JSON output (4.18 or newer) on the managed host
notes:
  - Needs root, or C(CAP_NET_RAW), to see the frames.
  - Failed requests do not fail the task. What is right is for the caller to judge.
seealso:
  - module: lvs.direct_routing.arp_sysctl
  - module: lvs.direct_routing.vip_address
"""

EXAMPLES = r"""
- name: Look at the web from a client
  lvs.direct_routing.vip_probe:
    address: 192.0.2.100
    port: 80
    path: /
    requests: 100
  register: web

- name: Exactly one host may answer ARP for the VIP
  ansible.builtin.assert:
    that:
      - web.arp | length == 1
      - web.failures == {}

- name: Ask a real server on the data path, from a director
  lvs.direct_routing.vip_probe:
    address: 192.0.2.100
    port: 80
    path: /healthz
    real_server: 192.0.2.21

- name: Look at a name server over IPv6
  lvs.direct_routing.vip_probe:
    address: 2001:db8::100
    port: 53
    protocol: udp
    timeout: 0.5
"""

RETURN = r"""
arp:
  description:
    - Every MAC address that claimed the VIP when asked by ARP, or for IPv6 by neighbour discovery. With direct routing
      that is one, the director's.
    - Null if the VIP is not on a segment of this host.
  returned: success
  type: list
  elements: str
  sample:
    - 02:42:c0:00:02:0a
on_link:
  description:
    - Whether the VIP is on a segment of this host, so that no router is in between. Null if there is no route.
  returned: success
  type: bool
  sample: true
interface:
  description:
    - The interface that the requests went through. Null if there is no route.
  returned: success
  type: str
  sample: eth0
answers:
  description:
    - How many requests each MAC address answered, by the first frame that came back. Refusals are not among them.
  returned: success
  type: dict
  sample:
    02:42:c0:00:02:0b: 5
    02:42:c0:00:02:0c: 5
refused:
  description:
    - How many requests each MAC address refused, that is with a TCP reset or an ICMP error.
  returned: success
  type: dict
  sample: {}
failures:
  description:
    - How many requests failed, by kind.
    - V(timeout), V(refused), V(reset) and V(unreachable) are what they say. V(http_status) is a status below 200 or
      from 400 on. V(closed) is a connection that ended before the HTTP reply was complete, or that did not speak HTTP.
      V(no_port) means that this host had no source port left, V(other) is anything else.
  returned: success
  type: dict
  sample:
    timeout: 1
bodies:
  description:
    - How many successful replies had this first line of body, at most 80 characters of it.
  returned: success
  type: dict
  sample:
    web1: 5
    web2: 5
latency:
  description:
    - Seconds that successful requests took, from connecting to the end of the reply. Null if none succeeded.
  returned: success
  type: dict
  contains:
    p50:
      description: Half of them took at most this long.
      type: float
      sample: 0.0011
    p90:
      description: Nine out of ten took at most this long.
      type: float
      sample: 0.0019
    p95:
      description: 95 out of 100 took at most this long.
      type: float
      sample: 0.0024
    p99:
      description: 99 out of 100 took at most this long.
      type: float
      sample: 0.0032
    max:
      description: The longest.
      type: float
      sample: 0.0032
  sample:
    p50: 0.0011
    p90: 0.0019
    p95: 0.0024
    p99: 0.0032
    max: 0.0032
replies:
  description:
    - What became of each request, in their order.
  returned: success
  type: list
  elements: dict
  contains:
    mac:
      description: The MAC address that sent the first frame back. Null if none came.
      type: str
      sample: 02:42:c0:00:02:0b
    ok:
      description: Whether the request succeeded.
      type: bool
      sample: true
    status:
      description: Status of the HTTP reply. Null without one.
      type: int
      sample: 200
    body:
      description: First line of the reply, at most 80 characters. Null without one.
      type: str
      sample: web1
    error:
      description: The kind of failure as in RV(failures). Null for a success.
      type: str
      sample: null
  sample:
    - mac: 02:42:c0:00:02:0b
      ok: true
      status: 200
      body: web1
      error: null
unsent:
  description:
    - How many requests were not made, since O(deadline) had passed.
  returned: success
  type: int
  sample: 0
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.direct_routing.plugins.module_utils.command import CommandError, module_runner
from ansible_collections.lvs.direct_routing.plugins.module_utils.probe import ProbeError, Target, probe


def main():
    module = AnsibleModule(
        argument_spec={
            'address': {'type': 'str', 'required': True},
            'port': {'type': 'int', 'required': True},
            'protocol': {'type': 'str', 'choices': ['tcp', 'udp'], 'default': 'tcp'},
            'requests': {'type': 'int', 'default': 10},
            'path': {'type': 'str'},
            'host': {'type': 'str'},
            'status': {'type': 'list', 'elements': 'str', 'default': ['200-399']},
            'tls': {'type': 'bool', 'default': False},
            'payload': {'type': 'str', 'default': 'lvs'},
            'timeout': {'type': 'float', 'default': 2},
            'deadline': {'type': 'float', 'default': 60},
            'arp_tries': {'type': 'int', 'default': 3},
            'arp_interval': {'type': 'float', 'default': 0.3},
            'interface': {'type': 'str'},
            'real_server': {'type': 'str'},
            'forward': {'type': 'str', 'choices': ['dr', 'tun'], 'default': 'dr'},
        },
        supports_check_mode=True,
    )
    try:
        result = probe(module_runner(module), Target.from_options(module.params))
    except (ProbeError, CommandError) as error:
        module.fail_json(msg=str(error))
    for warning in result.pop('warnings'):
        module.warn(warning)
    module.exit_json(changed=False, **result)


if __name__ == '__main__':
    main()
