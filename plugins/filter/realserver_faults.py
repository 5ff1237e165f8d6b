# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: realserver_faults
short_description: Judge whether a host can be a real server
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Takes what M(lvs.direct_routing.lvs_host_info#module) returned on a host and says, before anything is changed there,
    what would break LVS if the host became a real server of the VIPs that the module looked for.
  - Only what is sure is a fault. Nothing is said of what the module was not asked for.
  - Not for a host that is a director as well, which has the VIP on its network card.
positional: host
options:
  _input:
    description:
      - What M(lvs.direct_routing.lvs_host_info#module) returned, with the VIPs as its O(ignore:vips) and the addresses
        of the directors as its O(ignore:directors). Who answers for a VIP is known with O(ignore:probe=true).
    type: dict
    required: true
  host:
    description:
      - The name of the host, for the sentences.
    type: str
    required: true
  forward:
    description:
      - How directors send to it.
    type: str
    choices: [dr, tun]
    default: dr
  interface:
    description:
      - The interface that the VIPs are to be on.
    type: str
    default: lo
  services:
    description:
      - Ports that are to be listened on, each with C(vip), C(port) and C(protocol) (V(tcp) if left out). Entries with
        other protocols than V(tcp) and V(udp), and with port V(0) or a range of ports, are not judged.
    type: list
    elements: dict
    default: []
  others:
    description:
      - The own addresses of other hosts, by name. The host itself may be among them.
    type: dict
    default: {}
  checks:
    description:
      - What health checks of directors ask of this host, each with C(address), as the C(checks) of
        P(lvs.direct_routing.realserver#filter). Where firewalld runs only directors are let in to these.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Look at a real server before it gets the VIP
  lvs.direct_routing.lvs_host_info:
    vips: [192.0.2.100]
    directors: [192.0.2.10]
    probe: true
  register: host

- name: Stop if it could not serve
  ansible.builtin.assert:
    that: judged.faults | length == 0
    fail_msg: "{{ judged.faults }}"
  vars:
    judged: "{{ host | lvs.direct_routing.realserver_faults(inventory_hostname, services=ports) }}"
    ports: [{vip: 192.0.2.100, port: 80}]
"""

RETURN = r"""
_value:
  description:
    - What is wrong, and what may be.
  type: dict
  contains:
    faults:
      description:
        - One sentence for each fault, none if all is well.
      type: list
      elements: str
    warnings:
      description:
        - One sentence for each thing that could not be judged, and for each port that is not listened on.
      type: list
      elements: str
"""

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import preflight


def realserver_faults(info, host, forward='dr', interface='lo', services=(), others=None, checks=()):
    return preflight.judge(preflight.Server(host, info, forward, interface, services, others or {}, checks))._asdict()


class FilterModule:
    """The filter."""

    def filters(self):
        return {'realserver_faults': realserver_faults}
