# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs molecule scenarios, on several labs beside one another where the machine has room for them.

`python3 tests/scenarios.py [SCENARIO...]`, from the root of the repository with the virtual environment on PATH; without a name all of
them. Each scenario's whole output goes to tests/output/scenarios/<scenario>.log, and is printed if it fails. LVS_LABS says how
many labs there are at most.
"""
from __future__ import annotations

import json
import os
import queue
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Callable, Dict, List

ROOT = Path(__file__).resolve().parent.parent
OUTPUT = ROOT / 'tests' / 'output' / 'scenarios'
# The longest first, so that none is left alone at the end.
ORDER = ['failover', 'operate', 'keepalived', 'seeds', 'director', 'realserver', 'ipvs', 'combinations', 'default']
# What a kernel of one CPU never does (to wait for readers of RCU) is a case of theirs.
TWO_CPUS = ['ipvs']
LAB_MEMORY, LAB_DISK = 5 * 1024 ** 3, 3 * 1024 ** 3
HEARTBEAT = 60
COLOURS = re.compile(r'\x1b\[[0-9;]*m')

began = time.monotonic()
said, measured, noted = threading.Lock(), threading.Lock(), threading.Lock()


def say(text: str) -> None:
    with said:
        print(f'scenarios [{time.monotonic() - began:4.0f} s] {text}', flush=True)


def speed() -> float:
    """The machine's own speed: seconds for a fixed loop, best of three; measured in one thread at a time."""
    def loop() -> float:
        begin = time.perf_counter()
        total = 0
        for number in range(10_000_000):
            total += number
        return time.perf_counter() - begin
    with measured:
        return min(loop() for _turn in range(3))


