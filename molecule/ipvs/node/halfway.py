# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes that fail half-way, for real: what the message says, and what is left in the kernel and in the record."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys

import modules

RECORD = '/root/ipvs-halfway/record'
# Stands in the place of the real ipvsadm: what is written goes through a filter.
FAULTY = """#!/bin/sh
if [ "$1" = -R ]; then
    sed '{filter}' | {ipvsadm} -R
    exit
fi
exec {ipvsadm} "$@"
"""


def service(port, scheduler, *servers):
    realservers = [{'address': address, 'weight': weight} for address, weight in servers]
    return {'address': '192.0.2.100', 'port': port, 'scheduler': scheduler, 'realservers': realservers}


BEFORE = [
    service(7001, 'rr', ('192.0.2.21', 1), ('192.0.2.22', 1)),
    service(7002, 'rr', ('192.0.2.21', 5)),
    service(7003, 'rr', ('192.0.2.21', 1)),
]


@contextlib.contextmanager
def faulty(sed_filter):
    """Put an ipvsadm in the place of the real one that garbles the lines it is given."""
    place = shutil.which('ipvsadm')
    aside = place + '.real'
    os.rename(place, aside)
    try:
        with open(place, 'w', encoding='ascii') as stream:
            os.fchmod(stream.fileno(), 0o755)
            stream.write(FAULTY.format(filter=sed_filter, ipvsadm=aside))
        yield
    finally:
        os.rename(aside, place)


def content(path):
    with open(path, encoding='ascii') as stream:
        return stream.read()


def attempt(services, purge='owned', fault=None):
    """Declare something that fails; return the message and what is not as before."""
    before, record = modules.saved(), content(RECORD)
    foretold = modules.run('ipvs_table', check=True, services=services, purge=purge, record=RECORD)
    with faulty(fault) if fault else contextlib.nullcontext():
        run = modules.run('ipvs_table', services=services, purge=purge, record=RECORD)
    after = modules.saved()
    outcome = {
        'failed': bool(run.result.get('failed')),
        'message': run.result.get('msg', ''),
        'foretold': foretold.result.get('commands'),
        'kernel_as_before': after == before,
        'record_as_before': content(RECORD) == record,
        'processes': len(run.calls),
    }
    # Whatever is left must not be in the way of the next run.
    again = modules.run('ipvs_table', services=BEFORE, purge='owned', record=RECORD)
    outcome['next_run_failed'] = bool(again.result.get('failed'))
    left = sorted(set(modules.saved()) - set(before))
    outcome['left'] = left
    modules.ipvsadm('-R', stdin=''.join(line.replace('-A', '-D', 1).split(' -s ')[0] + '\n' for line in left))
    return outcome


def main():
    os.makedirs(os.path.dirname(RECORD), exist_ok=True)
    topology = modules.saved()
    modules.run('ipvs_table', services=BEFORE, purge='owned', record=RECORD)
    missing = sys.argv[1]
    two_of_three = BEFORE[:2] + [service(7003, missing, ('192.0.2.21', 9))]
    outcome = {
        # The kernel refuses one line and takes those before and after it.
        'a new service is refused': attempt(BEFORE + [
            service(7011, 'rr', ('192.0.2.21', 1)),
            service(7012, 'wrr', ('192.0.2.21', 1)),
            service(7013, missing),
            service(7014, 'sed', ('192.0.2.21', 1)),
        ]),
        'an edit is refused, edits and additions are taken': attempt([
            service(7001, 'wlc', ('192.0.2.21', 7), ('192.0.2.22', 0), ('192.0.2.23', 1)),
        ] + two_of_three[1:]),
        'an edit is refused, deletions are taken': attempt([
            service(7001, 'rr', ('192.0.2.22', 1)),
            service(7003, missing, ('192.0.2.21', 1)),
        ]),
        # ipvsadm does not understand a line and stops there.
        'ipvsadm stops at the third line': attempt(
            BEFORE + [service(port, 'rr', ('192.0.2.21', 1)) for port in (7011, 7012, 7013)], fault='3s/^/garbage /'
        ),
        'ipvsadm stops at the first line': attempt(BEFORE + [service(7011, 'rr')], fault='1s/^/garbage /'),
        # And undoing, which deletes, fails as well.
        'undoing fails too': attempt(
            BEFORE + [service(port, 'rr') for port in (7011, 7012, 7013)], fault='3s/^/garbage /;s/^-D/garbage/'
        ),
    }
    modules.run('ipvs_table', services=[], purge='owned', record=RECORD)
    outcome['topology_as_before'] = modules.saved() == topology
    json.dump(outcome, sys.stdout)


if __name__ == '__main__':
    main()
