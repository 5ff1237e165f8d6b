#!/usr/bin/python
# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: lvs_drains
short_description: Remember on a director which hosts are drained
version_added: 0.1.0
author:
  - The lvs.direct_routing authors (@lvs-direct-routing)
description:
  - Reads the record of drained hosts on a director, or replaces it. Nothing else changes by it.
  - C(site.yml) and C(drain.yml) read it and give these hosts weight 0, so a drain lasts until it is undone, whoever runs them.
  - The record has a serial number, which is to grow with each change. One that has changed since it was read is not replaced.
extends_documentation_fragment:
  - lvs.direct_routing.attributes
  - lvs.direct_routing.attributes.action_group
options:
  drains:
    description:
      - The drained hosts. Left out, the record is read only.
    type: list
    elements: dict
    suboptions:
      host:
        description:
          - The name of the host in the inventory.
        type: str
        required: true
      since:
        description:
          - Since when, for people.
        type: str
        default: ""
      by:
        description:
          - Who did it, for people.
        type: str
        default: ""
      until:
        description:
          - When it was meant to end, as V(2026-07-01T18:00:00Z). Nothing is undone then, but said.
        type: str
        default: ""
      reason:
        description:
          - Why, for people.
        type: str
        default: ""
  serial:
    description:
      - The serial number of these O(drains), greater than that of the record unless it is the same record. Required with them.
    type: int
  record:
    description:
      - The absolute path of the record.
    type: path
    default: /var/lib/lvs/drained.json
  state:
    description:
      - With V(absent) the record goes.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - plugin: lvs.direct_routing.drain_record
    plugin_type: filter
  - plugin: lvs.direct_routing.with_drains
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Read who is drained
  lvs.direct_routing.lvs_drains:
  register: seen

- name: Remember that web1 is drained, and nobody else
  lvs.direct_routing.lvs_drains:
    # One more than what was seen, or somebody else's change would be lost.
    serial: 4
    drains:
      - host: web1
        since: "2026-07-01T12:00:00Z"
        reason: new disks
"""

RETURN = r"""
serial:
  description:
    - The serial number of the record, 0 if there is none.
  returned: success
  type: int
  sample: 3
drains:
  description:
    - The drained hosts, as in O(drains).
  returned: success
  type: list
  elements: dict
  sample:
    - {host: web1, since: "2026-07-01T12:00:00Z", by: ops@control, until: "", reason: new disks}
"""

import contextlib

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.lvs.direct_routing.plugins.module_utils import drains_record
from ansible_collections.lvs.direct_routing.plugins.module_utils.command import CommandError
from ansible_collections.lvs.direct_routing.plugins.module_utils.drains_record import Record, RecordError
from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs.lock import exclusive


def run(params, check_mode):
    path = params['record']
    have = drains_record.read(path)
    if params['state'] == 'absent':
        want = Record()
        changed = have != want
    elif params['drains'] is None:
        want, changed = have, False
    else:
        want = Record(params['serial'], tuple(drains_record.entry(one) for one in params['drains']))
        changed = drains_record.replace(have, want)
    if changed:
        drains_record.check_writable('record', path)
        if not check_mode:
            drains_record.write(path, want if params['state'] == 'present' else None)
    return {'changed': changed, 'serial': want.serial, 'drains': list(want.drains), 'diff': difference(path, have, want)}


def difference(path, before, after):
    def text(record):
        return '' if record == Record() else drains_record.render(record)

    return {'before_header': path, 'after_header': path, 'before': text(before), 'after': text(after)}


def main():
    text = {'type': 'str', 'default': ''}
    module = AnsibleModule(
        argument_spec={
            'drains': {
                'type': 'list',
                'elements': 'dict',
                'options': dict({name: text for name in drains_record.TEXTS}, host={'type': 'str', 'required': True}),
            },
            'serial': {'type': 'int'},
            'record': {'type': 'path', 'default': '/var/lib/lvs/drained.json'},
            'state': {'type': 'str', 'choices': ['present', 'absent'], 'default': 'present'},
        },
        required_by={'drains': ['serial']},
        supports_check_mode=True,
    )
    writes = not module.check_mode and (module.params['drains'] is not None or module.params['state'] == 'absent')
    try:
        with exclusive() if writes else contextlib.nullcontext():
            result = run(module.params, module.check_mode)
    except (RecordError, CommandError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == '__main__':
    main()
