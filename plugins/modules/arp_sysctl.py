#!/usr/bin/python
# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: arp_sysctl
short_description: Silence ARP for virtual IP addresses by kernel parameters
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Sets C(arp_ignore) and C(arp_announce) in the running kernel, and in a file for the next boot, so that a real server
    that has the VIP on its loopback or on a dummy interface neither answers ARP for it nor mentions it.
  - What counts for a network card is the higher value of C(net.ipv4.conf.all) and its own. So C(all) is always set;
    C(net.ipv4.conf.lo) alone, as in many guides, has no effect on requests that arrive on a network card.
  - The running kernel and the file are looked at separately. If only one of them is wrong, that one is put right.
  - IPv6 has no such parameters and needs none. A VIP on the loopback or a dummy interface is silent there anyway.
extends_documentation_fragment:
  - lvs.direct_routing.attributes
  - lvs.direct_routing.attributes.action_group
options:
  interfaces:
    description:
      - Network cards to be set beside C(all), for example V(eth0) or V(eth0.100). They have to exist.
      - Left out, only C(all) is set. That is enough, unless something else lowers C(all) later.
      - A card that was named before and is not any more gets back what it had.
    type: list
    elements: str
    default: []
  arp_ignore:
    description:
      - Which ARP requests to leave unanswered.
      - V(0) none. V(1) those for an address that the receiving card does not have. V(2) also those from outside the
        network of that address. V(3) those for an address of scope host. V(8) all of them, even for the card's own.
      - V(1) and V(2) silence a VIP and keep the host reachable. V(0) and V(3) do not silence it.
    type: int
    choices: [0, 1, 2, 3, 8]
    default: 1
  arp_announce:
    description:
      - Which of the host's addresses its own ARP requests may mention.
      - V(0) any. V(1) preferably one of the target's network. V(2) the one that suits the target best, never the VIP of
        another interface.
    type: int
    choices: [0, 1, 2]
    default: 2
  persist:
    description:
      - Write O(file), so that the values are there after a boot.
      - V(false) sets the running kernel only, and removes O(file) if this module wrote it.
    type: bool
    default: true
  file:
    description:
      - Absolute path of the file that sets the values at boot. The whole file belongs to this module.
      - A file that this module did not write is refused, as are symbolic links.
      - One task with O(state=present) declares all of the file, so name every card in it.
    type: path
    default: /etc/sysctl.d/90-lvs-arp.conf
  state:
    description:
      - V(present) sets the values.
      - V(absent) gives back, in the running kernel, what was there before this module, and removes O(file). A value
        that someone else changed in the meantime is left as it is, with a warning. The former values are comments in
        O(file), or with O(persist=false) in C(/run/lvs-direct-routing/arp_sysctl.conf). Without them nothing is
        changed.
    type: str
    choices: [present, absent]
    default: present
notes:
  - Needs root, and in a container a writable C(/proc/sys). Check mode needs neither.
  - Silence ARP before the VIP is added and give it up only after the VIP is removed.
  - C(net.ipv4.conf.default) is never touched.
  - If a step fails, what has been set in the running kernel stays set. A silent host does no harm.
seealso:
  - module: lvs.direct_routing.lvs_sysctl
  - module: lvs.direct_routing.vip_address
  - module: lvs.direct_routing.vip_probe
  - name: ip-sysctl
    description: What the kernel says about C(arp_ignore) and C(arp_announce).
    link: https://www.kernel.org/doc/html/latest/networking/ip-sysctl.html
"""

EXAMPLES = r"""
- name: Silence ARP on a real server before it takes the VIP
  lvs.direct_routing.arp_sysctl:
    interfaces:
      - eth0

- name: Silence a VLAN as well, until the next boot only
  lvs.direct_routing.arp_sysctl:
    interfaces:
      - eth0
      - eth0.100
    persist: false

- name: Give back what was there before
  lvs.direct_routing.arp_sysctl:
    state: absent
"""

RETURN = r"""
effective:
  description:
    - What counts for each interface of the host once the task is done, the higher value of C(all) and its own.
  returned: success
  type: dict
  sample:
    eth0:
      arp_ignore: 1
      arp_announce: 2
    lo:
      arp_ignore: 1
      arp_announce: 2
written:
  description:
    - The values that were, or in check mode would be, changed in the running kernel.
  returned: success
  type: list
  elements: dict
  contains:
    key:
      description: The parameter in slash form.
      type: str
      sample: net/ipv4/conf/all/arp_ignore
    before:
      description: Its value before.
      type: str
      sample: "0"
    after:
      description: Its value afterwards.
      type: str
      sample: "1"
  sample:
    - key: net/ipv4/conf/all/arp_ignore
      before: "0"
      after: "1"
file_changed:
  description:
    - Whether O(file) was, or in check mode would be, written or removed.
  returned: success
  type: bool
  sample: true
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.direct_routing.plugins.module_utils.sysctl.arp import (
    Host,
    RecordError,
    Silence,
    SysctlError,
    declare,
)


def main():
    module = AnsibleModule(
        argument_spec={
            'interfaces': {'type': 'list', 'elements': 'str', 'default': []},
            'arp_ignore': {'type': 'int', 'choices': [0, 1, 2, 3, 8], 'default': 1},
            'arp_announce': {'type': 'int', 'choices': [0, 1, 2], 'default': 2},
            'persist': {'type': 'bool', 'default': True},
            'file': {'type': 'path', 'default': '/etc/sysctl.d/90-lvs-arp.conf'},
            'state': {'type': 'str', 'choices': ['present', 'absent'], 'default': 'present'},
        },
        supports_check_mode=True,
    )
    try:
        result = declare(Host(), Silence.from_options(module.params), module.check_mode)
    except (SysctlError, RecordError) as error:
        module.fail_json(msg=str(error))
    for warning in result.pop('warnings'):
        module.warn(warning)
    module.exit_json(**result)


if __name__ == '__main__':
    main()
