# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure one ipvs_table task beside a loop of commands and beside Salt's states, for report.py.

`python3 beside.py NODE WORK loop|salt RESULT` with the node and the folder of `run`. Everything is timed on the controller,
connections and all. Each way fills the empty table of the node with the same rules, and what then stands in the kernel
is compared with what was asked for.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Iterator

import tables

SERVICES = (10, 50)
HERE = Path(__file__).resolve().parent
SALT_CALL = 'PYTHONPATH=/opt/salt exec python3 /opt/salt/bin/salt-call --local --retcode-passthrough '
SALT_APPLY = SALT_CALL + '--file-root=/srv/salt --out=quiet state.apply '


class NotMeasured(Exception):
    """A way could not be tried; the message says why."""


class Bench:
    """The node and how each way brings it to a table."""

    def __init__(self, node: str, work: Path) -> None:
        self.node = node
        self.work = work
        self.samples: dict[str, list[float]] = {}

    def in_node(self, script: str, **more) -> str:
        return self.checked(['docker', 'exec', '--interactive', self.node, 'sh', '-c', script], **more)

    @staticmethod
    def checked(argv: list[str], **more) -> str:
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **more)
        if done.returncode:
            raise NotMeasured('{0} failed: {1}'.format(argv[0], ' '.join(done.stdout.split())[-600:]))
        return done.stdout

    def playbook(self, name: str, services: int, what: str) -> None:
        variables = self.work / '{0}-{1}.json'.format(what, services)
        wanted = {'bench_services': tables.options} if what == 'services' else {'bench_rules': tables.rules}
        variables.write_text(json.dumps({key: make(services) for key, make in wanted.items()}))
        self.checked([
            'ansible-playbook', '--inventory', self.node + ',', '--extra-vars', '@{0}'.format(variables),
            '--extra-vars', 'ansible_connection=community.docker.docker ansible_python_interpreter=/usr/bin/python3',
            str(HERE / 'playbooks' / name),
        ])

    def table(self, services: int) -> None:
        self.playbook('table.yml', services, 'services')

    def loop(self, services: int) -> None:
        self.playbook('loop.yml', services, 'rules')

    def salt(self, services: int) -> None:
        self.in_node(SALT_APPLY + 'services-{0}'.format(services))

    def timed(self, way: str, case: str, services: int) -> None:
        begin = time.perf_counter()
        getattr(self, way)(services)
        self.samples.setdefault('{0}-{1}-{2}'.format(way, case, services), []).append(time.perf_counter() - begin)
        if sorted(self.in_node('ipvsadm -Sn').splitlines()) != sorted(tables.rules(services)):
            raise NotMeasured('{0} left another table than {1} rules'.format(way, services * (1 + tables.REALSERVERS)))

    def prepare_salt(self) -> None:
        with open(self.checked([str(HERE / 'salt.sh')]).splitlines()[-1], 'rb') as tree:
            self.in_node('mkdir -p /opt/salt /srv/salt && tar -x -C /opt/salt', stdin=tree)
        for services in (1,) + SERVICES:
            self.in_node('cat > /srv/salt/services-{0}.sls'.format(services), input=json.dumps(tables.states(services)))
        # Once before it counts: Salt compiles what it imports.
        self.in_node(SALT_APPLY + 'services-1')

    def measure(self, way: str) -> Iterator[dict]:
        """Yield the rows of one way; ours before and after it, so that a busy machine hits both."""
        again = way == 'salt'
        if again:
            self.prepare_salt()
        names = {'loop': 'a loop of ansible.builtin.command', 'salt': "Salt's lvs states"}
        cases = {'fill': 'empty -> full', 'again': 'the same again'}
        for services in SERVICES:
            for turn in ('table', way, 'table'):
                self.in_node('ipvsadm -C')
                self.timed(turn, 'fill', services)
                if again:
                    self.timed(turn, 'again', services)
            for case in ('fill', 'again') if again else ('fill',):
                yield {
                    'what': '{0} rules, {1}: {2}'.format(services * (1 + tables.REALSERVERS), cases[case], names[way]),
                    'ours': self.samples['{0}-{1}-{2}'.format(way, case, services)],
                    'beside': self.samples['table-{0}-{1}'.format(case, services)],
                    'than': 'one ipvs_table task',
                    'note': self.per_rule(way, case, services),
                    'target': None,
                }

    def per_rule(self, way: str, case: str, services: int) -> str:
        seconds = self.samples['{0}-{1}-{2}'.format(way, case, services)][0]
        return '{0:.0f} ms per rule'.format(1000 * seconds / services / (1 + tables.REALSERVERS))


def main() -> None:
    node, work, way, result = sys.argv[1:]
    rows: list[dict] = []

    def keep(*missing: str) -> None:
        unfinished = [{'what': way, 'not_measured': reason} for reason in missing]
        Path(result).write_text(json.dumps({'rows': rows + unfinished}))

    # After each row, because the next one may take long, and somebody may not want to wait for it.
    keep('interrupted')
    try:
        for row in Bench(node, Path(work)).measure(way):
            rows.append(row)
            keep('the rest was interrupted')
        keep()
    except NotMeasured as error:
        keep(str(error))


if __name__ == '__main__':
    main()
