# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The first play of a playbook: its hosts, and that Ansible's own process loads our filters as it names them."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess

import pytest
import yaml
from ansible_collections.lvs.direct_routing.plugins.filter.lvs_hosts import lvs_hosts

ROOT = pathlib.Path(__file__).resolve().parents[2]
HOSTS = '{{ groups | lvs.direct_routing.lvs_hosts }}'
# Says from each worker what is loaded there before a task begins.
STRATEGY = """
import json, os, sys
from ansible.executor.process import worker
from ansible.plugins.strategy.linear import StrategyModule as Linear
run = worker.WorkerProcess._run
def told(self):
    with open(os.environ['TOLD'], 'a') as sink:
        json.dump(sorted(name for name in sys.modules if '.direct_routing.plugins.filter.' in name), sink)
        sink.write('\\n')
    return run(self)
worker.WorkerProcess._run = told
class StrategyModule(Linear):
    pass
"""
PLAY = """
- hosts: {hosts}
  gather_facts: false
  tasks:
    - ansible.builtin.debug:
        msg: "{{{{ [] | lvs.direct_routing.vips }}}}"
"""


@pytest.mark.parametrize(('groups', 'hosts'), [
    ({'all': ['a', 'b', 'c'], 'realservers': ['b'], 'directors': ['a']}, ['b', 'a']),
    ({'all': ['a', 'b'], 'realservers': ['a', 'b'], 'directors': ['a']}, ['a', 'b']),
    ({'all': ['a', 'b'], 'directors': ['a']}, ['a']),
    ({'all': ['a', 'b'], 'realservers': [], 'directors': []}, ['a', 'b']),
    ({'all': ['a', 'b']}, ['a', 'b']),
    ({'all': []}, []),
])  # fmt: skip
def test_real_servers_and_directors_or_everybody(groups, hosts):
    assert lvs_hosts(groups) == hosts


@pytest.mark.parametrize('playbook', ['doctor', 'drain', 'report', 'rolling_update', 'site', 'teardown', 'verify'])
def test_playbooks_begin_so(playbook):
    assert yaml.safe_load((ROOT / 'playbooks' / (playbook + '.yml')).read_text())[0]['hosts'] == HOSTS


@pytest.mark.parametrize(('hosts', 'loaded'), [(HOSTS, True), ('all', False)])
def test_no_worker_loads_filters_that_the_first_play_has_loaded(tmp_path, hosts, loaded):
    (tmp_path / 'telling.py').write_text(STRATEGY)
    (tmp_path / 'play.yml').write_text(PLAY.format(hosts=json.dumps(hosts)))
    told = tmp_path / 'told'
    subprocess.run(
        ['ansible-playbook', '-i', 'one,two,', 'play.yml'], cwd=tmp_path, check=True, stdout=subprocess.PIPE,
        env={**os.environ, 'ANSIBLE_CONFIG': str(ROOT / 'ansible.cfg'), 'ANSIBLE_STRATEGY': 'telling',
             'ANSIBLE_STRATEGY_PLUGINS': str(tmp_path), 'TOLD': str(told)},
    )  # fmt: skip
    seen = [bool(json.loads(line)) for line in told.read_text().splitlines()]
    assert seen == [loaded, loaded]
