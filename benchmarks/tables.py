# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one table that everything is measured with, in the language of each tool. Imports nothing of the collection.

`python3 tables.py services|reweighted|rules|states SERVICES` prints it as options of ipvs_table, as variable of a loop (both for
ansible-playbook --extra-vars) or as Salt's states.
"""

from __future__ import annotations

import json
import sys

REALSERVERS = 10
PORT = 80
SCHEDULER = 'wrr'


def entries(services: int) -> list[tuple[str, list[tuple[str, int]]]]:
    """Return (VIP, [(real server, weight)]) for each service; the addresses are those for benchmarks (RFC 2544)."""
    return [
        (
            '198.18.{0}.{1}'.format(number // 250, number % 250 + 1),
            [('198.19.{0}.{1}'.format(number % 250, index + 1), index + 1) for index in range(REALSERVERS)],
        )
        for number in range(services)
    ]


def options(services: int) -> list[dict]:
    """Return the table as the option `services` of ipvs_table."""
    return [
        {
            'address': vip,
            'port': PORT,
            'scheduler': SCHEDULER,
            'realservers': [{'address': address, 'weight': weight} for address, weight in servers],
        }
        for vip, servers in entries(services)
    ]


def rules(services: int) -> list[str]:
    """Return the table in the words of `ipvsadm -R`, which are those of `ipvsadm -Sn`."""
    lines = []
    for vip, servers in entries(services):
        lines.append('-A -t {0}:{1} -s {2}'.format(vip, PORT, SCHEDULER))
        lines += [
            '-a -t {0}:{1} -r {2}:{1} -g -w {3}'.format(vip, PORT, address, weight) for address, weight in servers
        ]
    return lines


def states(services: int) -> dict:
    """Return the table as Salt's states, which it keeps in this order."""
    found: dict = {}
    for vip, servers in entries(services):
        service = [{'protocol': 'tcp'}, {'service_address': '{0}:{1}'.format(vip, PORT)}]
        found[vip] = {'lvs_service.present': service + [{'scheduler': SCHEDULER}]}
        for address, weight in servers:
            server = {'server_address': '{0}:{1}'.format(address, PORT)}
            found['{0} of {1}'.format(address, vip)] = {
                'lvs_server.present': service + [server, {'packet_forward_method': 'dr'}, {'weight': weight}]
            }
    return found


def with_one_other_weight(wanted: list[dict]) -> list[dict]:
    """Return the options with another weight for one real server in the middle."""
    changed = json.loads(json.dumps(wanted))
    changed[len(changed) // 2]['realservers'][REALSERVERS // 2]['weight'] = 77
    return changed


def main() -> None:
    what, services = sys.argv[1], int(sys.argv[2])
    printed = {
        'services': lambda: {'bench_services': options(services)},
        'reweighted': lambda: {'bench_services': with_one_other_weight(options(services))},
        'rules': lambda: {'bench_rules': rules(services)},
        'states': lambda: states(services),
    }
    # JSON is YAML, too, so Salt and Ansible read it alike.
    json.dump(printed[what](), sys.stdout)


if __name__ == '__main__':
    main()
