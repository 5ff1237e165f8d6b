#!/usr/bin/python
# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: vip_address
short_description: Declare virtual IP addresses on an interface
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Adds virtual IP addresses (VIPs) to a network interface and removes them, with C(ip) of iproute2.
  - On a real server the VIP belongs on the loopback or on a dummy interface, and ARP is silenced first, see
    M(lvs.direct_routing.arp_sysctl). On a director it belongs on the network card.
  - Addresses that the task does not name are left alone.
  - The change holds until the next boot. The roles of this collection bring it back at boot.
extends_documentation_fragment:
  - lvs.direct_routing.attributes
  - lvs.direct_routing.attributes.action_group
options:
  address:
    description:
      - The VIPs, literal IPv4 or IPv6 addresses without a prefix length, one or many.
      - Host names are refused, as are addresses that no client could reach (unspecified, loopback, multicast and
        broadcast addresses).
    type: list
    elements: str
    required: true
  prefix:
    description:
      - Prefix length of the VIPs, V(1) to V(32) for IPv4, V(1) to V(128) for IPv6.
      - Left out, it is V(32) for IPv4 and V(128) for IPv6. It must be left out where O(address) has both families.
      - With O(state=present) a VIP that is there with another prefix length is replaced; for IPv4 there is no moment
        without it. With O(state=absent) only entries of this prefix length are removed, or any if it is left out.
      - Left out, an address that is a network card's only one of its network is neither replaced nor removed; the
        module fails instead, since the host would lose that network.
    type: int
  interface:
    description:
      - The interface that carries the VIPs, for example V(lo), V(eth0) or the name of a dummy interface.
      - It has to exist unless O(create) is V(true).
    type: str
    required: true
  create:
    description:
      - Make a dummy interface of the name O(interface) if there is none, and bring it up.
      - A dummy interface that is there already is used; an interface of any other kind is an error.
    type: bool
    default: false
  label:
    description:
      - Label of IPv4 VIPs, as old tools show aliases, for example V(lo:0). It begins with O(interface) and a colon and
        has at most 15 characters.
      - Left out, a VIP that is there keeps its label.
    type: str
  broadcast:
    description:
      - Broadcast address of IPv4 VIPs. Guides for real servers often give the VIP itself.
      - Left out, a VIP that is there keeps its broadcast address and a new one has none.
    type: str
  host_route:
    description:
      - Add a route to each IPv4 VIP through O(interface) to the main table, as C(route add -host VIP dev lo:0) does.
        It replaces a route to the VIP through another interface.
      - IPv6 VIPs have theirs from the kernel.
      - V(false) leaves a route alone that is there.
      - With O(state=absent) the routes are removed if this is V(true), and on the loopback and dummies in any case.
    type: bool
    default: false
  announce:
    description:
      - How many frames to send for each VIP that was added, so that the segment learns where it is. For IPv4 these are
        gratuitous ARP requests and replies in turn, for IPv6 unsolicited neighbour advertisements, 0.1 seconds apart.
      - Refused on the loopback and on dummy interfaces. Never announce a VIP from a real server.
    type: int
    default: 0
  state:
    description:
      - Whether the VIPs are there.
      - V(absent) also deletes a dummy interface that this module made, once only link-local addresses are left on it.
        This module recognises it by its alias, C(lvs.direct_routing).
    type: str
    choices: [present, absent]
    default: present
requirements:
  - iproute2 with JSON output (4.18 or newer) on the managed host
notes:
  - Needs root, or C(CAP_NET_ADMIN), and C(CAP_NET_RAW) for O(announce). Check mode needs neither.
  - If a step fails, the steps before it are taken back.
  - IPv6 VIPs are added without duplicate address detection.
seealso:
  - module: lvs.direct_routing.arp_sysctl
  - module: lvs.direct_routing.vip_probe
"""

EXAMPLES = r"""
- name: Take the VIP on a real server, after ARP has been silenced
  lvs.direct_routing.vip_address:
    address: 192.0.2.100
    interface: lo
    label: lo:0
    broadcast: 192.0.2.100
    host_route: true

- name: Take two VIPs on a dummy interface
  lvs.direct_routing.vip_address:
    address:
      - 192.0.2.100
      - 2001:db8::100
    interface: ipvs0
    create: true

- name: Take the VIP on the director and tell the segment
  lvs.direct_routing.vip_address:
    address: 192.0.2.100
    interface: eth0
    announce: 5

- name: Give the VIPs back, and the dummy interface if it was made for them
  lvs.direct_routing.vip_address:
    address:
      - 192.0.2.100
      - 2001:db8::100
    interface: ipvs0
    state: absent
"""

RETURN = r"""
commands:
  description:
    - The C(ip) commands that were run, or in check mode would be, in this order. They run in one process.
  returned: success
  type: list
  elements: str
  sample:
    - ip link add dev ipvs0 type dummy
    - ip link set dev ipvs0 alias lvs.direct_routing
    - ip link set dev ipvs0 up
    - ip address add 192.0.2.100/32 dev ipvs0
added:
  description:
    - The VIPs that were added, or added anew with other settings. These are announced.
  returned: success
  type: list
  elements: str
  sample:
    - 192.0.2.100
elsewhere:
  description:
    - VIPs of O(address) that other interfaces have as well. They are left alone.
  returned: success
  type: list
  elements: dict
  contains:
    address:
      description: The VIP.
      type: str
      sample: 192.0.2.100
    prefix:
      description: Its prefix length there.
      type: int
      sample: 32
    interface:
      description: The other interface.
      type: str
      sample: lo
  sample:
    - address: 192.0.2.100
      prefix: 32
      interface: lo
done:
  description:
    - The commands that had been run when one failed.
  returned: when a step failed
  type: list
  elements: str
  sample: []
undone:
  description:
    - The commands that took those back.
  returned: when a step failed
  type: list
  elements: str
  sample: []
left:
  description:
    - The commands that should have taken them back and failed.
  returned: when a step failed
  type: list
  elements: str
  sample: []
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.direct_routing.plugins.module_utils.command import CommandError, module_runner
from ansible_collections.lvs.direct_routing.plugins.module_utils.vip import AddressError, Vips, declare


def main():
    module = AnsibleModule(
        argument_spec={
            'address': {'type': 'list', 'elements': 'str', 'required': True},
            'prefix': {'type': 'int'},
            'interface': {'type': 'str', 'required': True},
            'create': {'type': 'bool', 'default': False},
            'label': {'type': 'str'},
            'broadcast': {'type': 'str'},
            'host_route': {'type': 'bool', 'default': False},
            'announce': {'type': 'int', 'default': 0},
            'state': {'type': 'str', 'choices': ['present', 'absent'], 'default': 'present'},
        },
        supports_check_mode=True,
    )
    try:
        result = declare(module_runner(module), Vips.from_options(module.params), module.check_mode)
    except AddressError as error:
        module.fail_json(msg=str(error), **error.details)
    except CommandError as error:
        module.fail_json(msg=str(error))
    for warning in result.pop('warnings'):
        module.warn(warning)
    module.exit_json(**result)


if __name__ == '__main__':
    main()
