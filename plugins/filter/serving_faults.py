# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: serving_faults
short_description: Judge whether a real server that is out could serve again
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Says what speaks against sending clients to a host, that is all that P(lvs.direct_routing.realserver_faults#filter) says, a
    VIP that it does not have or answers for in ARP, a unit that does not run, and services that it does not answer.
positional: host
options:
  _input:
    description:
      - What M(lvs.direct_routing.lvs_host_info#module) returned there, with O(ignore:probe=true).
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
  unit:
    description:
      - The state of C(lvs-realserver.service) as systemctl says it.
    type: str
    default: ""
  asked:
    description:
      - The results of M(lvs.direct_routing.vip_probe#module) in a loop over pairs of an entry of
        P(lvs.direct_routing.serving_probes#filter) and the director that asked.
    type: list
    elements: dict
    default: []
"""

EXAMPLES = r"""
- name: Require that this host can serve
  ansible.builtin.assert:
    that: faults | length == 0
    fail_msg: "{{ faults }}"
  vars:
    faults: "{{ info | lvs.direct_routing.serving_faults(inventory_hostname, unit='active', asked=asked.results) }}"
"""

RETURN = r"""
_value:
  description:
    - One sentence for each fault, none if all is well.
  type: list
  elements: str
"""

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import preflight, serving


def serving_faults(info, host, forward='dr', interface='lo', unit='', asked=()):
    return serving.faults(preflight.Server(host, info, forward, interface), unit, asked)


class FilterModule:
    """The filter."""

    def filters(self):
        return {'serving_faults': serving_faults}
