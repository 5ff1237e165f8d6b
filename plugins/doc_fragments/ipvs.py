# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options and notes that the ipvs modules share in their documentation."""

from __future__ import annotations


class ModuleDocFragment:
    """Fragments `lvs.direct_routing.ipvs` and `lvs.direct_routing.ipvs.service_identity`."""

    DOCUMENTATION = r"""
options: {}
requirements:
  - ipvsadm 1.29 or newer on the managed host
  - a kernel with the module ip_vs (in a container, loaded on its host)
notes:
  - Needs root, or C(CAP_NET_ADMIN), also in check mode, since the kernel does not even show the table to others.
  - Entries that the task does not name are left alone, and the table is never emptied.
  - A lock in C(/run) keeps two tasks on one host from mixing their reading and writing. A task that had to wait for
    another one and then edited or removed what was there warns, since the two may disagree.
  - A task that is killed while it changes the scheduler of a live service leaves a policy rule, and a note of it in the
    lock file. The next task that takes the lock, other than in check mode, removes both.
  - While a real server changes between V(dr) and V(tun), or later, a connection that it has would be sent to whoever
    answers for the VIP on the segment, since the kernel keeps one route for both ways (seen with Linux 6.1). So a real
    server on the segment gets a host route through itself, which goes with its last entry, see
    C(ip route show proto 173).
"""

    SERVICE_IDENTITY = r"""
options:
  address:
    description:
      - The virtual IP address (VIP) of the service, a literal IPv4 or IPv6 address without a prefix length.
      - Required unless O(fwmark) is given. Host names are refused.
    type: str
  port:
    description:
      - The port of the service, V(0) to V(65535). V(0) means all ports and needs persistence.
      - Required with O(address).
    type: int
  protocol:
    description:
      - The transport protocol of the service. V(tcp) if O(address) is given without it.
    type: str
    choices: [tcp, udp, sctp]
  fwmark:
    description:
      - The firewall mark, V(1) to V(4294967295), of the packets that belong to the service, in place of O(address),
        O(port) and O(protocol).
    type: int
  family:
    description:
      - The address family of a O(fwmark) service, V(ipv4) if left out. The same mark in the other family is another
        service.
      - With O(address) it follows from the address.
    type: str
    choices: [ipv4, ipv6]
"""
