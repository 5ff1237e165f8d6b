# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure site.yml that changes nothing beside the least that Ansible can do with the same hosts, for report.py.

`python3 site.py RESULT`. The nodes of inventories/lab are there and converged.
"""

from __future__ import annotations

import json
import pathlib
import sys

from timing import timed

PAIRS = 3
INVENTORY = 'inventories/lab'
HOSTS = 'directors:realservers'
PING = ['ansible', HOSTS, '-i', INVENTORY, '-m', 'ansible.builtin.ping']
SITE = ['ansible-playbook', '-i', INVENTORY, 'playbooks/site.yml']


def main() -> None:
    pings, sites, changed = [], [], 0
    for _pair in range(PAIRS):
        pings.append(timed(PING)[0])
        seconds, output = timed(SITE)
        sites.append(seconds)
        changed += sum(' changed=0 ' not in line for line in output.splitlines() if ' changed=' in line)
    result = {
        'rows': [{
            'what': 'site.yml, nothing to change: one director, two real servers', 'than': 'ansible ping of the same hosts',
            'ours': sites, 'beside': pings, 'target': 10,
        }],
        'facts': [{'what': 'hosts that it changed', 'value': changed, 'expected': 0}],
    }
    pathlib.Path(sys.argv[1]).write_text(json.dumps(result), encoding='utf-8')


if __name__ == '__main__':
    main()
