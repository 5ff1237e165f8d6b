#!/usr/bin/python
# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lvs_host_info
short_description: Read what a host's kernel really does, as far as LVS depends on it
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Reads parameters that take effect, interfaces and their addresses, routes, sockets that listen and kernel modules,
    and on request asks the segment who has a virtual IP address (VIP).
  - Nothing is changed, and no frame that is sent claims a VIP, also where this host has the VIP itself. Questions are
    asked in the name of an address that is the interface's own, or in ARP of none at all.
  - What is read is judged by the filter P(lvs.direct_routing.realserver_faults#filter).
extends_documentation_fragment:
  - lvs.direct_routing.attributes.info
  - lvs.direct_routing.attributes.action_group
options:
  vips:
    description:
      - VIPs to look for, literal IPv4 and IPv6 addresses.
    type: list
    elements: str
    default: []
  directors:
    description:
      - Addresses of the directors on the segment that they share with the real servers, literal IPv4 and IPv6
        addresses. The way to each is looked up.
    type: list
    elements: str
    default: []
  peers:
    description:
      - Addresses of other real servers, literal IPv4 and IPv6 addresses. Their MAC addresses are looked up on the network
        cards that have an address in their network.
    type: list
    elements: str
    default: []
  probe:
    description:
      - Whether to ask the segment, by ARP or for IPv6 by neighbour discovery, which MAC addresses answer for O(vips),
        for O(directors), for O(peers) and for the default gateways.
      - A VIP is asked for on each network card that has an address in the VIP's network or that leads to one of
        O(directors).
      - With V(false), MAC addresses come from the kernel's neighbour table, which may be out of date, and nobody is
        asked about O(vips).
    type: bool
    default: false
  timeout:
    description:
      - Seconds that O(probe) takes, V(0.1) to V(60), for all questions together. They are asked three times.
    type: float
    default: 1
  firewall:
    description:
      - Whether to read the rich rules of firewalld, if it runs. That takes four programs at most.
    type: bool
    default: false
  interface:
    description:
      - The network card whose zone of firewalld is looked at, and on which is asked for the VIPs also if it has no address in
        their networks. Left empty, that which leads to the first of O(directors) on
        the segment, or else that of the default route.
    type: str
    default: ""
  files:
    description:
      - Absolute paths of files whose checksum, mode and owner are to be read.
    type: list
    elements: path
    default: []
  texts:
    description:
      - Absolute paths of files that are to be read, of each at most 1 MiB.
    type: list
    elements: path
    default: []
  units:
    description:
      - Units of systemd that are to be looked at, with their suffix, as V(lvs-director.service).
    type: list
    elements: str
    default: []
  filters:
    description:
      - Whether to read what filters packets that come in, by nft and iptables, and whether arptables hides O(vips).
    type: bool
    default: false
requirements:
  - iproute2 with JSON output (4.18 or newer) on the managed host
notes:
  - O(probe=true) needs root, or C(CAP_NET_RAW), O(firewall=true) and O(filters=true) need root.
  - It runs at most four programs, however many addresses there are, four more with O(firewall=true), four more with
    O(filters=true) and one more with O(units).
seealso:
  - plugin: lvs.direct_routing.realserver_faults
    plugin_type: filter
  - module: lvs.direct_routing.arp_sysctl
  - module: lvs.direct_routing.vip_probe
  - name: ip-sysctl
    description: Which value of a parameter takes effect.
    link: https://www.kernel.org/doc/html/latest/networking/ip-sysctl.html
"""

EXAMPLES = r"""
- name: Read what concerns LVS, without root
  lvs.direct_routing.lvs_host_info:
  register: host

- name: Look at a real server before it gets the VIP
  lvs.direct_routing.lvs_host_info:
    vips: [192.0.2.100, 2001:db8::100]
    directors: [192.0.2.10, 2001:db8::10]
    probe: true
  register: host

- name: Stop if it could not serve
  ansible.builtin.assert:
    that: judged.faults | length == 0
    fail_msg: "{{ judged.faults }}"
  vars:
    judged: "{{ host | lvs.direct_routing.realserver_faults(inventory_hostname) }}"
"""

RETURN = r"""
interfaces:
  description:
    - The network interfaces by name.
  returned: success
  type: dict
  contains:
    type:
      description: The type of link, such as V(ether), V(loopback) or V(ipip).
      type: str
    kind:
      description: The kind of virtual interface, such as V(dummy), V(bond) or V(vlan). Null for hardware.
      type: str
    mac:
      description: The MAC address. Null for what is no Ethernet.
      type: str
    mtu:
      description: The MTU in bytes.
      type: int
    up:
      description: Whether it is switched on.
      type: bool
    carrier:
      description: Whether it has a link.
      type: bool
    heard:
      description: Whether other hosts can ask it for its addresses, so neither a loopback nor a dummy nor a tunnel.
      type: bool
    addresses:
      description: Its addresses with the lengths of their prefixes.
      type: list
      elements: dict
    sysctl:
      description:
        - The values of C(arp_ignore), C(arp_announce), C(rp_filter) and C(send_redirects) that take effect, the higher
          one of C(all) and its own. Null if the interface went while it was looked at.
      type: dict
    offloads:
      description:
        - Whether it merges received packets, by C(gro) and by C(lro). Null where the driver does not say.
      type: dict
  sample:
    eth0:
      type: ether
      kind: null
      mac: 02:42:c0:00:02:15
      mtu: 1500
      up: true
      carrier: true
      heard: true
      addresses: [{address: 192.0.2.21, prefix: 24}]
      sysctl: {arp_ignore: 1, arp_announce: 2, rp_filter: 0, send_redirects: 1}
      offloads: {gro: true, lro: false}
sysctl:
  description:
    - Parameters of the whole host.
  returned: success
  type: dict
  contains:
    ip_forward:
      description: Whether IPv4 is forwarded, V(0) or V(1).
      type: int
    ipv6_forwarding:
      description: Whether IPv6 is forwarded. Null without IPv6.
      type: int
    new_interface:
      description: What RV(interfaces) would say of the parameters of an interface that is yet to be made.
      type: dict
    read_only:
      description: Whether C(/proc/sys) is mounted read-only for these, as in a container without privileges.
      type: bool
    ipvs:
      description: Parameters of C(net.ipv4.vs) that the kernel has, none before IPVS is loaded.
      type: dict
  sample:
    ip_forward: 0
    ipv6_forwarding: 0
    new_interface: {arp_ignore: 1, arp_announce: 2, rp_filter: 0, send_redirects: 1}
    read_only: false
    ipvs: {conn_reuse_mode: 3, conntrack: 0}
vips:
  description:
    - What there is about each of O(vips).
  returned: success
  type: dict
  contains:
    placements:
      description: Where this host has it, each with RV(ignore:interface), RV(ignore:prefix) and RV(ignore:heard).
      type: list
      elements: dict
    connected:
      description: The network cards that have an address of their own in the network of the VIP.
      type: list
      elements: str
    answers:
      description:
        - By the network card that was asked on, every MAC address that claimed the VIP. Null if nobody was asked.
      type: dict
    neighbours:
      description:
        - By network card, the MAC address that the kernel took for that of the VIP before anybody was asked.
      type: dict
    filtered:
      description:
        - Whether arptables lets nobody ask for the VIP, nor this host name it. Null without O(filters=true).
      type: bool
  sample:
    192.0.2.100:
      placements: [{interface: lo, prefix: 32, heard: false}]
      connected: [eth0]
      answers: {eth0: ["02:42:c0:00:02:0a"]}
      neighbours: {}
      filtered: false
directors:
  description:
    - The way to each of O(directors).
  returned: success
  type: dict
  contains:
    on_link:
      description: Whether it is reached without a router, on a network card.
      type: bool
    local:
      description: Whether it is an address of this host.
      type: bool
    interface:
      description: The interface that leads to it. Null without a route.
      type: str
    gateway:
      description: The router in between. Null without one.
      type: str
    macs:
      description: Its MAC addresses. Empty if they are not known.
      type: list
      elements: str
  sample:
    192.0.2.10: {on_link: true, local: false, interface: eth0, gateway: null, macs: ["02:42:c0:00:02:0a"]}
peers:
  description:
    - The MAC addresses of each of O(peers), none if they are not known.
  returned: success
  type: dict
  sample:
    192.0.2.22: ["02:42:c0:00:02:16"]
gateways:
  description:
    - The default routes of the main table, as C(ipv4) and C(ipv6), the one that counts first.
  returned: success
  type: dict
  sample:
    ipv4: [{address: 192.0.2.1, interface: eth0, metric: 0, macs: ["02:42:c0:00:02:01"]}]
    ipv6: []
policy_routing:
  description:
    - Whether there are rules that look for routes elsewhere than in the usual tables, as C(ipv4) and C(ipv6). Replies
      from a VIP may then take another way than RV(gateways).
  returned: success
  type: dict
  sample: {ipv4: false, ipv6: false}
listeners:
  description:
    - The TCP sockets that listen and the UDP sockets that take datagrams from anybody.
  returned: success
  type: list
  elements: dict
  contains:
    protocol:
      description: V(tcp) or V(udp).
      type: str
    family:
      description: V(ipv4) or V(ipv6).
      type: str
    address:
      description: The address that it is bound to, V(0.0.0.0) and V(::) being all.
      type: str
    port:
      description: The port.
      type: int
    dual_stack:
      description:
        - Whether V(::) serves IPv4 as well. The kernel does not show it, so this assumes that it does, unless there is
          a socket for V(0.0.0.0) beside it or C(net.ipv6.bindv6only) is set.
      type: bool
  sample:
    - {protocol: tcp, family: ipv4, address: 0.0.0.0, port: 80, dual_stack: false}
modules:
  description:
    - Which of the kernel modules C(ip_vs), C(ip_vs_*), C(ipip), C(ip6_tunnel) and C(dummy) are in the kernel. Such as
      are built in may be missing.
  returned: success
  type: list
  elements: str
  sample: [ip_vs, ip_vs_wrr]
loadable:
  description:
    - Which of the modules C(ip_vs) and C(ip_vs_*) the running kernel has on disk or built in. Null where that is not to be
      seen, as in a container.
  returned: success
  type: list
  elements: str
  sample: [ip_vs, ip_vs_rr, ip_vs_wrr]
firewalld:
  description:
    - Whether firewalld runs.
  returned: success
  type: bool
  sample: false
programs:
  description:
    - Where the programs C(arptables), C(firewall-cmd), C(ipvsadm), C(keepalived) and C(nft) are. Null for those that are not installed.
  returned: success
  type: dict
  sample: {arptables: null, firewall-cmd: null, ipvsadm: /usr/sbin/ipvsadm, keepalived: null, nft: null}
firewall:
  description:
    - What firewalld says of the network card O(interface). Nothing where it does not run, without O(firewall=true),
      or where there is neither O(interface) nor a default route.
  returned: success
  type: dict
  contains:
    interface:
      description: The network card.
      type: str
    zone:
      description: Its zone, the default zone if it has none of its own.
      type: str
    runtime:
      description: The rich rules of that zone that are in force.
      type: list
      elements: str
    permanent:
      description: Those that are in force after a reload.
      type: list
      elements: str
  sample:
    interface: eth0
    zone: public
    runtime: ['rule family="ipv4" destination address="192.0.2.100" port port="80" protocol="tcp" accept']
    permanent: ['rule family="ipv4" destination address="192.0.2.100" port port="80" protocol="tcp" accept']
default_interface:
  description:
    - The interface of the default route, that of IPv4 if both address families have one. Empty without one.
  returned: success
  type: str
  sample: eth0
files:
  description:
    - What is in place of each of O(files), its SHA-256, its mode and whether it is of user and group root. Nothing where
      there is no regular file.
  returned: success
  type: dict
  sample:
    /usr/local/sbin/lvs-realserver: {sha256: 5f2c..., mode: "0755", root: true}
texts:
  description:
    - The text of each of O(texts). Null where there is no regular file.
  returned: success
  type: dict
  sample:
    /var/lib/lvs/director.timeouts: "--set 900 120 300\n"
units:
  description:
    - What systemd says of each of O(units), its C(LoadState) as V(load), C(ActiveState) as V(active) and C(UnitFileState)
      as V(file). Empty where systemd does not run.
  returned: success
  type: dict
  sample:
    lvs-director.service: {load: loaded, active: active, file: enabled}
input:
  description:
    - The chains of nft that a packet to this host can come to, by family, table and name, and what C(iptables-save) prints
      by family, where there are such tables. Null without O(filters=true).
  returned: success
  type: dict
  sample:
    nft: {inet filter input: {hook: input, policy: accept, rules: []}}
    iptables: {}
kernel:
  description:
    - The release of the running kernel.
  returned: success
  type: str
  sample: 6.1.0-18-amd64
time:
  description:
    - The time of this host as it was looked at, in seconds since 1970.
  returned: success
  type: float
  sample: 1735689600.5
records:
  description:
    - The files in which modules of this collection keep what they declared.
  returned: success
  type: list
  elements: str
  sample: [/var/lib/lvs/realserver.vips, /etc/sysctl.d/90-lvs-arp.conf]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.direct_routing.plugins.module_utils.command import CommandError, module_runner
from ansible_collections.lvs.direct_routing.plugins.module_utils.host_info import InfoError, Wanted, inform


def main():
    module = AnsibleModule(
        argument_spec={
            'vips': {'type': 'list', 'elements': 'str', 'default': []},
            'directors': {'type': 'list', 'elements': 'str', 'default': []},
            'peers': {'type': 'list', 'elements': 'str', 'default': []},
            'probe': {'type': 'bool', 'default': False},
            'timeout': {'type': 'float', 'default': 1},
            'firewall': {'type': 'bool', 'default': False},
            'interface': {'type': 'str', 'default': ''},
            'files': {'type': 'list', 'elements': 'path', 'default': []},
            'texts': {'type': 'list', 'elements': 'path', 'default': []},
            'units': {'type': 'list', 'elements': 'str', 'default': []},
            'filters': {'type': 'bool', 'default': False},
        },
        supports_check_mode=True,
    )
    try:
        result = inform(module_runner(module), Wanted.from_options(module.params))
    except (InfoError, CommandError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **result)


if __name__ == '__main__':
    main()
