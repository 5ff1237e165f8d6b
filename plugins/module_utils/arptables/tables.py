# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ARP tables of this host: the only place that runs arptables.

Private to this collection.
"""

from __future__ import annotations

from typing import Iterable, Sequence

from ..command import NotInstalled, Result, Runner, checked
from .options import FilterError
from .rules import Line, Listing, parse

_ADVICE = (
    ('you must be root', 'Reading and writing arptables needs root (CAP_NET_ADMIN): use become'),
    ('Permission denied', 'Reading and writing arptables needs root (CAP_NET_ADMIN): use become'),
    ('Operation not permitted', 'Reading and writing arptables needs root (CAP_NET_ADMIN): use become'),
    ("can't initialize arptables table", 'The kernel has no ARP tables: load the module arptable_filter (in a '
                                         'container, on its host)'),
    ('Operation not supported', 'The kernel has no ARP tables for nft: load nf_tables with its ARP family (in a container, '
                                'on its host), or use arptables-legacy'),
    ('No chain/target/match by that name', 'The kernel has no target mangle: load the module arpt_mangle (in a '
                                           'container, on its host)'),
)


class Tables:
    """The ARP tables of this host, as arptables shows them and changes them."""

    def __init__(self, run: Runner) -> None:
        self.run = run

    def read(self) -> tuple[dict[str, list[Line]], list[str]]:
        """Return the chains, and warnings about the front end that `arptables` is not."""
        result = self.list('arptables')
        chains = parse(checked(result, _advice(result.stderr)))
        return chains, self.warnings(chains, result.stderr)

    def list(self, program: str) -> Result:
        return self.run((program, '-n', '-L'))

    def warnings(self, chains: Listing, said: str) -> list[str]:
        # Only the legacy tables have a chain FORWARD. They are not looked at before the other front end says that they
        # are there: looking would make them.
        if 'FORWARD' in chains:
            other = 'arptables-nft'
        elif 'arptables-legacy tables present' in said:
            other = 'arptables-legacy'
        else:
            return []
        try:
            result = self.list(other)
        except NotInstalled:
            return []
        # Where it has no tables in the kernel it lists nothing.
        count = sum(len(lines) for lines in parse(result.stdout).values())
        if not count:
            return []
        return ['{0} has {1} on this host as well, which `arptables` does not show. The kernel heeds both. Look with '
                '`{0} -n -L`, and remove there what is left over'.format(
                    other, 'a rule' if count == 1 else '{0} rules'.format(count))]

    def write(self, commands: Sequence[tuple[str, ...]]) -> None:
        """Run the commands; at the first that fails stop, leave silent what is silent and say what is done."""
        for index, argv in enumerate(commands):
            result = self.run(argv)
            if result.rc == 0:
                continue
            said = (result.stderr or result.stdout).strip().rstrip('.') or 'exit status {0}'.format(result.rc)
            advice = _advice(said)
            message = '`{0}` failed: {1}. {2}Done before it: {3}. Not done: {4}.'.format(
                ' '.join(argv), said, advice + '. ' if advice else '', _quoted(commands[:index]), _quoted(commands[index:]))
            if any('-I' in done for done in commands[:index]):
                message += ' What was added stays, since a silent host does no harm. It is recorded: another run goes ' \
                           'on from here, and state=absent removes it.'
            raise FilterError(message)


def _quoted(commands: Iterable[Sequence[str]]) -> str:
    return ', '.join('`{0}`'.format(' '.join(argv)) for argv in commands) or 'nothing'


def _advice(said: str) -> str:
    return next((advice for symptom, advice in _ADVICE if symptom in said), '')
