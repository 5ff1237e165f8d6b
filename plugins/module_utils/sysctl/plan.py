# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What takes a host's kernel parameters, and the files that keep them, from what they are to what is declared. Pure.

Private to this collection.
"""

from __future__ import annotations

import dataclasses
from typing import Mapping, Sequence

from .declaration import Declaration, SysctlError, ordered, resets


@dataclasses.dataclass(frozen=True)
class State:
    """What was read: live values by key, our two files, and what other files set at boot after ours."""

    live: Mapping[str, str]
    file: str | None = None
    run: str | None = None
    later: Sequence[tuple[str, Mapping[str, str]]] = ()


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is to be written. A file's text is None where the file is not to be there."""

    writes: Mapping[str, str]
    file: str | None
    run: str | None
    safeguard: str | None = None
    live: Mapping[str, str] = dataclasses.field(default_factory=dict)
    missing: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def plan(state: State, wanted: Declaration) -> Plan:
    """Return what takes the host from `state` to `wanted`."""
    ours: dict[str, str] = {}
    before: dict[str, str] = {}
    for text in (state.run, state.file):
        record = wanted.record.parse(text)
        if record:
            ours.update(record.ours)
            before.update(record.before)
    if wanted.present:
        return _plan_present(state, wanted, ours, before)
    return _plan_absent(state, wanted, ours, before)


def _plan_present(state: State, wanted: Declaration, ours: Mapping[str, str], before: Mapping[str, str]) -> Plan:
    _check_present(state, wanted)
    values = wanted.values
    there = {name: value for name, value in values.items() if name in state.live}
    dropped = {name: value for name, value in before.items() if name not in values}
    given_back, kept = _give_back(state.live, ours, dropped)
    writes = _writes(state.live, dict(there, **given_back))
    record = wanted.record(values, {name: before.get(name, state.live.get(name)) for name in values
                                    if name in before or name in there})
    text = record.render(wanted.optional)
    # The kernel is changed first and the file afterwards; what was before must not be lost if that is interrupted.
    lost = any(name not in before for name in there)
    safeguard = wanted.record(dict(ours, **values), dict(dropped, **record.before)).render() if writes and lost else None
    return Plan(
        writes=writes,
        file=text if wanted.persist else state.file if wanted.record.is_foreign(state.file) else None,
        run=None if wanted.persist else text,
        safeguard=safeguard,
        live=dict(state.live, **writes),
        missing=tuple(name for name in values if name not in there),
        warnings=tuple(kept) + _overruled(state, wanted),
    )


def _check_present(state: State, wanted: Declaration) -> None:
    missing = [name for name in wanted.values if name not in state.live and name not in wanted.optional]
    if missing:
        raise SysctlError('parameters: this kernel has no {0}. Correct the name, load the module that brings it, or name '
                          'it in optional. In dot form, a dot in the name of an interface is written as a '
                          'slash'.format(', '.join(missing)))
    if wanted.persist and wanted.record.is_foreign(state.file):
        raise SysctlError("file: {0} was not written by this module and is left alone; remove it, or name another "
                          "file".format(wanted.file))


def _plan_absent(state: State, wanted: Declaration, ours: Mapping[str, str], before: Mapping[str, str]) -> Plan:
    given_back, kept = _give_back(state.live, ours, before)
    writes = _writes(state.live, given_back)
    return Plan(
        writes=writes,
        file=state.file if wanted.record.is_foreign(state.file) else None,
        run=state.run if wanted.record.is_foreign(state.run) else None,
        live=dict(state.live, **writes),
        warnings=tuple(kept),
    )


def _give_back(live: Mapping[str, str], ours: Mapping[str, str],
               before: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return what values we had a hand in shall be, and a warning for each that is no longer ours and stays."""
    values, kept = {}, []
    for name, former in before.items():
        # An interface that is gone took its values along.
        if name not in live:
            continue
        values[name] = former
        if live[name] not in (former, ours.get(name)):
            values[name] = live[name]
            kept.append('{0} is {1}, which is not the value that this module set ({2}): it is left as it is, not given '
                        'back as {3}'.format(name, live[name], ours.get(name), former))
    return values, kept


def _writes(live: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """Return, in order, the values that differ, and those that the kernel may change when another one is written.

    The latter are written whether they change or not, so that what comes out does not depend on the kernel.
    """
    changed = [name for name, value in values.items() if live[name] != value]
    return ordered({name: value for name, value in values.items()
                    if name in changed or any(resets(other, name) for other in changed)})


def _overruled(state: State, wanted: Declaration) -> tuple[str, ...]:
    """Warn of files that are read after ours at boot and set our keys to something else."""
    last: dict[str, tuple[str, str]] = {}
    for path, settings in state.later:
        last.update({name: (path, value) for name, value in settings.items()})
    return tuple(
        '{0} sets {1} = {2} after {3} at boot and wins over {4}; remove the line there'.format(
            last[name][0], name, last[name][1], wanted.file, value)
        for name, value in wanted.values.items() if name in last and last[name][1] != value
    )
