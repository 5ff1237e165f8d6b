# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: firewall_changes
short_description: Say which rich rules of firewalld a director or a real server has to add and to remove
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Compares what the firewall has to let in for virtual services with what it does. IPVS sees packets only after the
    firewall, so each VIP and port has to be open on the director, and again on real servers, where packets arrive that
    still have the VIP as their destination.
  - A rule opens one port of one VIP, whatever else the host listens on, or lets another director, or its health check, in. Ours
    have a priority to tell them by, and come after those that have none, so that what an administrator refuses stays refused. Other
    rules are never touched.
positional: firewall, priority, peers, sync, checks, directors
options:
  _input:
    description:
      - Virtual services, as P(lvs.direct_routing.resolve_virtual_services#filter) returns them, or the C(services) of
        P(lvs.direct_routing.realserver#filter). Each has a C(vip), a C(protocol) and a C(port) or C(ports), where V(0) is
        every port and V(1024-2047) a range. Of a service that has a firewall mark and no ports nothing is known.
    type: list
    elements: dict
    required: true
  firewall:
    description:
      - RV(lvs.direct_routing.lvs_host_info#module:firewall), nothing where firewalld does not run.
    type: dict
    required: true
  priority:
    description:
      - The priority of our rules, from 1 to 32767. Needs firewalld 0.7 or newer. Real servers have V(174), so that a host
        can be both.
    type: int
    default: 173
  peers:
    description:
      - Addresses of other directors, whose adverts of VRRP are let in.
    type: list
    elements: str
    default: []
  sync:
    description:
      - Whether what they say of their connections is let in as well.
    type: bool
    default: false
  checks:
    description:
      - The C(checks) of P(lvs.direct_routing.realserver#filter), what health checks ask a real server at its own addresses.
        O(directors) are let in to these, and nobody else.
    type: list
    elements: dict
    default: []
  directors:
    description:
      - Addresses of the directors.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Open what is closed
  ansible.posix.firewalld:
    rich_rule: "{{ item }}"
    zone: "{{ host.firewall.zone }}"
    state: enabled
    permanent: true
    immediate: true
  loop: "{{ (services | lvs.direct_routing.firewall_changes(host.firewall)).open }}"
"""

RETURN = r"""
_value:
  description:
    - Rich rules.
  type: dict
  contains:
    open:
      description: Those to add, now or for the next reload.
      type: list
      elements: str
    close:
      description: Those to remove.
      type: list
      elements: str
"""

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import firewall


class FilterModule:
    """The filter."""

    def filters(self):
        return {'firewall_changes': firewall.firewall_changes}
