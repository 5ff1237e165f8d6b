# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two tasks at once, in two processes: one after the other, and the one that overrides the other says so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest

FAKE_IPVSADM = """#!{python}
# A table in a file. A writing process waits for its turn as long as there is a file named hold.
import os, pathlib, sys, time
folder = pathlib.Path(os.environ['FAKE_IPVS'])
table = folder / 'table'
entries = dict(line.split(' -s ', 1) if line[1] == 'A' else line.split(' -g ', 1) for line in table.read_text().splitlines())
if sys.argv[1:] == ['-Sn']:
    sys.stdout.write(table.read_text())
if sys.argv[1:] == ['-R']:
    lines = sys.stdin.read().splitlines()
    while (folder / 'hold').exists():
        (folder / 'writing').touch()
        time.sleep(0.01)
    for line in lines:
        command, name = line[1], line[2:].split(' -s ')[0].split(' -g ')[0]
        if command in 'Aa':
            assert '-' + command + name not in entries, line
        else:
            assert '-' + {{'E': 'A', 'e': 'a', 'D': 'A', 'd': 'a'}}[command] + name in entries, line
        if command in 'AE':
            entries['-A' + name] = line.split(' -s ', 1)[1]
        elif command in 'ae':
            entries['-a' + name] = line.split(' -g ', 1)[1]
        elif command == 'd':
            del entries['-a' + name]
        else:
            entries = {{key: rest for key, rest in entries.items() if key[2:].split(' -r ')[0] != name}}
    table.write_text(''.join(
        key + (' -s ' if key[1] == 'A' else ' -g ') + rest + '\\n' for key, rest in sorted(entries.items())
    ))
"""

FAKE_IP = """#!{python}
# Policy rules in a file, and no routes.
import os, pathlib, sys
if '-batch' in sys.argv:
    sys.exit()
rules = pathlib.Path(os.environ['FAKE_IPVS']) / 'rules'
there = rules.read_text().splitlines()
rule, adds = ' '.join(sys.argv[1:3] + sys.argv[4:]), sys.argv[3] == 'add'
if (rule in there) == adds:
    sys.exit('RTNETLINK answers: ' + ('File exists' if adds else 'No such file or directory'))
there = there + [rule] if adds else [other for other in there if other != rule]
rules.write_text(''.join(line + '\\n' for line in there))
"""

TASK = """
import sys
sys.path.insert(0, sys.argv[1])
import json, shutil
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args
from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import lock, task
from ansible_collections.lvs.direct_routing.plugins.modules import ipvs_table
task.exclusive = lambda: lock.exclusive(sys.argv[2])
# Never the host's own programs, wherever they are.
AnsibleModule.get_bin_path = lambda _module, name, opt_dirs: shutil.which(name, path=sys.argv[4])
with patch_module_args(json.loads(sys.argv[3])):
    ipvs_table.main()
"""


def declared(scheduler, *addresses):
    service = {'address': '192.0.2.100', 'port': 80, 'scheduler': scheduler}
    return {'services': [dict(service, realservers=[{'address': one} for one in addresses])], 'purge': 'all'}


def ruleset(scheduler, *addresses):
    servers = ['-a -t 192.0.2.100:80 -r {0}:80 -g -w 1'.format(one) for one in addresses]
    return ['-A -t 192.0.2.100:80 -s ' + scheduler, *servers]


ONE, OTHER = ('rr', '192.0.2.21', '192.0.2.22'), ('wrr', '192.0.2.22', '192.0.2.23')


