# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything at once: each kind of service with each kind of real server in one declaration, and back to what was."""

from __future__ import annotations

import itertools
import json
import os
import sys

import cases
import modules

RECORD = '/root/ipvs-matrix/record'


def missing_schedulers():
    """Return the schedulers that this kernel does not have, by asking it for a service of each."""
    missing = []
    for scheduler in cases.SCHEDULERS:
        answer = modules.ipvsadm('-A', '-f', '4242', '-s', scheduler, check=False)
        if answer:
            missing.append(scheduler)
        else:
            modules.ipvsadm('-D', '-f', '4242')
    return missing


def identities(protocol, family):
    """Yield (options, words) of services without end: the mark, or the port, is what tells them apart."""
    address = cases.VIP if family == 'ipv4' else cases.VIP_IPV6
    for number in itertools.count(10001):
        if protocol == 'fwmark':
            yield {'fwmark': number, 'family': family}, '-f {0}{1}'.format(number, ' -6' if family == 'ipv6' else '')
        else:
            option = {'tcp': '-t', 'udp': '-u', 'sctp': '--sctp-service'}[protocol]
            endpoint = '{0}:{1}'.format('[{0}]'.format(address) if family == 'ipv6' else address, number)
            yield {'address': address, 'port': number, 'protocol': protocol}, option + ' ' + endpoint


def ways(family):
    """Return (address, (options, flag, words)): each way to a real server, in each family that it can reach."""
    own, other = ('2001:db8:2::{0}', '192.0.2.{0}') if family == 'ipv6' else ('192.0.2.{0}', '2001:db8:2::{0}')
    found = [(own.format(30 + index), way) for index, way in enumerate(cases.FORWARDING)]
    return found + [(other.format(30 + index), way) for index, way in enumerate(cases.TUNNELS)]


class Declaration:
    """Services as a task declares them, and beside it the lines that ipvsadm shall print."""

    PER_SERVICE = 5

    def __init__(self):
        self.services = []
        self.lines = []
        self.combined = set()
        # Nine mixes and five real servers for each service: every way meets every mix.
        self.mixes = itertools.cycle(itertools.product(cases.WEIGHTS, cases.THRESHOLDS))

    def add(self, named, scheduling, persistence, packets, chosen):
        identity, words = named
        service = dict(identity, **scheduling[0], **persistence[0], **packets[0])
        name, _b, flags = scheduling[1].partition(' -b ')
        self.line('-A', words, name, persistence[1], packets[1], '-b ' + flags if flags else '')
        service['realservers'] = [self.realserver(words, identity.get('port', 0), *way) for way in chosen]
        self.services.append(service)

    def realserver(self, words, port, address, way):
        options, flag, tunnel = way
        weight, (limits, limit) = next(self.mixes)
        endpoint = '{0}:{1}'.format('[{0}]'.format(address) if ':' in address else address, port)
        self.line('-a', words, '-r', endpoint, flag, '-w', str(weight), tunnel, limit)
        return dict(options, address=address, weight=weight, **limits)

    def line(self, *words):
        self.lines.append(' '.join(' '.join(words).split()))


def everything(available):
    """Return a declaration of each kind of service, and of each kind of real server with each scheduler and flags."""
    whole = Declaration()
    for protocol, family in itertools.product(('tcp', 'udp', 'sctp', 'fwmark'), ('ipv4', 'ipv6')):
        names = identities(protocol, family)
        loose = protocol in ('udp', 'fwmark')
        one_packet = [({}, '')] + ([({'one_packet': True}, '-o')] if loose else [])
        for scheduling in cases.schedulings(available):
            turns = itertools.cycle(ways(family))
            for persistence, packets in itertools.product(cases.persistences(family, engine=loose), one_packet):
                chosen = list(itertools.islice(turns, whole.PER_SERVICE))
                whole.add(next(names), scheduling, persistence, packets, chosen)
                whole.combined.update((protocol, family, scheduling[1], address, way[2]) for address, way in chosen)
    return whole


def main():
    os.makedirs(os.path.dirname(RECORD), exist_ok=True)
    before = modules.saved()
    missing = missing_schedulers()
    available = [name for name in cases.SCHEDULERS if name not in missing]
    whole = everything(available)
    services, lines = whole.services, whole.lines
    options = {'services': services, 'purge': 'owned', 'record': RECORD}
    foretold = modules.run('ipvs_table', check=True, **options)
    untouched = modules.saved() == before
    done = modules.run('ipvs_table', **options)
    there = modules.saved()
    again = modules.run('ipvs_table', **options)
    gone = modules.run('ipvs_table', services=[], purge='owned', record=RECORD)
    json.dump(
        {
            'missing': missing,
            'services': len(services),
            'realservers': len(lines) - len(services),
            'combined': len(whole.combined),
            'possible': 8 * len(cases.schedulings(available)) * len(ways('ipv4')),
            'failed': [run.result.get('msg') for run in (foretold, done, again, gone) if run.result.get('failed')],
            'check_mode_touched_nothing': untouched and foretold.written == [],
            'foretold_as_done': foretold.prediction == done.prediction,
            'writes': len(done.written),
            'too_much': sorted(set(there) - set(lines) - set(before))[:20],
            'too_little': sorted(set(lines + before) - set(there))[:20],
            'again': again.result.get('commands', [])[:20],
            'again_wrote': again.written,
            'left': modules.saved() != before,
            'record_left': os.path.exists(RECORD),
        },
        sys.stdout,
    )


if __name__ == '__main__':
    main()
