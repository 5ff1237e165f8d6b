# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure ipvs_table inside a node against ipvsadm itself, and count its processes. Prints JSON for report.py.

`python3 in_node.py KEPT` where KEPT has, for each case, a folder with the module as Ansible sends it to a host:
AnsiballZ_ipvs_table.py with its arguments. It empties the table of this node: never run it on a director.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Iterator, NamedTuple

import tables

LARGE, SMALL = 1000, 100
ROUNDS = 5
IPVSADM = Path('/usr/sbin/ipvsadm')
READS = [['ipvsadm', '-Sn'], ['ipvsadm', '-Ln', '--thresholds']]
PYTHON_START = ['python3', '-c', 'pass']


class Run(NamedTuple):
    """What one process took: seconds from start to end, its peak memory in MB (10^6 bytes), what it printed."""

    seconds: float
    megabytes: float
    output: str


def run(argv: list[str], stdin: str = os.devnull) -> Run:
    with open(stdin, 'rb') as source, tempfile.TemporaryFile('w+') as sink:
        begin = time.perf_counter()
        # wait4 and not Popen.wait, because it tells the peak memory of this very process; that of children counts only
        # where it is higher, and ipvsadm's never is.
        process = subprocess.Popen(argv, stdin=source, stdout=sink, stderr=subprocess.STDOUT)
        status, usage = os.wait4(process.pid, 0)[1:]
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        sink.seek(0)
        output = sink.read()
    if process.returncode:
        raise SystemExit('{0} failed: {1}'.format(' '.join(argv), output[-2000:]))
    return Run(seconds, usage.ru_maxrss * 1024 / 1e6, output)


class Bench:
    """The cases and what was measured of them."""

    def __init__(self, kept: Path) -> None:
        self.module = {folder.name: str(next(folder.glob('*/AnsiballZ_*.py'))) for folder in kept.iterdir()}
        self.samples: dict[str, list[float]] = {}
        self.peak = 0.0
        self.facts: list[dict] = []
        self.rules = {}
        for size in (SMALL, LARGE):
            path = kept.parent / 'rules-{0}'.format(size)
            path.write_text('\n'.join(tables.rules(size)) + '\n')
            self.rules[size] = str(path)

    def sample(self, name: str, seconds: float) -> None:
        self.samples.setdefault(name, []).append(seconds)

    def task(self, case: str, changed: bool) -> float:
        """Run the module as a managed host does; return seconds."""
        done = run(['python3', self.module[case]])
        if json.loads(done.output)['changed'] is not changed:
            raise SystemExit('{0}: expected changed to be {1}'.format(case, changed))
        self.peak = max(self.peak, done.megabytes)
        return done.seconds

    def fact(self, what: str, value: object, expected: object) -> None:
        self.facts.append({'what': what, 'value': value, 'expected': expected})

    def round(self) -> None:
        """Measure each case once: what is compared runs back to back, so that a busy machine hits both."""
        self.sample('ping', run(['python3', self.module['ping']]).seconds)
        for size in (SMALL, LARGE):
            empty()
            self.sample('fill-{0}'.format(size), self.task(str(size), changed=True))
            self.sample('again-{0}'.format(size), self.task(str(size), changed=False))
            self.sample('python', run(PYTHON_START).seconds)
            reads = sum(run(argv).seconds for argv in READS)
            empty()
            restore = run(['ipvsadm', '-R'], stdin=self.rules[size]).seconds
            python = self.samples['python'][-1]
            self.sample('ipvsadm-fill-{0}'.format(size), restore + python)
            self.sample('ipvsadm-again-{0}'.format(size), reads + python)
        self.sample('weight', self.task('reweighted', changed=True))

    def count(self) -> None:
        """Count processes and lines written, in runs of their own, because counting takes time."""
        total = LARGE * (1 + tables.REALSERVERS)
        empty()
        for what, case, changed, lines in (
            ('empty -> full', str(LARGE), True, total),
            ('the same again', str(LARGE), False, 0),
            ('one weight', 'reweighted', True, 1),
        ):
            with counted() as (calls, written):
                self.task(case, changed)
                reads = [' '.join(argv[1:]) for argv in READS]
                self.fact('{0}: ipvsadm was run as'.format(what), calls(), reads + (['-R'] if changed else []))
                self.fact('{0}: lines written'.format(what), len(written()), lines)
                if lines == 1:
                    self.fact('{0}: it is an edit'.format(what), written()[0].split()[0], '-e')
            if case == str(LARGE):
                table = sorted(run(READS[0]).output.split('\n'))
                self.fact('{0}: the table is the declared one'.format(what), table == sorted(tables.rules(LARGE) + ['']), True)