def lab(name: str, *command: str) -> str:
    """Run a command of the lab with this name and return what it prints."""
    done = subprocess.run([sys.executable, '-m', 'lab', *command], cwd=ROOT, env={**os.environ, 'LVS_LAB_NAME': name},
                          stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def room() -> int:
    """How many labs of one CPU each the machine has the cores, the memory and the disk for.

    One more than cores: while a lab waits for its controller or for a timer, another one works.
    """
    available = next(int(line.split()[1]) * 1024 for line in Path('/proc/meminfo').read_text().splitlines()
                     if line.startswith('MemAvailable:'))
    return max(min((os.cpu_count() or 1) + 1, available // LAB_MEMORY, shutil.disk_usage('/dev/shm').free // LAB_MEMORY,
                   shutil.disk_usage(ROOT).free // LAB_DISK), 1)


def bring_up(scenarios: int) -> List[str]:
    """Bring up as many labs as there is room for and return their names.

    A Docker Engine that was there before is one lab, and so is an emulated CPU.
    """
    lab('', 'down')
    wanted = min(int(os.environ.get('LVS_LABS') or room()), scenarios)
    lab('', 'up', '--wait', '--cpus', '1')
    names = ['']
    state = json.loads((ROOT / '.lab' / 'state.json').read_text())
    while state.get('accel') == 'uml' and len(names) < wanted:
        name = str(len(names) + 1)
        try:
            lab(name, 'up', '--wait', '--cpus', '1')
        except subprocess.CalledProcessError:
            say(f'lab {name} does not come up; going on with {len(names)}')
            lab(name, 'down')
            break
        names.append(name)
    return names


def environment(name: str) -> Dict[str, str]:
    """The environment in which molecule finds the lab with this name."""
    exports = (shlex.split(line)[1].partition('=') for line in lab(name, 'env').splitlines())
    # Wide enough for the figures, which are read below.
    return {**os.environ, **{key: value for key, _equals, value in exports}, 'LVS_LAB_NAME': name, 'COLUMNS': '200',
            'MOLECULE_GLOB': 'molecule/*/molecule.yml'}


def plain(text: str) -> str:
    """What a program printed, without the colours and the margin that molecule adds."""
    return '\n'.join(re.sub(r'^ *│ ?', '', COLOURS.sub('', line)) for line in text.splitlines())


class Run:
    """One scenario: how long it took, whether it passed, and what it says of itself."""

    def __init__(self, scenario: str, name: str) -> None:
        self.scenario, self.lab, self.log = scenario, name, OUTPUT / f'{scenario}.log'
        self.speed, begin = speed(), time.monotonic()
        say(f'{scenario} begins' + (f' on lab {name}' if name else ''))
        with self.log.open('w') as sink:
            process = subprocess.Popen(['molecule', 'test', '--scenario-name', scenario], cwd=ROOT, env=environment(name),
                                       stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT)
            self.status = process.wait()
        self.seconds = time.monotonic() - begin
        self.text = plain(self.log.read_text(errors='replace'))
        if self.status:
            with said:
                print(self.text, flush=True)
        say(f'{scenario} {"failed" if self.status else "passed"} after {self.seconds:.0f} s: {self.counts}')

    @property
    def counts(self) -> str:
        return ' + '.join(re.findall(r'^=+ (\d+ [a-z].*?) in [\d.]+s\b', self.text, re.MULTILINE)) or 'no tests'

    @property
    def figures(self) -> List[str]:
        """The lines that the scenario's tests noted."""
        # Molecule wraps what is too wide: the end of a heading is a line of its own.
        found = re.findall(r'^=+ figures\b.*?$\n(.*?)^=', self.text, re.MULTILINE | re.DOTALL)
        return [line.rstrip() for section in found for line in section.splitlines() if line.strip('= ')]


def work(name: str, waiting: queue.Queue, runs: List[Run], finished: Callable[[Run], None]) -> None:
    """Run scenarios on one lab until none is left. One that has another number of CPUs than it should begins anew."""
    while True:
        try:
            scenario = waiting.get_nowait()
        except queue.Empty:
            return
        try:
            lab(name, 'up', '--wait', '--cpus', '2' if scenario in TWO_CPUS else '1')
        except subprocess.CalledProcessError:
            say(f'lab {name} does not come up for {scenario}')
            return
        run = Run(scenario, name)
        with noted:
            runs.append(run)
            finished(run)


def heartbeat(waiting: queue.Queue, runs: List[Run], done: threading.Event) -> None:
    while not done.wait(HEARTBEAT):
        say(f'{len(runs)} done, {waiting.qsize()} waiting')


def run_all(scenarios: List[str], finished: Callable[[Run], None] = lambda run: None) -> List[Run]:
    """Run scenarios, also after one that failed, call `finished` with each at its end, and return those that were run."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    names = bring_up(len(scenarios))
    say(f'{len(scenarios)} scenarios on {len(names)} lab{"s" if len(names) > 1 else ""}; a fixed loop takes {speed():.2f} s')
    waiting: queue.Queue = queue.Queue()
    for scenario in scenarios:
        waiting.put(scenario)
    runs: List[Run] = []
    done = threading.Event()
    threading.Thread(target=heartbeat, args=(waiting, runs, done), daemon=True).start()
    workers = [threading.Thread(target=work, args=(name, waiting, runs, finished)) for name in names]
    try:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    finally:
        done.set()
        for name in names[1:]:
            lab(name, 'down')
    return runs


def known(names: List[str]) -> List[str]:
    """The scenarios to run, the longest first; ends with a sentence if there is one that does not exist."""
    there = sorted(path.parent.name for path in ROOT.glob('molecule/*/molecule.yml'))
    strange = [name for name in names if name not in there]
    if strange:
        sys.exit(f'There is no scenario {", ".join(strange)}; there are: {" ".join(there)}')
    chosen = names or there
    return sorted(chosen, key=lambda name: ORDER.index(name) if name in ORDER else -1)


def main() -> int:
    scenarios = known(sys.argv[1:])
    try:
        runs = run_all(scenarios)
    except subprocess.CalledProcessError:
        return 1
    print()
    for run in sorted(runs, key=lambda run: scenarios.index(run.scenario)):
        print(f'{run.scenario:13}{"failed" if run.status else "passed":8}{run.seconds:6.0f} s  (fixed loop {run.speed:.2f} s)  {run.counts}')
        for line in run.figures:
            print(f'    {line}')
    left = [scenario for scenario in scenarios if scenario not in [run.scenario for run in runs]]
    if left:
        print(f'not run: {" ".join(left)}')
    print(f'{len(scenarios)} scenarios in {time.monotonic() - began:.0f} s')
    return 1 if left or any(run.status for run in runs) else 0


if __name__ == '__main__':
    sys.exit(main())
