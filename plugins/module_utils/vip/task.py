# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the module vip_address does: read once, plan, write once, announce, and say what it did.

Private to this collection. This is the one door of the module.
"""

from __future__ import annotations

import functools
from typing import Callable, Mapping, Sequence

from .. import neighbour
from ..command import Runner
from ..iproute import Link, read_host_routes, read_links
from ..record_file import RecordError, check_writable
from . import record
from .apply import apply
from .options import AddressError, Vips
from .plan import Plan, plan, routed_interfaces
from .record import Record

__all__ = ['AddressError', 'RecordError', 'Vips', 'declare']

Announce = Callable[[str, str, Sequence[str], int], None]
"""``announce(interface, mac, vips, count)``; raises `OSError`"""


def declare(run: Runner, wanted: Vips, check: bool, announce: Announce = neighbour.announce) -> dict:
    """Read once, plan, and unless `check` write once; return what the vip_address module returns."""
    owned = record.read(wanted.record) if wanted.record else Record()
    if wanted.record:
        check_writable('record', wanted.record)
    what, links = _read_and_plan(run, wanted, owned)
    appearing = list(wanted.by_interface)
    while not check:
        try:
            _apply(run, what, links, wanted, owned, announce)
            break
        except AddressError as error:
            # As a module such as dummy or ipip is loaded the kernel makes dummy0 or tunl0 by itself, just before it
            # comes to what was asked for.
            if not appearing or not str(error).startswith('`ip link add dev') or 'File exists' not in str(error):
                raise
            appearing.pop()
            what, links = _read_and_plan(run, wanted, owned)
    header = ', '.join(what.interfaces)
    differences = [_difference(header, what.before, what.after)]
    if wanted.record and owned != what.record:
        differences.append(_difference(wanted.record, _recorded(owned), _recorded(what.record)))
    return {
        'changed': bool(what.changes) or len(differences) > 1,
        'commands': what.commands,
        'added': [vip for vips in what.added.values() for vip in vips],
        'elsewhere': list(what.elsewhere),
        'removed': sorted({vip for interface, vip in set(owned.entries) - set(what.record.entries)}),
        'stale': _stale(wanted, what.record),
        'warnings': list(what.warnings),
        'diff': differences,
    }


def _read_and_plan(run: Runner, wanted: Vips, owned: Record) -> tuple[Plan, dict[str, Link]]:
    links = read_links(run)
    routes = {name: read_host_routes(run, name) for name in routed_interfaces(links, wanted, owned)}
    return plan(links, routes, wanted, owned), links


def _apply(run: Runner, what: Plan, links: Mapping[str, Link], wanted: Vips, owned: Record,
           announce: Announce) -> None:
    """Write a plan and record it.

    The record is written twice where it changes: before the kernel with what was and what will be ours, after it with
    what is. A task that is killed between the two leaves no VIP that nobody knows of.
    """
    keep = functools.partial(record.write, wanted.record) if wanted.record else lambda _record: None
    both = owned.union(what.record)
    if what.changes and both != owned:
        keep(both)
    try:
        apply(run, what, lambda interface, vips: announce(interface, links[interface].mac, vips, wanted.announce)
              if wanted.announce else None)
    except AddressError as error:
        # What could not be taken back stays ours, for the next task to remove.
        if what.changes and both != owned and not error.details.get('left'):
            keep(owned)
        raise
    if owned != what.record:
        keep(what.record)


def _stale(wanted: Vips, recorded: Record) -> list[dict]:
    """Return what stays recorded though it is not declared, or not there."""
    if not wanted.present:
        return []
    return [{'address': vip, 'interface': interface} for interface, vip in sorted(recorded.entries)
            if vip not in wanted.by_interface.get(interface, ())]


def _recorded(ours: Record) -> str:
    return ''.join(line + '\n' for line in ours.lines())


def _difference(header: str, before: str, after: str) -> dict:
    return {'before_header': header, 'after_header': header, 'before': before, 'after': after}
