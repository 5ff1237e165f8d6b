# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: drain_change
short_description: Drain hosts, or put them back, in the record of drained hosts
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Returns the record that M(lvs.direct_routing.lvs_drains#module) is to write. It has a higher serial number if it differs.
  - Who is drained already stays so since when and by whom it was.
positional: state, hosts
options:
  _input:
    description:
      - The record of drained hosts, as P(lvs.direct_routing.drain_record#filter) returns it.
    type: dict
    required: true
  state:
    description:
      - Whether the hosts are to be drained or put back.
    type: str
    choices: [drained, undrained]
    required: true
  hosts:
    description:
      - Names of hosts.
    type: list
    elements: str
    required: true
  by:
    description:
      - Who does it.
    type: str
    default: ""
  until:
    description:
      - When it is meant to end, a time with its time zone as V(2026-07-01T18:00:00Z), or minutes, hours or days from now, as
        V(30m), V(4h) or V(2d).
    type: str
    default: ""
  reason:
    description:
      - Why.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Remember that web1 is drained
  lvs.direct_routing.lvs_drains:
    serial: "{{ after.serial }}"
    drains: "{{ after.drains }}"
  vars:
    after: "{{ record | lvs.direct_routing.drain_change('drained', ['web1'], until='4h', reason='new disks') }}"
"""

RETURN = r"""
_value:
  description:
    - The record, in the terms of M(lvs.direct_routing.lvs_drains#module).
  type: dict
  contains:
    serial:
      description:
        - The serial number.
      type: int
    drains:
      description:
        - The drained hosts, each with C(host), C(since), C(by), C(until) and C(reason).
      type: list
      elements: dict
"""

import datetime

from ansible.errors import AnsibleFilterError

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import drains


def drain_change(record, state, hosts, by='', until='', reason=''):
    now = datetime.datetime.now(datetime.timezone.utc)
    try:
        return drains.change(record, state, hosts, since=now.strftime(drains.TIME), by=by, until=drains.end(until, now),
                             reason=reason)
    except drains.DrainError as error:
        raise AnsibleFilterError(str(error)) from None


class FilterModule:
    """The filter."""

    def filters(self):
        return {'drain_change': drain_change}
