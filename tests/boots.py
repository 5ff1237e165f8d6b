# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Boots the lab again and again, kills parts of it, and looks that `down` leaves nothing: `python3 -m tests.boots COUNT`, from the root of
the repository. It has a lab of its own, so others may run beside it. LVS_SEED: to kill as an earlier run did.
"""
from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import List

from lab import procs
from lab.clone import Clone, runtime_base, socket_dir

ROOT = Path(__file__).resolve().parent.parent
NAME = 'boots'
LAB = Clone(ROOT, NAME)
ENVIRONMENT = {**os.environ, 'LVS_LAB_NAME': NAME}
# What is killed, one after the other.
PARTS = ['vm', 'tunnel', 'network', 'everything', 'up']
# Seconds within which a boot is killed; it takes about ten.
BOOT = 12.0


def lab(*command: str) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, '-m', 'lab', *command], cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True, start_new_session=True)


def done(*command: str) -> str:
    process = lab(*command)
    output = process.communicate(timeout=900)[0]
    if process.returncode:
        sys.exit(f'lab {" ".join(command)} failed:\n{output}')
    return output


def a_node_runs() -> None:
    state = json.loads((LAB.dir / 'state.json').read_text())
    subprocess.run(['docker', '--host', state['docker_host'], 'run', '--rm', '--network', 'none', state['image'], 'true'], check=True,
                   timeout=120)


def kill(what: str, chance: random.Random) -> None:
    """Kill a process of the lab, all of them, or `up` as it boots."""
    if what == 'up':
        done('down')
        process = lab('up', '--wait')
        time.sleep(chance.uniform(0, BOOT))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return
    for pid in procs.marked(LAB.marks if what == 'everything' else {**LAB.marks, procs.ROLE: what}):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def left() -> List[str]:
    """What of the lab is still there."""
    found = [f'process {pid}' for pid in procs.marked(LAB.marks)]
    found += [str(path) for path in LAB.dir.iterdir() if path.name != 'lock']
    directory = socket_dir(runtime_base(LAB.id), LAB.id)
    return found + ([str(directory)] if directory.exists() else [])


def main() -> int:
    seed = int(os.environ.get('LVS_SEED') or random.SystemRandom().randrange(2 ** 32))
    chance, count = random.Random(seed), int(sys.argv[1])
    took, killed = [], []
    for number in range(count):
        begin = time.monotonic()
        done('up', '--wait')
        took.append(time.monotonic() - begin)
        a_node_runs()
        if number % 3 == 2:
            killed.append(PARTS[len(killed) % len(PARTS)])
            kill(killed[-1], chance)
            done('up', '--wait')
            a_node_runs()
        done('down')
        if left():
            sys.exit(f'left after boot {number + 1} (LVS_SEED={seed}): {left()}')
    took.sort()
    print(f'{count} boots, {took[0]:.0f} to {took[-1]:.0f} s, median {took[len(took) // 2]:.0f} s; LVS_SEED={seed}; '
          f'killed and brought back: {", ".join(f"{what} {killed.count(what)}" for what in sorted(set(killed))) or "nothing"}; nothing was left')
    return 0


if __name__ == '__main__':
    sys.exit(main())
