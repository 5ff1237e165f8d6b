# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our table in the kernel: the only place that runs nft.

Private to this collection.
"""

from __future__ import annotations

from ..command import CommandError, Runner, checked
from .rules import FAMILY, TABLE, Table, parse, replacement

_MISSING = 'No such file or directory'
# A kernel without netlink for netfilter, and one that has it but not nf_tables: neither has a table.
_NO_NFTABLES = ('Protocol not supported', 'cache initialization failed: Invalid argument')
_LOAD = 'The kernel has no nftables: load the module nf_tables (in a container, on its host)'
_ADVICE = (
    ('Operation not permitted', 'Reading and writing nftables needs root (CAP_NET_ADMIN): use become'),
    (_NO_NFTABLES[0], _LOAD),
    (_NO_NFTABLES[1], _LOAD),
    ('Operation not supported', 'The kernel lacks a part of nftables: load nf_tables, with the family inet and its type '
                                'filter (in a container, on its host)'),
    ('JSON support not compiled-in', 'Install an nftables that is built with JSON, as the distributions have it'),
)


def read(run: Runner, needed: bool) -> Table | None:
    """Return our table, None where there is none. `needed`: whether a kernel without nftables is an error."""
    result = run(('nft', '--json', 'list', 'table', FAMILY, TABLE))
    nothing = (_MISSING,) if needed else (_MISSING,) + _NO_NFTABLES
    if result.rc != 0 and any(symptom in result.stderr for symptom in nothing):
        return None
    return parse(checked(result, _advice(result.stderr)))


def write(run: Runner, table: Table | None) -> None:
    """Replace our table, or remove it, in one transaction; raise `CommandError`, and then all is as it was."""
    result = run(('nft', '-f', '-'), stdin=''.join(line + '\n' for line in replacement(table)))
    if result.rc != 0:
        # nft repeats the line that it refuses, and points at the place.
        said = '; '.join(line.strip() for line in result.stderr.splitlines() if 'Error:' in line) or result.stderr
        advice = _advice(said)
        raise CommandError(result.argv, result.rc, said,
                           '{0}nftables is as it was'.format(advice + '. ' if advice else ''))


def _advice(said: str) -> str:
    return next((advice for symptom, advice in _ADVICE if symptom in said), '')