class Host:
    """A host whose ipvsadm keeps its table in a file, and tasks that run on it."""

    def __init__(self, folder):
        self.folder = folder
        self.lock = folder / 'lock'
        (folder / 'bin').mkdir()
        for name, text in (('ipvsadm', FAKE_IPVSADM), ('ip', FAKE_IP)):
            program = folder / 'bin' / name
            program.write_text(text.format(python=sys.executable))
            program.chmod(0o755)
        (folder / 'table').touch()
        (folder / 'rules').touch()

    def rules(self):
        return (self.folder / 'rules').read_text().splitlines()

    def table(self):
        return (self.folder / 'table').read_text().splitlines()

    def start(self, declaration):
        return subprocess.Popen(
            [sys.executable, '-c', TASK, '.collections', str(self.lock), json.dumps(declaration), str(self.folder / 'bin')],
            env=dict(os.environ, FAKE_IPVS=str(self.folder)),
            stdout=subprocess.PIPE,
            text=True,
        )

    def at_once(self, first, second):
        """Run two tasks of which the second comes while the first one writes; return their results."""
        (self.folder / 'hold').touch()
        tasks = [self.start(first)]
        until((self.folder / 'writing').exists)
        tasks.append(self.start(second))
        until(self.is_waited_for)
        (self.folder / 'hold').unlink()
        return [json.loads(task.communicate(timeout=60)[0]) for task in tasks]

    def is_waited_for(self):
        inode = ':{0} '.format(self.lock.stat().st_ino)
        with open('/proc/locks') as stream:
            return any('-> FLOCK' in line and inode in line for line in stream)


def until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture(name='host')
def host_in_a_folder(tmp_path):
    return Host(tmp_path)


def warnings(result):
    return [str(warning) for warning in result.get('warnings', [])]


def test_the_table_ends_as_one_of_the_two_declared_it_and_the_task_that_overrode_says_so(host):
    first, second = host.at_once(declared(*ONE), declared(*OTHER))
    assert host.table() == ruleset(*OTHER)
    assert first['changed'] and not warnings(first)
    assert second['commands'] == [
        '-E -t 192.0.2.100:80 -s wrr',
        '-a -t 192.0.2.100:80 -r 192.0.2.23:80 -g -w 1',
        '-d -t 192.0.2.100:80 -r 192.0.2.21:80',
    ]
    (warning,) = warnings(second)
    assert 'for another task that was changing IPVS on this host, and then overrode what was there: ' in warning
    assert '-E -t 192.0.2.100:80 -s wrr; -d -t 192.0.2.100:80 -r 192.0.2.21:80.' in warning
    assert not host.rules()
    assert not host.lock.exists()


def test_two_that_declare_the_same_are_at_peace(host):
    first, second = host.at_once(declared(*ONE), declared(*ONE))
    assert host.table() == ruleset(*ONE)
    assert (first['changed'], second['changed']) == (True, False)
    assert not warnings(second)


def test_two_that_declare_different_services_are_at_peace(host):
    other = dict(declared(*OTHER), purge='none')
    other['services'][0]['port'] = 81
    first, second = host.at_once(declared(*ONE), other)
    assert host.table() == sorted(ruleset(*ONE) + [line.replace(':80', ':81') for line in ruleset(*OTHER)])
    assert first['changed'] and second['changed']
    assert not warnings(second)


def test_one_after_the_other_has_nothing_to_say(host):
    for declaration in (declared(*ONE), declared(*OTHER)):
        result = json.loads(host.start(declaration).communicate(timeout=60)[0])
        assert result['changed'] and not warnings(result)
    assert host.table() == ruleset(*OTHER)


def test_what_a_task_leaves_that_is_killed_while_it_changes_a_scheduler_goes_with_the_next_task(host):
    host.start(declared(*ONE)).communicate(timeout=60)
    (host.folder / 'hold').touch()
    killed = host.start(declared('wrr', *ONE[1:]))
    until((host.folder / 'writing').exists)
    killed.kill()
    killed.communicate(timeout=60)
    (rule,) = host.rules()
    assert rule == '-4 rule pref 1 ipproto 1 dport 771 blackhole'
    (host.folder / 'hold').unlink()
    result = json.loads(host.start(declared(*OTHER)).communicate(timeout=60)[0])
    assert host.table() == ruleset(*OTHER)
    assert not result.get('failed')
    assert not host.rules()
    assert not host.lock.exists()
