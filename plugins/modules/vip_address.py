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
  - Addresses that the task does not name are left alone, unless an earlier task put them into O(record).
  - The change holds until the next boot. O(record) is a file that brings it back then.
extends_documentation_fragment:
  - lvs.direct_routing.attributes
  - lvs.direct_routing.attributes.action_group
options:
  address:
    description:
      - The VIPs, literal IPv4 or IPv6 addresses without a prefix length, one or many.
      - Host names are refused, as are addresses that no client could reach (unspecified, loopback, multicast and
        broadcast addresses).
      - Required, except with O(state=absent) and O(record), where leaving it out means every recorded VIP. With O(record)
        the list may be empty.
    type: list
    elements: str
  prefix:
    description:
      - Prefix length of the VIPs, V(1) to V(32) for IPv4, V(1) to V(128) for IPv6.
      - Left out, it is V(32) for IPv4 and V(128) for IPv6. Where O(address) has both families it is that of IPv4.
      - With O(state=present) a VIP that is there with another prefix length is replaced; for IPv4 there is no moment
        without it. With O(state=absent) only entries of this prefix length are removed, or any if it is left out.
      - Left out, an address that is a network card's only one of its network is neither replaced nor removed; the
        module fails instead, since the host would lose that network.
    type: int
  prefix_ipv6:
    description:
      - Prefix length of IPv6 VIPs, V(1) to V(128), where O(address) has both families.
    type: int
  interface:
    description:
      - The interface that carries the VIPs, for example V(lo), V(eth0) or the name of a dummy interface.
      - It has to exist unless O(create) is V(true).
      - Required, except with O(state=absent) and O(record), which knows where the VIPs are.
    type: str
  interface_ipv6:
    description:
      - The interface that carries the IPv6 VIPs, if not O(interface), for example V(ip6tnl0) beside V(tunl0).
    type: str
  create:
    description:
      - Make a dummy interface of the name O(interface), and of O(interface_ipv6), if there is none, and bring it up.
      - V(tunl0) and V(ip6tnl0) stand for the tunnel devices that the kernel makes as it loads its modules C(ipip) and
        C(ip6_tunnel). They take what a director sends with C(forward=tun). If need be the module is loaded, and the
        device is brought up.
      - An interface of that kind that is there already is used; one of any other kind is an error.
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
      - Broadcast address of IPv4 VIPs. V(self) is each VIP's own address, as guides for real servers often have it.
      - Left out, a VIP that is there keeps its broadcast address and a new one has none.
    type: str
  host_route:
    description:
      - Add a route to each IPv4 VIP through O(interface) to the main table, as C(route add -host VIP dev lo:0) does.
        It replaces a route to the VIP through another interface.
      - IPv6 VIPs have theirs from the kernel.
      - V(false) leaves a route alone that is there, unless it is in O(record).
      - With O(state=absent) the routes are removed if this is V(true), and on the loopback, dummies and tunnels in any
        case.
    type: bool
    default: false
  announce:
    description:
      - How many frames to send for each VIP that was added, so that the segment learns where it is. For IPv4 these are
        gratuitous ARP requests and replies in turn, for IPv6 unsolicited neighbour advertisements, 0.1 seconds apart.
      - Refused on the loopback, on dummy interfaces and on tunnels. Never announce a VIP from a real server.
    type: int
    default: 0
  record:
    description:
      - The absolute path of a file on the managed host in which the task records what it put up.
      - With it the task is the whole declaration of that record. What an earlier task recorded there and this one no
        longer declares, or declares on another interface, is removed once the new VIPs are up, whatever its prefix
        length has become. Addresses that are not recorded stay, as does a recorded one that someone has made a network
        card's only address of a network; a warning says so.
      - With O(state=absent) every recorded VIP is removed, or those of O(address), wherever they are.
      - The file is what C(ip -force -batch) takes at boot, any number of times; C(ip) then complains about devices that
        are there and carries on. A file that is a symbolic link, damaged or not from this module is refused.
      - If only its last folder is missing, that is made. A record of nothing is removed, and so is its folder once
        empty.
    type: path
  purge:
    description:
      - What becomes of VIPs that O(record) has and the task does not declare, or declares on another interface, with
        O(state=present).
      - V(owned) removes them. V(none) leaves them for a later task, so that directors can change in between.
    type: str
    choices: [none, owned]
    default: owned
  state:
    description:
      - Whether the VIPs are there.
      - V(absent) also deletes a dummy interface that this module made, once only link-local addresses are left on it,
        and sets a tunnel device down that this module brought up. They carry the alias C(lvs.direct_routing).
    type: str
    choices: [present, absent]
    default: present
