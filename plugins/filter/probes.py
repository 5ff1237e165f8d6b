# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: probes
short_description: List what a client can ask for of virtual services
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Returns pairs of a service and one of its ports, to loop over with M(lvs.direct_routing.vip_probe#module). From the
    results P(lvs.direct_routing.verdict#filter) judges the topology.
  - Left out are ranges of ports and port V(0), in which nobody need listen on any one port, services with C(fwmark) that
    have no ports, and the protocol V(sctp).
extends_documentation_fragment:
  - lvs.direct_routing.inventory
"""

EXAMPLES = r"""
- name: Ask each service
  lvs.direct_routing.vip_probe:
    address: "{{ item.0.vip }}"
    port: "{{ item.1 }}"
    protocol: "{{ item.0.protocol | default('tcp') }}"
    path: "{{ item.2.path | default(omit) }}"
    tls: "{{ item.2.tls | default(omit) }}"
  loop: "{{ services | lvs.direct_routing.probes }}"
  register: lvs_probes
"""

RETURN = r"""
_value:
  description:
    - Lists of a service, a port, and what M(lvs.direct_routing.vip_probe#module) is to ask for there, if the service has a C(check)
      of HTTP or HTTPS, as O(lvs.direct_routing.vip_probe#module:path), O(lvs.direct_routing.vip_probe#module:tls) and others.
  type: list
  elements: list
"""

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import virtual_services


class FilterModule:
    """The filter."""

    def filters(self):
        return {'probes': virtual_services.probes}
