# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: adopt
short_description: Turn the tables of live directors into an inventory
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Takes what M(lvs.direct_routing.ipvs_info#module) and M(lvs.direct_routing.lvs_host_info#module) returned on
    directors, and returns an inventory for C(site.yml) that declares exactly the same table.
  - Services that differ only in their ports become one entry. If every service sends to the same hosts with the same
    weights, and nothing is unusual about them, they are the group C(realservers); otherwise each service lists its own.
  - A real server whose address belongs to a host of the given inventory is that host. For others a name is made of the
    address.
  - What the table does not tell is not guessed. A firewall mark has no virtual IP (VIP) there, so it gets the one address
    with a host prefix on the directors' network cards that no other service has; if there is not exactly one, its entry is
    a comment in the text.
  - The kernel takes some things that C(site.yml) refuses, such as a VIP as a real server. Such an entry is a comment as
    well, with the reason, and the others are declared all the same.
  - If all VIPs of a director have the same prefix length, as an alias made by hand often has that of the network, it is
    kept as C(director_vip_prefix) or C(director_vip_prefix_ipv6).
extends_documentation_fragment:
  - lvs.direct_routing.inventory.groups
positional: groups, hostvars
options:
  _input:
    description:
      - By the name of each director a dictionary with C(info), the result of M(lvs.direct_routing.ipvs_info#module) with
        services, and better with timeouts as well, and C(host), the result of
        M(lvs.direct_routing.lvs_host_info#module) with the VIPs of that table.
      - Where tables differ, the first director that has a service says how it is.
    type: dict
    required: true
  hostvars:
    description:
      - The magic variable C(hostvars). Of a host, its addresses and some connection variables are taken along, but no
        passwords.
    type: dict
    required: true
seealso:
  - plugin: lvs.direct_routing.resolve_virtual_services
    plugin_type: filter
  - module: lvs.direct_routing.ipvs_info
  - module: lvs.direct_routing.lvs_host_info
"""

EXAMPLES = r"""
# playbooks/adopt.yml reads all that this filter takes, and writes the file.
- name: Show what is to be looked at
  vars:
    seen:
      director: {info: "{{ director_table }}", host: "{{ director_host }}"}
  ansible.builtin.debug:
    msg: "{{ (seen | lvs.direct_routing.adopt(groups, hostvars)).review }}"
"""

RETURN = r"""
_value:
  description:
    - The inventory, and what a person should know of it.
  type: dict
  contains:
    inventory:
      description: The groups C(directors) and C(realservers) with their hosts, and C(all) with the variables.
      type: dict
    undecided:
      description: Entries that could not be completed or that C(site.yml) would refuse, each with C(entry) and C(reason).
      type: list
      elements: dict
    review:
      description: One sentence for each thing that a person should look at.
      type: list
      elements: str
    text:
      description: The inventory as a YAML file, with the review and the undecided entries as comments.
      type: str
"""

from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import virtual_services
from ansible_collections.lvs.direct_routing.plugins.plugin_utils.adopt import inventory, review, text


def adopt(seen, groups, hostvars):
    try:
        adopted = inventory.adopt(seen, groups, hostvars)
    except virtual_services.InventoryError as error:
        raise AnsibleFilterError(str(error)) from None
    sentences = review.review(adopted)
    return {
        'inventory': adopted.inventory,
        'undecided': [{'entry': dict(one.entry), 'reason': one.reason} for one in adopted.undecided],
        'review': sentences,
        'text': text.render(adopted, sentences),
    }


class FilterModule:
    """The filter."""

    def filters(self):
        return {'adopt': adopt}