requirements:
  - iproute2 with JSON output (4.18 or newer) on the managed host
notes:
  - Needs root, or C(CAP_NET_ADMIN), and C(CAP_NET_RAW) for O(announce). Check mode needs neither.
  - If a step fails, the steps before it are taken back.
  - O(record) is written before the VIPs are touched and once more afterwards. A task that is killed in between leaves
    no VIP that the record does not have.
  - Packets that arrive by V(tunl0) are dropped if its effective C(rp_filter), the higher value of C(all) and its own,
    is V(1), since the way back to the client is through another interface. V(0) and V(2) let them in. This module does
    not set it.
  - IPv6 VIPs are added without duplicate address detection. On a network card those of prefix length 128 are
    deprecated, which is to say that the host answers there but takes another address for connections of its own. The
    kernel would prefer the VIP for them, and a director could not reach its real servers.
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

- name: Take exactly these two VIPs from tunnels, and give up what an earlier run of this task had
  lvs.direct_routing.vip_address:
    address:
      - 192.0.2.100
      - 2001:db8::100
    interface: tunl0
    interface_ipv6: ip6tnl0
    create: true
    record: /var/lib/lvs/realserver.vips

- name: Give up everything that was recorded
  lvs.direct_routing.vip_address:
    record: /var/lib/lvs/realserver.vips
    state: absent

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
    - VIPs of O(address) that other interfaces have as well and that are not recorded. They are left alone.
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
removed:
  description:
    - The VIPs that O(record) had and, once the task is done, does not have any more.
  returned: success
  type: list
  elements: str
  sample: []
stale:
  description:
    - With O(purge=none), what O(record) has and the task does not declare. It is still there.
  returned: success
  type: list
  elements: dict
  contains:
    address:
      description: The VIP.
      type: str
      sample: 192.0.2.101
    interface:
      description: The interface that has it.
      type: str
      sample: lo
  sample: []
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
from ansible_collections.lvs.direct_routing.plugins.module_utils.vip.task import (
    AddressError,
    RecordError,
    Vips,
    declare,
)


def main():
    module = AnsibleModule(
        argument_spec={
            'address': {'type': 'list', 'elements': 'str'},
            'prefix': {'type': 'int'},
            'prefix_ipv6': {'type': 'int'},
            'interface': {'type': 'str'},
            'interface_ipv6': {'type': 'str'},
            'create': {'type': 'bool', 'default': False},
            'label': {'type': 'str'},
            'broadcast': {'type': 'str'},
            'host_route': {'type': 'bool', 'default': False},
            'announce': {'type': 'int', 'default': 0},
            'record': {'type': 'path'},
            'purge': {'type': 'str', 'choices': ['none', 'owned'], 'default': 'owned'},
            'state': {'type': 'str', 'choices': ['present', 'absent'], 'default': 'present'},
        },
        required_if=[('state', 'present', ['address', 'interface'])],
        supports_check_mode=True,
    )
    try:
        result = declare(module_runner(module), Vips.from_options(module.params), module.check_mode)
    except AddressError as error:
        module.fail_json(msg=str(error), **error.details)
    except (CommandError, RecordError) as error:
        module.fail_json(msg=str(error))
    for warning in result.pop('warnings'):
        module.warn(warning)
    module.exit_json(**result)


if __name__ == '__main__':
    main()
