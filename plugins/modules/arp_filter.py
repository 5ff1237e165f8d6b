#!/usr/bin/python
# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: arp_filter
short_description: Silence ARP for virtual IP addresses by arptables
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Has the kernel drop ARP that asks for a VIP, and replace a VIP by the host's own address in the ARP that the host sends,
    so that a real server neither answers for the VIP nor mentions it.
  - This is the alternative to M(lvs.direct_routing.arp_sysctl) where its parameters cannot be set, or would silence
    addresses that should answer.
  - The rules are inserted at the top of the chains C(INPUT) and C(OUTPUT), where no other rule can defeat them. A rule that
    someone put above them later, and that may let ARP for the VIP pass, is drift - the rules are moved to the top again.
  - Rules of others are neither removed nor reordered, and policies are not touched.
  - Works with arptables-legacy and with arptables-nft, whichever C(arptables) is on the host.
extends_documentation_fragment:
  - lvs.direct_routing.attributes
  - lvs.direct_routing.attributes.action_group
options:
  address:
    description:
      - The VIPs, literal IPv4 addresses without a prefix length, one or many. Required with O(state=present), where it may
        be an empty list.
      - IPv6 addresses are refused. They need no filter, since neighbour discovery answers only for addresses of the
        interface that was asked.
      - Left out with O(state=absent), it means every VIP that the record has.
    type: list
    elements: str
  source:
    description:
      - The host's own IPv4 address on the segment of the VIPs (the RIP), which takes the place of the VIP in what the host
        sends. It has to be an address of the host.
      - Required with O(state=present) unless O(address) is empty, and without meaning otherwise.
      - When it changes, the rules with the former one are replaced.
    type: str
  persist:
    description:
      - Keep the record in O(file), from which the rules can be brought back at boot.
      - V(false) keeps it in C(/run/lvs-direct-routing/arp_filter.arptables), which is gone after a boot as the rules are,
        and removes O(file) if this module wrote it.
    type: bool
    default: true
  file:
    description:
      - Absolute path of the record, which says which rules are ours. The whole file belongs to this module.
      - It is a comment of two lines and then one rule per line, as arguments for C(arptables).
      - If only its last folder is missing, that is made. A record of nothing is removed, and so is its folder once empty.
      - A file that this module did not write is refused, as are symbolic links.
    type: path
    default: /var/lib/lvs/realserver.arptables
  purge:
    description:
      - Which rules for VIPs that O(address) does not name are removed with O(state=present).
      - V(none) removes nothing. V(owned) removes what the record has.
      - To replace one VIP by another with no moment in which the host answers, add the new one with V(none), move the VIP,
        and then run again with V(owned).
    type: str
    choices: [none, owned]
    default: none
  state:
    description:
      - V(present) makes the rules effective.
      - V(absent) removes them, together with any other rule for these VIPs that is exactly of their form. Without
        O(address) it removes only what the record has.
    type: str
    choices: [present, absent]
    default: present
requirements:
  - arptables on the managed host, legacy or nft
  - a kernel with arptable_filter and arpt_mangle, or nf_tables with the ARP family and arpt_mangle (in a container, loaded
    on its host)
notes:
  - Needs root, or C(CAP_NET_ADMIN), also in check mode, since the kernel does not even show the rules to others.
  - Silence ARP before the VIP is added and give it up only after the VIP is removed.
  - Rules hold until the next boot. The roles of this collection bring them back at boot.
  - If a step fails, what has been added stays. A silent host does no harm.
  - A live rule that is exactly as declared is taken over, whoever made it.
  - Programs that send ARP through a packet socket, such as C(arping), bypass arptables.
  - If the front end that C(arptables) is not has rules as well, that is warned of. The kernel heeds both.
seealso:
  - module: lvs.direct_routing.arp_sysctl
  - module: lvs.direct_routing.vip_address
  - module: lvs.direct_routing.vip_probe
"""

EXAMPLES = r"""
- name: Silence ARP on a real server before it takes the VIPs
  lvs.direct_routing.arp_filter:
    address:
      - 192.0.2.100
      - 192.0.2.101
    source: 192.0.2.21

- name: Declare all VIPs of the host, and remove the rules of VIPs that it had before
  lvs.direct_routing.arp_filter:
    address:
      - 192.0.2.100
    source: 192.0.2.21
    purge: owned

- name: Give up the silence for one VIP, after it has been removed
  lvs.direct_routing.arp_filter:
    address: 192.0.2.100
    state: absent

- name: Give up all that was recorded
  lvs.direct_routing.arp_filter:
    state: absent
"""

RETURN = r"""
commands:
  description:
    - The C(arptables) commands that were run, or in check mode would be, in this order.
  returned: success
  type: list
  elements: str
  sample:
    - arptables -I INPUT -d 192.0.2.100 -j DROP
    - arptables -I OUTPUT -s 192.0.2.100 -j mangle --mangle-ip-s 192.0.2.21
stale:
  description:
    - With O(purge=none), the VIPs that the record has and O(address) does not name. Their rules are still there.
  returned: success
  type: list
  elements: str
  sample: []
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.direct_routing.plugins.module_utils.arptables.task import Filter, FilterError, declare
from ansible_collections.lvs.direct_routing.plugins.module_utils.command import CommandError, module_runner
from ansible_collections.lvs.direct_routing.plugins.module_utils.record_file import RecordError


def main():
    module = AnsibleModule(
        argument_spec={
            'address': {'type': 'list', 'elements': 'str'},
            'source': {'type': 'str'},
            'persist': {'type': 'bool', 'default': True},
            'file': {'type': 'path', 'default': '/var/lib/lvs/realserver.arptables'},
            'purge': {'type': 'str', 'choices': ['none', 'owned'], 'default': 'none'},
            'state': {'type': 'str', 'choices': ['present', 'absent'], 'default': 'present'},
        },
        supports_check_mode=True,
    )
    try:
        result = declare(module_runner(module), Filter.from_options(module.params), module.check_mode)
    except (FilterError, RecordError, CommandError) as error:
        module.fail_json(msg=str(error))
    for warning in result.pop('warnings'):
        module.warn(warning)
    module.exit_json(**result)


if __name__ == '__main__':
    main()
