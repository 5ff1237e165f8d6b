# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs that run scenarios: what they read of their output, when they stop, what they remember."""
from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import queue
import re
import subprocess
import sys
import types
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[2]
LOG = '''\
  \x1b[2m│\x1b[0m ============================= test session starts ==============================
  \x1b[2m│\x1b[0m tests/test_a.py ...                                                      [100%]
  \x1b[2m│\x1b[0m ==================================== figures
  \x1b[2m│\x1b[0m   ===================================
  \x1b[2m│\x1b[0m a change: 100 requests, 0 failed
  \x1b[2m│\x1b[0m \x1b[32m============================== \x1b[32m\x1b[1m3 passed\x1b[0m\x1b[32m in 12.30s\x1b[0m\x1b[32m ==============================\x1b[0m
  \x1b[2m│\x1b[0m ========================= 1 passed, 2 skipped in 75.00s (0:01:15)
  \x1b[2m│\x1b[0m   =========================
'''


def loaded(name, path):
    loader = importlib.machinery.SourceFileLoader(name, str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
    sys.modules[name] = module
    loader.exec_module(module)
    return module


@pytest.fixture(name='scenarios', scope='module')
def the_runner():
    return loaded('scenarios', TESTS / 'scenarios.py')


@pytest.fixture(name='chaos')
def the_long_proofs(scenarios, monkeypatch, tmp_path):
    module = loaded('chaos', TESTS / 'chaos.py')
    monkeypatch.setattr(module, 'PASSED', tmp_path / 'passed')
    monkeypatch.setattr(module, 'FIGURES', tmp_path / 'chaos.md')
    for name, value in module.COUNTS.items():
        monkeypatch.setenv(name, value)
    return module


def run(scenarios, status, text=LOG):
    made = scenarios.Run.__new__(scenarios.Run)
    made.scenario, made.status, made.seconds, made.speed, made.text = 'default', status, 1.0, 0.5, scenarios.plain(text)
    return made


def test_counts_and_figures_are_read_from_what_molecule_prints(scenarios):
    made = run(scenarios, 0)
    assert made.counts == '3 passed + 1 passed, 2 skipped'
    assert made.figures == ['a change: 100 requests, 0 failed']


def test_a_scenario_that_does_not_exist_is_refused_by_name(scenarios):
    with pytest.raises(SystemExit, match='There is no scenario defualt; there are: .*default'):
        scenarios.known(['defualt'])


def test_every_scenario_runs_if_none_is_named_and_each_has_a_place_in_the_order(scenarios):
    there = {path.parent.name for path in TESTS.parent.glob('molecule/*/molecule.yml')}
    assert set(scenarios.known([])) == there == set(scenarios.ORDER)


def test_a_lab_goes_on_after_a_scenario_that_failed(scenarios, monkeypatch):
    outcomes = iter([0, 1, 0])
    monkeypatch.setattr(scenarios, 'lab', lambda name, *command: '')
    monkeypatch.setattr(scenarios, 'Run', lambda scenario, name: types.SimpleNamespace(status=next(outcomes)))
    waiting, runs, finished = queue.Queue(), [], []
    for scenario in 'abc':
        waiting.put(scenario)
    scenarios.work('', waiting, runs, finished.append)
    assert [run.status for run in runs] == [run.status for run in finished] == [0, 1, 0]


def test_a_part_that_passed_on_this_commit_is_not_run_again(chaos):
    chaos.record('abc', 'default', 10, 0.5, '3 passed', ['a figure'])
    assert chaos.is_passed('default', 'abc')
    assert not chaos.is_passed('default', 'other')
    assert not chaos.is_passed('ipvs', 'abc')
    assert '| default | abc |' in chaos.FIGURES.read_text() and '- a figure' in chaos.FIGURES.read_text()


def test_other_counts_or_uncommitted_files_are_tested_again(chaos, monkeypatch):
    chaos.record('abc+', 'ipvs', 10, 0.5, '3 passed', [])
    assert not chaos.is_passed('ipvs', 'abc+')
    chaos.record('abc', 'default', 10, 0.5, '3 passed', [])
    monkeypatch.setenv('LVS_SEED', '7')
    assert not chaos.is_passed('default', 'abc')


@pytest.mark.parametrize('statuses, expected', [([0, 0], 0), ([0, 1], 1), ([0], 1)])
def test_it_fails_unless_every_part_passed(chaos, monkeypatch, statuses, expected):
    monkeypatch.setattr(sys, 'argv', ['run', 'default', 'ipvs'])
    monkeypatch.setattr(chaos, 'commit', lambda: 'abc')
    monkeypatch.setattr(chaos.scenarios, 'run_all', lambda left, finished: [types.SimpleNamespace(status=status) for status in statuses])
    assert chaos.main() == expected


@pytest.fixture(name='slices')
def what_is_tested_of_long_lists():
    return loaded('slices', TESTS.parent / 'molecule' / 'shared' / 'slices.py')


@pytest.mark.parametrize('length, count', [(7, 2), (6, 2), (9, 1), (2, 2), (1, 2)])
def test_a_slice_moves_until_all_have_had_their_turn(slices, monkeypatch, length, count):
    monkeypatch.setattr(slices, 'EVERY', False)
    had = set()
    for day in range(700000, 700000 + length):
        monkeypatch.setattr(slices, 'SEED', day)
        chosen = slices.of_the_day(range(length), count)
        assert len(chosen) == len(set(chosen)) == min(count, length)
        had |= set(chosen)
    assert had == set(range(length))


def collected(scenario, **environment):
    """Return the tests of a scenario that would be run. Molecule names the files."""
    folder = TESTS.parent / 'molecule' / scenario
    done = subprocess.run(
        [sys.executable, '-m', 'pytest', '--collect-only', '-q', *map(str, sorted(folder.glob('tests/test_*.py')))],
        cwd=folder, stdout=subprocess.PIPE, text=True, check=True,
        env={**{name: value for name, value in os.environ.items() if not name.startswith('LVS_')}, **environment,
             'PYTHONPATH': ':'.join(map(str, (folder.parent / 'shared', folder / 'tests'))), 'PYTEST_PLUGINS': 'figures,plays'})
    return {line for line in done.stdout.splitlines() if '::' in line}


@pytest.mark.parametrize('scenario', ['director', 'failover', 'keepalived', 'operate'])
def test_half_of_the_tests_that_take_turns_are_run_each_day_and_in_the_end_all(scenario):
    days = [collected(scenario, LVS_SEED=str(day)) for day in range(4)]
    every = collected(scenario, LVS_EVERY_WAY='1')
    assert all(len(day) < len(every) for day in days) and days[0] != days[1]
    assert {re.sub(r'\[.*', '', test) for test in every} == {re.sub(r'\[.*', '', test) for day in days for test in day}


def test_every_way_is_the_whole_list(slices, monkeypatch):
    monkeypatch.setattr(slices, 'EVERY', True)
    assert slices.of_the_day('abc', 1) == ['a', 'b', 'c']


def test_there_is_one_lab_more_than_cores_if_there_is_memory_for_them(scenarios, monkeypatch):
    monkeypatch.setattr(scenarios.os, 'cpu_count', lambda: 2)
    monkeypatch.setattr(scenarios.shutil, 'disk_usage', lambda path: types.SimpleNamespace(free=10 ** 12))
    monkeypatch.setattr(scenarios.Path, 'read_text', lambda path: f'MemTotal: 99 kB\nMemAvailable: {10 ** 9} kB\n')
    assert scenarios.room() == 3
    monkeypatch.setattr(scenarios.Path, 'read_text', lambda path: f'MemAvailable: {7 * 1024 ** 2} kB\n')
    assert scenarios.room() == 1


@pytest.fixture(name='labs')
def two_labs_in_which_every_scenario_passes(scenarios, monkeypatch, tmp_path):
    """Return what was done, in its order: a command of a lab, or a scenario on it. Commands of `broken` labs fail."""
    done, broken = [], set()

    def lab(name, *command):
        done.append((name, *command))
        if name in broken and command[-1] == '2':
            raise scenarios.subprocess.CalledProcessError(1, 'lab')
        return ''

    monkeypatch.setattr(scenarios, 'lab', lab)
    monkeypatch.setattr(scenarios, 'room', lambda: 2)
    monkeypatch.setattr(scenarios, 'speed', lambda: 0.5)
    monkeypatch.setattr(scenarios, 'ROOT', tmp_path)
    monkeypatch.setattr(scenarios, 'OUTPUT', tmp_path / 'output')
    monkeypatch.setattr(scenarios, 'Run', lambda scenario, name: done.append((name, scenario)) or types.SimpleNamespace(scenario=scenario, status=0))
    monkeypatch.delenv('LVS_LABS', raising=False)
    (tmp_path / '.lab').mkdir()
    (tmp_path / '.lab' / 'state.json').write_text('{"accel": "uml"}')
    return done, broken


def test_what_needs_two_cpus_has_a_lab_with_two(scenarios, labs):
    scenarios.run_all(['ipvs', 'director', 'default'])
    done, _broken = labs
    for scenario in ('ipvs', 'director', 'default'):
        (name,) = [name for name, *rest in done if rest == [scenario]]
        before = done[:done.index((name, scenario))]
        assert [rest[-1] for lab, *rest in before if lab == name and rest[0] == 'up'][-1] == ('2' if scenario == 'ipvs' else '1')


def test_a_scenario_whose_lab_does_not_come_up_is_said_and_the_others_are_run(scenarios, labs, monkeypatch, capsys):
    done, broken = labs
    broken |= {'', '2'}
    monkeypatch.setattr(sys, 'argv', ['scenarios', 'ipvs', 'director', 'default'])
    monkeypatch.setattr(scenarios, 'known', lambda names: names)
    monkeypatch.setattr(scenarios, 'run_all', lambda wanted, run_all=scenarios.run_all: [
        types.SimpleNamespace(**vars(run), seconds=1, speed=0.5, counts='', figures=[]) for run in run_all(wanted)])
    assert scenarios.main() == 1
    assert 'not run: ipvs' in capsys.readouterr().out
    assert {rest[0] for _name, *rest in done if len(rest) == 1} >= {'director', 'default'}
