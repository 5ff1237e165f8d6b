# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Change the schedulers of the live services again and again, with the guard or without; and kill a task meanwhile."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from unittest import mock

import cases
import modules
import orphans
from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import guard

# Of the topology's own services: what they have, and what they have in between.
SCHEDULERS = {cases.VIP: ('wrr', 'wlc'), cases.VIP_IPV6: ('rr', 'lc')}


def rules():
    """Return the policy rules of both families."""
    listings = (subprocess.check_output(('ip', family, 'rule', 'show'), text=True) for family in ('-4', '-6'))
    return [line for listing in listings for line in listing.splitlines()]


def change(times):
    """Change the schedulers that often, an even number, so that they are as before in the end."""
    findings = []
    for turn in range(1, times + 1):
        services = [
            {'address': address, 'port': 80, 'scheduler': schedulers[turn % 2]}
            for address, schedulers in SCHEDULERS.items()
        ]
        result = modules.run_as_ansible_does('ipvs_table', services=services)
        if len(result.get('commands', [])) != len(services) or result.get('warnings'):
            findings.append(result)
    return findings


def killed():
    """Kill a task that changes a scheduler, but not its ipvsadm; return the rules then, and after the next task."""
    os.makedirs(orphans.FOLDER, exist_ok=True)
    orphans.declare([orphans.service(7104)])
    with orphans.slow():
        orphans.kill_while_it_writes([dict(orphans.service(7104), scheduler='wrr')])
        left = rules()
        orphans.declare([])
    shutil.rmtree(orphans.FOLDER)
    return left, rules()


def main():
    guarded, times = sys.argv[1] == 'guarded', int(sys.argv[2])
    before = rules()
    unguarded = mock.patch.object(guard, 'raised', lambda *_arguments: contextlib.nullcontext())
    with contextlib.nullcontext() if guarded else unguarded:
        outcome = {'findings': change(times)}
    outcome['rules_as_before'] = rules() == before
    if guarded:
        left, after = killed()
        outcome['killed'] = {'left': [line for line in left if line not in before], 'next_removed': after == before}
    json.dump(outcome, sys.stdout)


if __name__ == '__main__':
    main()
