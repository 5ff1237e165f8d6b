# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The long proofs: what CI runs with small numbers, with big ones. Writes the figures to docs/chaos.md.

`python3 tests/chaos.py [PART...]`, from the root of the repository with the virtual environment on PATH: `properties`, `boots` or the name of
a scenario; without a part all of them. A part that has passed on this commit is not run again, so a run that was interrupted
resumes where it stopped.

LVS_KILLS: how often a task is killed under load. LVS_KILLED_PLAYS: how often a play is. LVS_SEED: to kill, and to combine, as an
earlier run did. LVS_REQUESTS: how many requests are made at least while a director is changed. LVS_EVERY_WAY: each way to be a real
server by itself, each inventory of docs/seeds.md, each deployment of `combinations`. LVS_BOOTS: how often the lab is booted.
LVS_HEALTHY_RUNS: how often a client is to ask a healthy service and find nothing wrong. LVS_HYPOTHESIS_PROFILE: the examples of each
property (tests/unit/conftest.py).
"""
from __future__ import annotations

import datetime
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, List

import scenarios

ROOT = Path(__file__).resolve().parents[1]
COUNTS = {'LVS_KILLS': '50', 'LVS_KILLED_PLAYS': '8', 'LVS_REQUESTS': '3000', 'LVS_EVERY_WAY': '1', 'LVS_HEALTHY_RUNS': '30',
          'LVS_BOOTS': '50', 'LVS_HYPOTHESIS_PROFILE': 'chaos', 'LVS_SEED': '', 'LVS_SEEDS': ''}
PASSED = ROOT / 'tests' / 'output' / 'chaos'
FIGURES = ROOT / 'docs' / 'chaos.md'


def commit() -> str:
    """The last commit of anything but the page of figures, with a mark if files differ from it."""
    def git(*words: str) -> str:
        return subprocess.run(['git', *words, '--', '.', f':!{FIGURES.relative_to(ROOT)}'], cwd=ROOT, stdout=subprocess.PIPE, text=True,
                              check=True).stdout.strip()
    return git('log', '-1', '--format=%h') + ('+' if git('status', '--porcelain') else '')


def record(tested: str, part: str, seconds: float, speed: float, counts: str, figures: List[str]) -> None:
    """Remember that a part has passed, and write the page anew."""
    PASSED.mkdir(parents=True, exist_ok=True)
    (PASSED / f'{part}.json').write_text(json.dumps({
        'part': part, 'commit': tested, 'day': datetime.date.today().isoformat(), 'seconds': round(seconds), 'loop': round(speed, 2),
        'counts': counts, 'figures': figures, 'environment': {name: os.environ[name] for name in COUNTS}}, indent=1) + '\n')
    FIGURES.write_text(page([json.loads(path.read_text()) for path in sorted(PASSED.glob('*.json'))]))


def page(parts: List[Dict[str, Any]]) -> str:
    """The page of figures."""
    lines = ['# Long proofs', '', 'Written by `make chaos`. A fixed loop in Python, timed in the same minute, shows the speed of the machine.', '',
             '| part | commit | day | took | fixed loop | tests |', '| --- | --- | --- | --- | --- | --- |']
    lines += ['| {part} | {commit} | {day} | {seconds} s | {loop} s | {counts} |'.format(**part) for part in parts]
    for part in parts:
        settings = ' '.join(f'{name}={value}' for name, value in part['environment'].items() if value)
        lines += ['', f'## {part["part"]}', '', f'`{settings}`', '', *(f'- {figure}' for figure in part['figures'])]
    return '\n'.join(lines) + '\n'


def is_passed(part: str, tested: str) -> bool:
    """Whether a part has passed with these settings on this commit. What differs from a commit may differ again."""
    try:
        found = json.loads((PASSED / f'{part}.json').read_text())
    except (OSError, ValueError):
        return False
    return found['commit'] == tested and not tested.endswith('+') and found['environment'] == {name: os.environ[name] for name in COUNTS}


def properties(tested: str) -> bool:
    """Run every property test with many examples."""
    print('=== properties', flush=True)
    speed, begin = scenarios.speed(), time.monotonic()
    done = subprocess.run(['pytest', 'tests/unit', '-m', 'hypothesis', '--hypothesis-show-statistics', '-q'], cwd=ROOT, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        print(done.stdout)
        return False
    names = re.findall(r'^tests.*::(test_\w+)(?:\[.*\])?:$', done.stdout, re.MULTILINE)
    examples = [int(number) for number in re.findall(r'(\d+) passing(?: examples)?,', done.stdout)]
    record(tested, 'properties', time.monotonic() - begin, speed, f'{len(names)} passed',
           [f'{len(names)} properties, {sum(examples)} examples in all, at least {min(examples)} each'])
    return True


def boots(tested: str) -> bool:
    """Boot the lab many times."""
    print('=== boots', flush=True)
    speed, begin = scenarios.speed(), time.monotonic()
    done = subprocess.run([sys.executable, '-m', 'tests.boots', os.environ['LVS_BOOTS']], cwd=ROOT, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    print(done.stdout)
    if not done.returncode:
        record(tested, 'boots', time.monotonic() - begin, speed, f'{os.environ["LVS_BOOTS"]} boots', done.stdout.splitlines())
    return not done.returncode


# What is no scenario.
ALONE = {'properties': properties, 'boots': boots}


def main() -> int:
    for name, value in COUNTS.items():
        os.environ.setdefault(name, value)
    asked = sys.argv[1:]
    named = [part for part in asked if part not in ALONE]
    wanted = [part for part in ALONE if not asked or part in asked] + (scenarios.known(named) if named or not asked else [])
    tested = commit()
    left = [part for part in wanted if not is_passed(part, tested)]
    print(f'commit {tested}; passed already: {" ".join(part for part in wanted if part not in left) or "none"}; '
          f'to run: {" ".join(left) or "none"}', flush=True)
    for part in [part for part in ALONE if part in left]:
        if not ALONE[part](tested):
            return 1
        left.remove(part)

    def finished(run: scenarios.Run) -> None:
        if not run.status:
            record(tested, run.scenario, run.seconds, run.speed, run.counts, run.figures)

    try:
        runs = scenarios.run_all(left, finished) if left else []
    except subprocess.CalledProcessError:
        return 1
    return 0 if [run for run in runs if not run.status] == runs and len(runs) == len(left) else 1


if __name__ == '__main__':
    sys.exit(main())
