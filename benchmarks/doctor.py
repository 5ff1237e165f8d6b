# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure doctor.yml on two directors and fifty real servers beside gathering their facts, for report.py.

`python3 doctor.py RESULT`. All of these hosts are this one, so what it finds is no matter; each is looked at as any host is.
"""

from __future__ import annotations

import json
import pathlib
import sys
import tempfile

from timing import timed

PAIRS = 3
REALSERVERS = 50


def inventory() -> dict:
    """Return two directors and fifty real servers of one service, which differ in name and address."""
    service = {'name': 'web', 'vip': '192.0.2.100', 'port': 80, 'scheduler': 'wrr', 'realservers': 'realservers'}
    here = {'ansible_connection': 'local', 'ansible_python_interpreter': sys.executable}
    return {
        'all': {'vars': {'lvs_virtual_services': [service], 'director_engine': 'keepalived', **here}},
        'directors': {'hosts': {'lb{0}'.format(number): {'lvs_address': '192.0.2.{0}'.format(number)} for number in (10, 11)}},
        'realservers': {'hosts': {
            'real{0}'.format(number): {'lvs_address': '192.0.2.{0}'.format(number + 100)} for number in range(1, REALSERVERS + 1)}},
    }  # fmt: skip


def main() -> None:
    gathering, doctor = [], []
    with tempfile.TemporaryDirectory() as folder:
        hosts = pathlib.Path(folder) / 'hosts.json'
        hosts.write_text(json.dumps(inventory()), encoding='utf-8')
        for _pair in range(PAIRS):
            gathering.append(timed(['ansible', 'all', '-i', str(hosts), '-m', 'ansible.builtin.setup'])[0])
            doctor.append(timed(['ansible-playbook', '-i', str(hosts), 'playbooks/doctor.yml'], (0, 2))[0])
    result = {'rows': [{
        'what': 'doctor.yml: two directors, {0} real servers'.format(REALSERVERS), 'than': 'gathering the facts of the same hosts',
        'ours': doctor, 'beside': gathering, 'target': 3,
    }]}  # fmt: skip
    pathlib.Path(sys.argv[1]).write_text(json.dumps(result), encoding='utf-8')


if __name__ == '__main__':
    main()
