#!/usr/bin/python
# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ipvs_marks
short_description: Declare which packets get which firewall mark for IPVS, and which are left untracked
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Marks packets by destination address, protocol and port with nftables, so that a virtual service by firewall mark, as of
    M(lvs.direct_routing.ipvs_table) with C(fwmark), takes several ports, ranges of ports or VIPs together.
  - Leaves packets untracked that connection tracking would take for invalid, because a director in direct routing sees only
    what clients send, so that a firewall that drops what is invalid lets IPVS and real servers know that a client has gone.
  - One task declares all of that for the host. It is in one table of nftables, C(inet lvs_direct_routing), which belongs to
    this module as a whole. Anything else that is found in it is drift and goes. Other tables are neither read nor written.
  - The table is replaced in one transaction, so there is no moment without it, and what nft refuses changes nothing.
  - The running kernel and the record are looked at separately. If only one of them is wrong, that one is put right.
extends_documentation_fragment:
  - lvs.direct_routing.attributes
  - lvs.direct_routing.attributes.action_group
options:
  marks:
    description:
      - Which packets get which mark. Required with O(state=present), where an empty list is the same as O(state=absent).
      - Copies, and ports that overlap or follow each other and have the same mark, are made one. Ports of a VIP and protocol
        that would have two marks are refused.
    type: list
    elements: dict
    suboptions:
      vip:
        description:
          - The destination address, a literal IPv4 or IPv6 address without a prefix length.
        type: str
        required: true
      protocol:
        description:
          - The transport protocol.
        type: str
        choices: [tcp, udp, sctp]
        default: tcp
      ports:
        description:
          - Destination ports, each a number V(1) to V(65535) or a range such as V(1024-2047).
          - An empty list, or none, means all ports of the protocol.
        type: list
        elements: str
        default: []
      mark:
        description:
          - The mark, V(1) to V(4294967295). It takes the place of any mark that the packet has already.
        type: int
        required: true
  untracked:
    description:
      - To which VIPs and ports packets are not tracked (C(notrack)) that connection tracking would take for invalid. Of TCP that
        are those with FIN or RST, of SCTP all but INIT. The first packet of a connection is tracked as before, so rules that let
        in what is new still do.
      - VIPs of one family with the same ports have one rule. Copies, and ports that overlap or follow each other, are made one.
    type: list
    elements: dict
    default: []
    suboptions:
      vip:
        description:
          - The destination address, a literal IPv4 or IPv6 address without a prefix length.
        type: str
        required: true
      protocol:
        description:
          - The transport protocol. UDP has no packets that are invalid.
        type: str
        choices: [tcp, sctp]
        default: tcp
      ports:
        description:
          - Destination ports, each a number V(1) to V(65535) or a range such as V(1024-2047).
          - An empty list, or none, means all ports of the protocol.
        type: list
        elements: str
        default: []
  record:
    description:
      - Absolute path of the record, which C(nft -f) takes at boot, and any number of times. The whole file belongs to this
        module. It is a comment and then one command per line.
      - If only its last folder is missing, that is made. If nothing is declared the record is removed, and so is its folder once
        empty.
      - A file that this module did not write is refused, as are symbolic links.
    type: path
    default: /var/lib/lvs/director.nft
  state:
    description:
      - V(present) puts the table up, exactly as declared.
      - V(absent) removes the table and the record, whatever O(marks) and O(untracked) say.
    type: str
    choices: [present, absent]
    default: present
requirements:
  - nft on the managed host, 0.9.0 or newer and built with JSON, as the distributions have it
  - a kernel with nf_tables (in a container, loaded on its host)
notes:
  - Needs root, or C(CAP_NET_ADMIN), also in check mode, since the kernel does not even show the rules to others.
  - Packets are marked in the hook prerouting at priority C(mangle), -150. IPVS looks at the mark later, in the hook input.
    Packets are left untracked at priority C(raw), -300.
  - What the host itself sends to a VIP that it has goes through prerouting as well, on the loopback interface, and is marked
    there. What it sends to a VIP that it does not have is not marked.
  - A mark that iptables or another table of nftables sets later on the way counts, not this one.
  - In check mode nft need not be installed yet. To remove what is not there it is never needed.
  - ICMP errors need no mark. IPVS finds the connection that they belong to.
seealso:
  - module: lvs.direct_routing.ipvs_table
  - module: lvs.direct_routing.ipvs_service
"""

EXAMPLES = r"""
- name: HTTP and HTTPS of a VIP are one service, by mark 1, and passive FTP another, by mark 2
  lvs.direct_routing.ipvs_marks:
    marks:
      - {vip: 192.0.2.100, ports: [80, 443], mark: 1}
      - {vip: "2001:db8::100", ports: [80, 443], mark: 1}
      - {vip: 192.0.2.101, ports: [21, 1024-65535], mark: 2}

- name: The service of mark 1, for IPv4
  lvs.direct_routing.ipvs_service:
    fwmark: 1
    scheduler: wrr
    persistence_timeout: 300

- name: All datagrams to a VIP
  lvs.direct_routing.ipvs_marks:
    marks:
      - vip: 192.0.2.100
        protocol: udp
        mark: 3

- name: Mark nothing, and let real servers know of the end of connections to a VIP through a firewall
  lvs.direct_routing.ipvs_marks:
    marks: []
    untracked:
      - {vip: 192.0.2.100, ports: [80, 443]}

- name: Remove the table
  lvs.direct_routing.ipvs_marks:
    state: absent
"""

RETURN = r"""
commands:
  description:
    - What was, or in check mode would be, given to C(nft -f) in one transaction.
  returned: success
  type: list
  elements: str
  sample:
    - add table inet lvs_direct_routing
    - delete table inet lvs_direct_routing
    - add table inet lvs_direct_routing
    - add chain inet lvs_direct_routing prerouting { type filter hook prerouting priority -150; policy accept; }
    - add rule inet lvs_direct_routing prerouting ip daddr 192.0.2.100 tcp dport 80 meta mark set 1
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.direct_routing.plugins.module_utils.command import CommandError, module_runner
from ansible_collections.lvs.direct_routing.plugins.module_utils.marks.task import (
    OPTIONS,
    InvalidEntry,
    MarksError,
    Wanted,
    declare,
)
from ansible_collections.lvs.direct_routing.plugins.module_utils.record_file import RecordError


def main():
    module = AnsibleModule(argument_spec=OPTIONS, supports_check_mode=True)
    try:
        result = declare(module_runner(module), Wanted.from_options(module.params), module.check_mode)
    except (InvalidEntry, MarksError, RecordError, CommandError) as error:
        module.fail_json(msg=str(error))
    for warning in result.pop('warnings'):
        module.warn(warning)
    module.exit_json(**result)


if __name__ == '__main__':
    main()
