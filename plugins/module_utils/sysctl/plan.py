# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What takes a host's ARP parameters, and the files that keep them, from what they are to what is declared. Pure.

Private to this collection.
"""

from __future__ import annotations

import dataclasses
from typing import Mapping, Sequence

from .declaration import MARKER, PARAMETERS, Record, Silence, SysctlError, key

SILENT = (1, 2, 8)
"""Values of arp_ignore with which a VIP of global scope on the loopback or a dummy is not answered for (ip-sysctl)."""


@dataclasses.dataclass(frozen=True)
class State:
    """What was read: live values by key, our two files, and what other files set at boot after ours."""

    live: Mapping[str, str]
    file: str | None = None
    run: str | None = None
    later: Sequence[tuple[str, Mapping[str, str]]] = ()

    @property
    def interfaces(self) -> list[str]:
        names = (name.split('/')[-2] for name in self.live if name.endswith('/' + PARAMETERS[0]))
        return sorted(name for name in names if name != 'all')


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is to be written. A file's text is None where the file is not to be there."""

    writes: Mapping[str, str]
    file: str | None
    run: str | None
    safeguard: str | None = None
    live: Mapping[str, str] = dataclasses.field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def effective(live: Mapping[str, str], interface: str) -> dict[str, int]:
    """Return what counts for an interface: the higher value of conf/all and its own (ip-sysctl)."""
    return {parameter: max(int(live[key('all', parameter)]), int(live[key(interface, parameter)]))
            for parameter in PARAMETERS}


def plan(state: State, wanted: Silence) -> Plan:
    """Return what takes the host from `state` to `wanted`."""
    file, run = Record.parse(state.file), Record.parse(state.run)
    records = [record for record in (run, file) if record]
    ours: dict[str, str] = {}
    before: dict[str, str] = {}
    for record in records:
        ours.update(record.ours)
        before.update(record.before)
    if wanted.present:
        return _plan_present(state, wanted, ours, before)
    return _plan_absent(state, ours, before)


def _plan_present(state: State, wanted: Silence, ours: Mapping[str, str], before: Mapping[str, str]) -> Plan:
    _check_present(state, wanted)
    values = wanted.values
    writes = {name: value for name, value in values.items() if state.live[name] != value}
    dropped = {name: value for name, value in before.items() if name not in values}
    given_back, kept = _give_back(state.live, ours, dropped)
    writes.update(given_back)
    record = Record(values, {name: before.get(name, state.live[name]) for name in values})
    live = dict(state.live, **writes)
    text = record.render()
    # The kernel is changed first and the file afterwards; what was before must not be lost if that is interrupted.
    lost = any(name not in before for name in values)
    safeguard = Record(dict(ours, **values), dict(dropped, **record.before)).render() if writes and lost else None
    foreign = state.file is not None and not state.file.startswith(MARKER)
    return Plan(
        writes=writes,
        file=text if wanted.persist else state.file if foreign else None,
        run=None if wanted.persist else text,
        safeguard=safeguard,
        live=live,
        warnings=tuple(kept) + _higher(live, state.interfaces, wanted) + _overruled(state, wanted),
    )


def _check_present(state: State, wanted: Silence) -> None:
    for index, name in enumerate(wanted.interfaces):
        if name not in state.interfaces:
            raise SysctlError("interfaces[{0}]: '{1}' does not exist on this host; there are {2}".format(
                index, name, ', '.join(name for name in state.interfaces if name != 'lo')))
    if wanted.persist and state.file is not None and not state.file.startswith(MARKER):
        raise SysctlError("file: {0} was not written by this module and is left alone; remove it, or name another "
                          "file".format(wanted.file))


def _plan_absent(state: State, ours: Mapping[str, str], before: Mapping[str, str]) -> Plan:
    writes, kept = _give_back(state.live, ours, before)
    return Plan(
        writes=writes,
        file=None if Record.parse(state.file) else state.file,
        run=None if Record.parse(state.run) else state.run,
        live=dict(state.live, **writes),
        warnings=tuple(kept),
    )


def _give_back(live: Mapping[str, str], ours: Mapping[str, str],
               before: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return the writes that restore former values, and a warning for each value that is no longer ours."""
    writes, kept = {}, []
    for name, former in before.items():
        # An interface that is gone took its values along.
        if name not in live or live[name] == former:
            continue
        if live[name] == ours.get(name):
            writes[name] = former
        else:
            kept.append('{0} is {1}, which is not the value that this module set ({2}): it is left as it is, not given '
                        'back as {3}'.format(name, live[name], ours.get(name), former))
    return writes, kept


def _higher(live: Mapping[str, str], interfaces: Sequence[str], wanted: Silence) -> tuple[str, ...]:
    """Warn of interfaces for which something else counts than what is wanted, since their own value is higher."""
    warnings = []
    for name in interfaces:
        if name == 'lo' or name in wanted.interfaces:
            continue
        for parameter, value in effective(live, name).items():
            asked = getattr(wanted, parameter)
            loud = parameter == 'arp_ignore' and asked in SILENT and value not in SILENT
            # Named interfaces say which ones matter; without a name all of them do.
            if value != asked and (loud or not wanted.interfaces):
                warnings.append('{0} of {1} is effectively {2}, not {3}, since its own value is higher{4}'.format(
                    parameter, name, value, asked,
                    ', and with that it answers ARP for VIPs' if loud else ''))
    return tuple(warnings)


def _overruled(state: State, wanted: Silence) -> tuple[str, ...]:
    """Warn of files that are read after ours at boot and set our keys to something else."""
    if not wanted.persist:
        return ()
    last: dict[str, tuple[str, str]] = {}
    for path, settings in state.later:
        last.update({name: (path, value) for name, value in settings.items()})
    return tuple(
        '{0} sets {1} = {2} after {3} at boot and wins over {4}; remove the line there'.format(
            last[name][0], name, last[name][1], wanted.file, value)
        for name, value in wanted.values.items() if name in last and last[name][1] != value
    )
