#!/usr/bin/python
# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lvs_sysctl
short_description: Set kernel parameters of the network, and give back what was there before
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Sets any number of kernel parameters below C(net) in one task, in the running kernel and in a file for the next boot.
  - The running kernel and the file are looked at separately. If only one of them is wrong, that one is put right.
  - What was there before is kept as comments in the file and is given back when a parameter is not declared any more.
  - Parameters are written, and stand in the file, in an order in which none undoes another one. C(net.ipv4.ip_forward)
    comes first, then those of C(all), those of C(default), and everything else.
extends_documentation_fragment:
  - lvs.direct_routing.attributes
  - lvs.direct_routing.attributes.action_group
options:
  parameters:
    description:
      - The parameters with their values. Required with O(state=present), where it declares all of O(file). An empty
        dictionary is the same as O(state=absent).
      - A key has dots, as in C(net.ipv4.ip_forward), or slashes, as in C(net/ipv4/ip_forward). The first of them counts.
        The dot in C(eth0.100) is written C(net.ipv4.conf.eth0/100.rp_filter) or C(net/ipv4/conf/eth0.100/rp_filter).
      - A value is a whole number, or a line of text as the kernel prints it. Blanks and tabs between words count as one
        blank. Booleans are refused, since the kernel takes numbers.
      - A parameter that is named twice in different spelling is refused. C(net.ipv4.conf.all.forwarding) is another
        spelling of C(net.ipv4.ip_forward).
      - A parameter that this kernel does not have fails the task before anything is changed, unless it is O(optional).
      - A parameter that was declared before and is not any more gets back what it had.
    type: dict
  optional:
    description:
      - Those of O(parameters) that this kernel may not have, for example C(net.ipv4.vs.expire_nodest_conn) before
        C(ip_vs) is loaded.
      - What is missing is left out in the running kernel and returned as RV(missing). It is in O(file) nevertheless.
        There all optional parameters have a minus in front, with which it is no error at boot if one is missing.
    type: list
    elements: str
    default: []
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
      - Tasks with different files know nothing of each other. Declare a parameter in one of them only.
    type: path
    default: /etc/sysctl.d/90-lvs-director.conf
  state:
    description:
      - V(present) sets the values.
      - V(absent) gives back, in the running kernel, what was there before this module, and removes O(file). A value
        that someone else changed in the meantime is left as it is, with a warning. The former values are comments in
        O(file), or with O(persist=false) in a file of C(/run/lvs-direct-routing) that has the path of O(file) in its
        name. Without them nothing is changed.
    type: str
    choices: [present, absent]
    default: present
notes:
  - Needs root, and in a container a writable C(/proc/sys). Check mode needs neither.
  - When C(net.ipv4.ip_forward) changes, the kernel itself sets C(net.ipv4.conf.all.accept_redirects) and the
    C(forwarding) of each interface. What a change of C(net.ipv4.conf.default) or C(net.ipv6.conf.all) does to interfaces
    is similar. Declared parameters that may be concerned are therefore written again after such a change, even where
    they had the right value, and are then part of RV(written). Those that are not declared are left to the kernel.
  - A value that the kernel prints in another way than it was declared, such as C(8080,8081) that becomes C(8080-8081) in
    C(net.ipv4.ip_local_reserved_ports), is set anew by each run.
  - Another file that is read later at boot and sets a parameter to something else is warned of.
  - If a step fails, what has been set in the running kernel stays set, and the message says what that is.
seealso:
  - module: lvs.direct_routing.arp_sysctl
  - name: ip-sysctl
    description: What the kernel says about the parameters of IPv4 and IPv6.
    link: https://www.kernel.org/doc/html/latest/networking/ip-sysctl.html
  - name: ipvs-sysctl
    description: What the kernel says about C(net.ipv4.vs).
    link: https://www.kernel.org/doc/html/latest/networking/ipvs-sysctl.html
"""

EXAMPLES = r"""
- name: Make a director neither a router nor one that sends redirects
  lvs.direct_routing.lvs_sysctl:
    parameters:
      net.ipv4.ip_forward: 0
      net.ipv4.conf.all.send_redirects: 0
      net.ipv4.conf.default.send_redirects: 0
      net.ipv4.conf.eth0.send_redirects: 0
      net.ipv4.vs.expire_nodest_conn: 1
      net.ipv4.vs.expire_quiescent_template: 1
    optional:
      - net.ipv4.vs.expire_nodest_conn
      - net.ipv4.vs.expire_quiescent_template

- name: Take answers of a VLAN whatever the way back, until the next boot only
  lvs.direct_routing.lvs_sysctl:
    parameters:
      net/ipv4/conf/eth0.100/rp_filter: 2
    file: /etc/sysctl.d/90-lvs-vlan.conf
    persist: false

- name: Give back what was there before
  lvs.direct_routing.lvs_sysctl:
    state: absent
"""

RETURN = r"""
written:
  description:
    - The values that were, or in check mode would be, written to the running kernel, in this order. One that is written
      again after another one that the kernel may hand on has the same value before and after.
  returned: success
  type: list
  elements: dict
  contains:
    key:
      description: The parameter in slash form.
      type: str
      sample: net/ipv4/conf/all/send_redirects
    before:
      description: Its value before.
      type: str
      sample: "1"
    after:
      description: Its value afterwards.
      type: str
      sample: "0"
  sample:
    - key: net/ipv4/conf/all/send_redirects
      before: "1"
      after: "0"
missing:
  description:
    - The O(optional) parameters, in slash form, that the running kernel does not have.
  returned: success
  type: list
  elements: str
  sample:
    - net/ipv4/vs/expire_nodest_conn
file_changed:
  description:
    - Whether O(file) was, or in check mode would be, written or removed.
  returned: success
  type: bool
  sample: true
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.direct_routing.plugins.module_utils.sysctl.parameters import (
    Host,
    RecordError,
    SysctlError,
    declare,
    from_options,
)


def main():
    module = AnsibleModule(
        argument_spec={
            'parameters': {'type': 'dict'},
            'optional': {'type': 'list', 'elements': 'str', 'default': []},
            'persist': {'type': 'bool', 'default': True},
            'file': {'type': 'path', 'default': '/etc/sysctl.d/90-lvs-director.conf'},
            'state': {'type': 'str', 'choices': ['present', 'absent'], 'default': 'present'},
        },
        required_if=[('state', 'present', ['parameters'])],
        supports_check_mode=True,
    )
    try:
        result = declare(Host(), from_options(module.params), module.check_mode)
    except (SysctlError, RecordError) as error:
        module.fail_json(msg=str(error))
    for warning in result.pop('warnings'):
        module.warn(warning)
    module.exit_json(**result)


if __name__ == '__main__':
    main()
