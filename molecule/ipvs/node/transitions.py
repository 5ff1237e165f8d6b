# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every edit from every value of every option to every other: foretold by check mode, done in one line, read back."""

from __future__ import annotations

import json
import sys

import cases
import modules


def whole_service(identity, words):
    """Return the settings of a service, and of its one real server, as the run that changes nothing read them."""

    def settings(run):
        lines = modules.whole(run.seen('-Sn'), run.seen('-Ln', '--thresholds'))
        service = [line[len('-A ' + words):].strip() for line in lines if line.startswith('-A ' + words + ' -s')]
        servers = [line.split(' -r ', 1)[1].split(' ', 1) for line in lines if line.startswith('-a ' + words + ' -r')]
        return service, dict(servers)

    return settings


def walk(name, identity, values, settings, expected, edit):
    """Take every way between two values once; return the number of ways and what was wrong with which.

    What the kernel has after an edit is what the next run reads.
    """
    path = cases.tour(values)
    modules.run(name, **dict(identity, **values[path[0]][0]))
    wrong, here, seen = [], path[0], set()
    for value in path[1:] + [None]:
        options = dict(identity, **values[value or here][0])
        foretold = modules.run(name, check=True, **options)
        if settings(foretold) != expected(values[here][1]):
            wrong.append('{0}: the kernel has {1}'.format(here, settings(foretold)))
        if value is None:
            break
        done = modules.run(name, **options)
        wrong += ['{0} -> {1}: {2}'.format(here, value, finding) for finding in judge(foretold, done, edit)]
        if value not in seen:
            again = modules.run(name, **options)
            if again.result.get('failed') or again.result.get('changed') or again.written:
                wrong.append('{0}: not the same again: {1}'.format(value, again.result))
        seen.add(value)
        here = value
    return {'transitions': len(path) - 1, 'wrong': wrong}


def judge(foretold, done, edit):
    """Say what is wrong with an edit and its prediction."""
    if foretold.written:
        yield 'check mode wrote {0}'.format(foretold.written)
    if foretold.prediction != done.prediction:
        yield 'foretold {0}, but it became {1}'.format(foretold.prediction, done.prediction)
    if not done.result.get('changed'):
        yield 'nothing changed: {0}'.format(done.result)
    if len(done.written) != 1 or [line[:3] for line in done.written[0]] != [edit]:
        yield 'not one edit: {0}'.format(done.written)
    if done.result.get('commands') != sum(done.written, []):
        yield 'reported {0}, wrote {1}'.format(done.result.get('commands'), done.written)


def tours(service, available):
    """Edit one service and one real server of it through all their values; yield (option, outcome)."""
    identity, words, options, server_options = cases.SERVICES[service]
    settings = whole_service(identity, words)
    ipv6 = 'IPv6' in service
    # The real server that is edited is the first; the second has no share, and has to stay as it is.
    one, two = ('2001:db8:2::21', '2001:db8:2::22') if ipv6 else ('192.0.2.21', '192.0.2.22')
    endpoints = ['{0}:{1}'.format('[{0}]'.format(one) if ipv6 else one, identity.get('port', 0)) for one in (one, two)]
    base = dict(identity, scheduler='rr', scheduler_flags=[], persistence_timeout=0)
    modules.run('ipvs_service', **base)
    modules.run('ipvs_realserver', **dict(identity, realserver_address=one))
    modules.run('ipvs_realserver', **dict(identity, realserver_address=two, weight=0))
    servers = dict(zip(endpoints, ('-g -w 1', '-g -w 0')))
    named = cases.transitions(available)
    for option in options:
        yield option, walk(
            'ipvs_service', identity, named[option], settings, lambda printed: ([printed], servers), '-E '
        )
        modules.run('ipvs_service', **base)
    for option in server_options:
        target = dict(identity, realserver_address=one)
        yield option, walk(
            'ipvs_realserver',
            target,
            cases.REALSERVER_TRANSITIONS[option],
            settings,
            lambda printed: (['-s rr'], dict(servers, **{endpoints[0]: printed})),
            '-e ',
        )
        modules.run('ipvs_realserver', **dict(target, forward='dr', weight=1, upper_threshold=0, lower_threshold=0))


def main():
    missing = sys.argv[1].split(',')
    available = [name for name in cases.SCHEDULERS if name not in missing]
    outcome = {}
    for service in sys.argv[2:]:
        for option, result in tours(service, available):
            outcome['{0}: {1}'.format(service, option)] = result
        if not service == 'tcp':
            modules.run('ipvs_service', **dict(cases.SERVICES[service][0], state='absent'))
    json.dump(outcome, sys.stdout)


if __name__ == '__main__':
    main()