def empty() -> None:
    run(['ipvsadm', '-C'])


@contextlib.contextmanager
def counted() -> Iterator[tuple]:
    """Put a program in the place of ipvsadm that notes how it is called and what it is given."""
    with tempfile.TemporaryDirectory() as folder:
        real, calls, written = IPVSADM.with_name('ipvsadm.real'), Path(folder, 'calls'), Path(folder, 'written')
        calls.touch()
        written.touch()
        IPVSADM.rename(real)
        try:
            IPVSADM.write_text(
                '#!/bin/sh\necho "$*" >> {0}\n[ "$1" = -R ] || exec {2} "$@"\ntee {1} | {2} "$@"\n'.format(calls, written, real)
            )
            IPVSADM.chmod(0o755)
            yield lambda: calls.read_text().splitlines(), lambda: written.read_text().splitlines()
        finally:
            real.rename(IPVSADM)


def main() -> None:
    bench = Bench(Path(sys.argv[1]))
    bench.count()
    for number in range(ROUNDS):
        bench.round()
        print('round {0} of {1}'.format(number + 1, ROUNDS), file=sys.stderr)
    taken = bench.samples
    rows = [
        {
            'what': '{0:,} rules, {1}'.format(size * (1 + tables.REALSERVERS), what),
            'ours': taken['{0}-{1}'.format(case, size)],
            'beside': taken['ipvsadm-{0}-{1}'.format(case, size)],
            'than': than,
            'target': 2 if size == LARGE else None,
        }
        for size in (LARGE, SMALL)
        for what, case, than in (
            ('empty -> full', 'fill', 'ipvsadm -R + python start'),
            ('the same again', 'again', 'ipvsadm -Sn, -Ln --thresholds + python start'),
        )
    ]
    rows += [
        {
            'what': '1,100 -> 11,000 rules, {0}'.format(what),
            'ours': taken['{0}-{1}'.format(case, LARGE)],
            'beside': taken['{0}-{1}'.format(case, SMALL)],
            'than': 'ipvs_table with 1,100 rules',
            'target': 12,
        }
        for what, case in (('empty -> full', 'fill'), ('the same again', 'again'))
    ]
    rows.append({
        'what': '11,000 rules, the same again, without the time that ping takes',
        'ours': [ours - ping for ours, ping in zip(taken['again-{0}'.format(LARGE)], taken['ping'])],
        'beside': taken['ipvsadm-again-{0}'.format(LARGE)],
        'than': 'ipvsadm -Sn, -Ln --thresholds + python start',
        'target': None,
    })
    rows.append({
        'what': 'one weight among 11,000 rules',
        'ours': taken['weight'],
        'beside': taken['again-{0}'.format(LARGE)],
        'than': 'ipvs_table without a change',
        'target': None,
    })
    rows.append({
        'what': 'a module that does nothing, ansible.builtin.ping',
        'ours': taken['ping'],
        'beside': taken['python'],
        'than': 'python start: no module takes less',
        'target': None,
    })
    limits = [{'what': 'peak memory of the module', 'value': round(bench.peak), 'unit': 'MB', 'target': 100}]
    json.dump({'rows': rows, 'limits': limits, 'facts': bench.facts}, sys.stdout)


if __name__ == '__main__':
    main()
