# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The cases that tools which compare by substring, or take 0 for nothing, get wrong; and whose entries a purge takes."""

from __future__ import annotations

import json
import os
import sys

import modules

MARK = {'address': '192.0.2.100', 'port': 8080}
RECORD = '/root/ipvs-exact/record'


def words_of(*endings):
    """Return the lines of the kernel's table that name one of the services of these cases."""
    return [line for line in modules.saved() if any(' {0} '.format(word) in line + ' ' for word in endings)]


def edit(name, before, after):
    """Declare one thing, then another; return the commands, foretold and done, and whether the same again is nothing."""
    modules.run(name, **before)
    foretold = modules.run(name, check=True, **after)
    done = modules.run(name, **after)
    again = modules.run(name, **after)
    return {
        'foretold': foretold.result.get('commands', foretold.result),
        'commands': done.result.get('commands', done.result),
        'written': done.written,
        'again': again.result['changed'],
    }


def weights():
    modules.run('ipvs_service', **MARK)
    server = dict(MARK, realserver_address='192.0.2.21')
    outcome = {}
    for before, after in ((10, 1), (1, 0), (0, 1), (1, 10)):
        way = edit('ipvs_realserver', dict(server, weight=before), dict(server, weight=after))
        outcome['{0} -> {1}'.format(before, after)] = dict(way, kernel=words_of('192.0.2.21:8080'))
    modules.run('ipvs_service', **dict(MARK, state='absent'))
    return outcome


def schedulers():
    outcome = {}
    for before, after in (('lblc', 'lblcr'), ('lblcr', 'lblc'), ('rr', 'wrr'), ('lc', 'wlc')):
        way = edit('ipvs_service', dict(MARK, scheduler=before), dict(MARK, scheduler=after))
        outcome['{0} -> {1}'.format(before, after)] = dict(way, kernel=words_of('192.0.2.100:8080'))
    modules.run('ipvs_service', **dict(MARK, state='absent'))
    return outcome


def ports():
    """Port 80 is there: 8080 is another service, and takes nothing along when it goes."""
    before = modules.saved()
    added = modules.run('ipvs_service', **dict(MARK, scheduler='rr')).result['commands']
    both = modules.saved()
    removed = modules.run('ipvs_service', **dict(MARK, state='absent')).result['commands']
    return {
        'added': added,
        'kernel_added': sorted(set(both) - set(before)),
        'removed': removed,
        'as_before': modules.saved() == before,
    }


def marks():
    outcome = {}
    for family in ('ipv4', 'ipv6'):
        address = '192.0.2.21' if family == 'ipv4' else '2001:db8:2::21'
        mark = {'fwmark': 7, 'family': family}
        outcome['service ' + family] = modules.run('ipvs_service', **dict(mark, scheduler='rr')).result['commands']
        outcome['server ' + family] = modules.run(
            'ipvs_realserver', **dict(mark, realserver_address=address)
        ).result['commands']
    outcome['both'] = words_of('7')
    outcome['removed'] = modules.run('ipvs_service', fwmark=7, family='ipv6', state='absent').result['commands']
    outcome['other'] = words_of('7')
    modules.run('ipvs_service', fwmark=7, family='ipv4', state='absent')
    return outcome


def presence():
    """Adding and deleting: check mode says what is done."""
    server = dict(MARK, realserver_address='192.0.2.21')
    steps = [
        ('ipvs_service', dict(MARK, scheduler='rr')),
        ('ipvs_realserver', server),
        ('ipvs_realserver', dict(server, state='absent')),
        ('ipvs_realserver', dict(server, weight=0)),
        ('ipvs_service', dict(MARK, state='absent')),
    ]
    outcome = []
    for name, options in steps:
        foretold = modules.run(name, check=True, **options)
        done = modules.run(name, **options)
        again = modules.run(name, **options)
        outcome.append(
            {
                'commands': done.result.get('commands', done.result),
                'foretold': foretold.prediction == done.prediction and foretold.written == [],
                'written': done.written,
                'again': again.result['changed'],
            }
        )
    return outcome


FOREIGN = [
    '-A -u 192.0.2.100:53 -s rr',
    '-a -u 192.0.2.100:53 -r 192.0.2.21:53 -g -w 3',
]
FOREIGN_SERVER = '-a -t 192.0.2.100:8080 -r 192.0.2.22:8080 -g -w 9'


def purges():
    """Somebody else's service, and somebody else's real server of a service of ours, under each purge."""
    os.makedirs(os.path.dirname(RECORD), exist_ok=True)
    topology = modules.saved()

    def declared(weight):
        return [dict(MARK, scheduler='rr', realservers=[{'address': '192.0.2.21', 'weight': weight}])]

    modules.run('ipvs_table', services=declared(1), purge='owned', record=RECORD)
    modules.ipvsadm('-R', stdin='\n'.join(FOREIGN + [FOREIGN_SERVER]) + '\n')
    outcome = {}
    options = {'services': declared(2), 'purge': 'owned', 'record': RECORD}
    outcome['owned'] = modules.run('ipvs_table', **options).result['commands']
    outcome['owned_left'] = sorted(set(modules.saved()) - set(topology))
    # The topology's own services are on port 80, and on 7000 if other tests hold a stream.
    ignored = [{'port': 80}, {'port': 7000}, {'protocol': 'udp', 'port': 53}]
    options = {'services': declared(2), 'purge': 'all', 'record': RECORD, 'ignore': ignored}
    outcome['all_but_a_service'] = modules.run('ipvs_table', check=True, **options).result['commands']
    ignored.append({'address': '192.0.2.100', 'realserver_address': '192.0.2.22'})
    before = modules.saved()
    outcome['all_but_both'] = modules.run('ipvs_table', **options).result['commands']
    outcome['kept'] = modules.saved() == before
    options = {'services': declared(2), 'purge': 'realservers', 'record': RECORD}
    outcome['realservers'] = modules.run('ipvs_table', **options).result['commands']
    # Everything goes that is not declared, so the topology's own services are declared for this.
    modules.run('ipvs_table', services=[], purge='owned', record=RECORD)
    services = modules.run('ipvs_info').result['services']
    known = ('address', 'port', 'protocol', 'fwmark', 'scheduler', 'realservers')
    services = [
        {name: entry[name] for name in known if name in entry}
        for entry in services
        if (entry.get('address'), entry.get('port')) != ('192.0.2.100', 53)
    ]
    for entry in services:
        entry['realservers'] = [
            {name: server[name] for name in ('address', 'weight')} for server in entry['realservers']
        ]
    outcome['all'] = modules.run('ipvs_table', services=services, purge='all').result.get('commands')
    outcome['as_before'] = modules.saved() == topology
    return outcome


def main():
    cases = (weights, schedulers, ports, marks, presence, purges)
    json.dump({case.__name__: case() for case in cases}, sys.stdout)


if __name__ == '__main__':
    main()
