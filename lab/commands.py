# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `up`, `down`, `status` and `env` do."""
from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from typing import Any, Dict, Mapping

from lab import accel, config, host, procs
from lab.build import Builder
from lab.cache import Cache
from lab.clone import Clone
from lab.engine import Engine
from lab.errors import LabError
from lab.progress import say, step
from lab.vm import VM

DOWN = 3


def up(clone: Clone, wait: bool = False, cpus: int = config.UML_CPUS) -> int:
    """Give this clone a Docker Engine whose kernel has IPVS, and the node image in it.

    With `wait` the lab is as fast as it can be here, and a kernel for user mode is built first where that is the way.
    """
    cache = Cache.of_user()
    with clone.locked():
        state, builder = clone.state(), Builder(clone, cache)
        if is_current(state, builder, cpus) and runs(clone, cache, state) and not improves(
                state, builder, wait, Engine(clone, str(state['docker_host']))):
            say(f'the lab is up ({describe(state)})')
            return 0
        if state or procs.marked(clone.marks):
            with step('clearing what is left of an earlier lab'):
                try:
                    clear(clone, cache, state)
                except LabError as error:
                    say(str(error))
                clone.state_file.unlink(missing_ok=True)
        host.ensure(host.DOCKER, clone.dir / 'apt.log')
        engine = None if accel.forced() else Engine.reachable(clone)
        found = engine.start(builder, cache) if engine else None
        if not found:
            vm = VM(clone, cache)
            try:
                found = vm.start(builder, wait, cpus)
            except BaseException:
                vm.stop()
                raise
        clone.save(found)
        say(f'the lab is up ({describe(found)})')
    return 0


def down(clone: Clone) -> int:
    """Leave nothing of this clone's lab behind, in whatever state it is."""
    if not clone.dir.is_dir() and not clone.has_socket() and not procs.marked(clone.marks):
        say('there is no lab')
        return 0
    with clone.locked(), step('taking the lab down'):
        state = clone.state()
        clear(clone, Cache.of_user(), state)
        if state.get('kind') != 'engine':
            # An `up` that was killed may have left its image in an engine without a note of it.
            engine = Engine.reachable(clone)
            if engine:
                engine.clear()
        clone.clear()
    return 0


def status(clone: Clone) -> int:
    """Say what runs; exit status 3 when nothing does."""
    cache, state = Cache.of_user(), clone.state()
    if not runs(clone, cache, state, repair=False):
        print('lab: down' + (' (it was up and does not answer any more: `up` recovers it)' if state else ''))
        return DOWN
    engine = Engine(clone, state['docker_host'])
    nodes = engine.nodes(everything=state['kind'] == 'vm')
    print(f'lab: up, {describe(state)}, for {(time.time() - float(state["since"])) / 60:.0f} min')
    print(f'id: {clone.id}')
    print(f'docker: {state["docker_host"]}')
    print(f'image: {state["image"]}')
    if state['kind'] == 'vm':
        figures = VM(clone, cache).figures()
        print(f'memory: {host.gib(figures["memory"])} of at most {host.gib(config.VM_MEMORY + config.VM_OVERHEAD)}')
        print(f'disk: overlay {host.gib(figures["overlay"])}, cache {host.gib(figures["cache"])} in {cache.path}')
    print(f'nodes: {" ".join(sorted(nodes)) or "none"}')
    return 0


def env(clone: Clone) -> int:
    """Print shell lines for people and tools that want to run containers in the lab."""
    state = clone.state()
    if not runs(clone, Cache.of_user(), state, repair=False):
        print('no lab runs: start it with `make lab`', file=sys.stderr)
        return 1
    print('\n'.join(exports(state, clone.id)))
    return 0


def kernel(clone: Clone, background: bool = False) -> int:
    """Build the kernel for user mode, so that the next `up` has it.

    In the background, at once, and only if this lab's CPU is emulated for want of it.
    """
    kernels = Builder(clone, Cache.of_user()).kernels
    if not background:
        clone.dir.mkdir(mode=0o700, exist_ok=True)
        kernels.ensure()
        return 0
    if clone.state().get('accel') != 'tcg' or accel.forced() or kernels.is_built():
        return 0
    log = clone.dir / 'kernel.log'
    with log.open('w') as sink:
        subprocess.Popen(['nice', '-n', '19', sys.executable, '-m', 'lab', 'kernel'], cwd=clone.root, stdin=subprocess.DEVNULL,
                         stdout=sink, stderr=sink, start_new_session=True, env={**os.environ, **clone.marks})
    say('the CPU of this lab is emulated: a kernel for user mode, with which the next one is three times as fast, is built '
        f'in the background ({log}); `make lab-down` ends that')
    return 0


def exports(state: Mapping[str, Any], clone_id: str) -> list[str]:
    """One `export` line per variable, quoted for a shell."""
    values = {'DOCKER_HOST': state['docker_host'], 'LVS_LAB_IMAGE': state['image'], 'LVS_LAB_ID': clone_id}
    return [f'export {name}={shlex.quote(str(value))}' for name, value in values.items()]


def is_current(state: Mapping[str, Any], builder: Builder, cpus: int) -> bool:
    """Whether what runs was built from the recipe as it is now, and runs the way that is demanded."""
    if state.get('kind') != 'vm':
        return state.get('key') == builder.node_key and not accel.forced()
    return (state.get('key') == builder.vm_key and accel.forced() in (None, state.get('accel'))
            and (state['accel'] != 'uml' or state.get('cpus') == cpus))


def improves(state: Mapping[str, Any], builder: Builder, wait: bool, engine: Engine) -> bool:
    """Whether a lab with an emulated CPU could run as user-mode Linux by now, and nobody uses it or waits for that."""
    if state.get('accel') != 'tcg' or accel.forced() or not (wait or builder.kernels.is_built()):
        return False
    if not wait and engine.nodes(everything=True):
        say('a kernel for user mode is there by now; the next lab has it, once this one is taken down')
        return False
    try:
        accel.user_mode(builder.kernels.ensure())
    except LabError as error:
        say(f'the CPU stays emulated: {error}')
        return False
    return True


def runs(clone: Clone, cache: Cache, state: Dict[str, Any], repair: bool = True) -> bool:
    """Whether the recorded lab is there; a dead tunnel counts as repairable only for `up`."""
    if state.get('kind') == 'vm':
        vm = VM(clone, cache)
        return vm.answers(state) if repair else bool(vm.pid()) and vm.tunnel.ping(config.PING_LIMIT)
    if state.get('kind') == 'engine':
        engine = Engine(clone, str(state.get('docker_host')))
        return engine.answers() and bool(engine.docker('image', 'ls', '--quiet', str(state.get('image'))))
    return False


def clear(clone: Clone, cache: Cache, state: Dict[str, Any]) -> None:
    """Stop and remove everything of this clone's lab, known or stray."""
    if state.get('kind') == 'engine':
        engine = Engine(clone, str(state.get('docker_host')))
        if not engine.answers():
            raise LabError(f'the Docker Engine at {engine.address} does not answer: what is in it with the label '
                           f'{engine.label} cannot be removed; start it, or remove {clone.state_file}')
        engine.clear()
    else:
        VM(clone, cache).stop()
    procs.end(clone.marks, config.STOP_LIMIT)


def describe(state: Mapping[str, Any]) -> str:
    if state['kind'] == 'engine':
        return f'Docker Engine at {state["docker_host"]}, kernel {state.get("kernel")}'
    return f'VM, {accel.NAMES.get(str(state.get("accel")), "emulated CPU")}'
