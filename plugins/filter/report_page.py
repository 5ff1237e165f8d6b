# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: report_page
short_description: Show a topology and its state as one HTML page
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Returns one HTML file that needs nothing else and runs no script. It has the topology as a picture, which director has
    which virtual IP (VIP), the state, connections and rates of each real server, and what is wrong.
  - A real server is V(serving), V(drained) with weight 0, or out of the table of the director that has the VIP.
  - Whatever comes from the inventory or from hosts is escaped.
extends_documentation_fragment:
  - lvs.direct_routing.inventory
  - lvs.direct_routing.inventory.groups
positional: groups, hostvars
options:
  hostvars:
    description:
      - The magic variable C(hostvars). Directors have C(lvs_report), a dictionary with C(before) and C(after), and C(host),
        what M(lvs.direct_routing.lvs_host_info#module) returned for the VIPs.
      - C(before) and C(after) have C(info), what M(lvs.direct_routing.ipvs_info#module) returned with services and stats, and
        C(at), the time of that in seconds. Rates are what was gained between them. Where nothing could be read, C(info) and
        C(host) have C(msg).
    type: dict
    required: true
  findings:
    description:
      - What is wrong, each with C(severity), V(error) or V(warning), C(host), C(seen), C(why) and C(do).
    type: list
    elements: dict
    default: []
  generated:
    description:
      - When this was seen, in words.
    type: str
    default: ""
  refresh:
    description:
      - After so many seconds a browser loads the page again. V(0) means never.
    type: int
    default: 0
seealso:
  - module: lvs.direct_routing.ipvs_info
  - module: lvs.direct_routing.lvs_host_info
"""

EXAMPLES = r"""
# playbooks/report.yml reads all that this filter takes.
- name: Write the page
  ansible.builtin.copy:
    content: "{{ services | lvs.direct_routing.report_page(groups, hostvars, generated=now(utc=true) | string) }}"
    dest: lvs-report.html
    mode: "0644"
"""

RETURN = r"""
_value:
  description:
    - The page as HTML.
  type: str
"""

from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import virtual_services
from ansible_collections.lvs.direct_routing.plugins.plugin_utils.report import page, view


def report_page(services, groups, hostvars, findings=(), generated='', refresh=0):
    seen = {name: hostvars[name].get('lvs_report') or {} for name in groups.get('directors', ())}
    try:
        shown = view.build(services, groups, hostvars, seen, findings)
    except virtual_services.InventoryError as error:
        raise AnsibleFilterError(str(error)) from None
    return page.render(shown, str(generated), int(refresh))


class FilterModule:
    """The filter."""

    def filters(self):
        return {'report_page': report_page}
