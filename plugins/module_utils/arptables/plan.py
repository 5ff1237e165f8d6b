# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The `arptables` commands that take the chains from what they are to what is declared. Pure.

Private to this collection.
"""

from __future__ import annotations

import dataclasses
from typing import Sequence

from .options import Filter
from .rules import CHAINS, Line, Listing, Rule, is_effective, parse_line, union


@dataclasses.dataclass(frozen=True)
class Plan:
    """The commands in their order, and the chains before and after them."""

    commands: tuple[tuple[str, ...], ...]
    before: Listing
    after: Listing


def plan(live: Listing, rules: Sequence[Rule], gone: Sequence[Rule]) -> Plan:
    """Return what makes `rules` effective and then removes `gone`. Rules of others stay, in their order."""
    after = {chain: list(live.get(chain, ())) for chain in CHAINS}
    before = {chain: tuple(lines) for chain, lines in after.items()}
    commands: list[Sequence[str]] = []
    inserted = [rule for rule in rules if not is_effective(before[rule.chain], rule)]
    for rule in inserted:
        commands.append(['-I', rule.chain] + rule.words)
        after[rule.chain].insert(0, parse_line(rule.words))
    # By number, since by its words arptables finds the one on top, and arptables-legacy takes a mangle rule with another
    # source for it. From the bottom, so that the numbers hold. The rule that stops the answers goes last.
    for chain in reversed(CHAINS):
        lines = after[chain]
        doomed: set[int] = set()
        for rule in inserted:
            doomed.update(_positions(chain, lines, rule)[1:])
        for rule in gone:
            doomed.update(_positions(chain, lines, rule))
        for position in sorted(doomed, reverse=True):
            commands.append(['-D', chain, str(position + 1)])
            del lines[position]
    return Plan(tuple(('arptables',) + tuple(command) for command in commands), before, after)


def _positions(chain: str, lines: Sequence[Line], rule: Rule) -> list[int]:
    return [position for position, line in enumerate(lines) if rule.chain == chain and line.is_rule(rule)]


def scope_of_removal(wanted: Filter, owned: Sequence[Rule], live: Listing) -> list[Rule]:
    """Return the rules that are to go."""
    vips = wanted.addresses or ()
    if wanted.present:
        # Of a declared VIP, a rule with a former source goes in any case.
        return [rule for rule in owned
                if rule not in wanted.rules and (wanted.purge == 'owned' or rule.vip in vips)]
    found = [line.our_kind(chain) for chain in CHAINS for line in live.get(chain, ())]
    return union((rule for rule in owned if wanted.addresses is None or rule.vip in vips),
                 (rule for rule in found if rule is not None and rule.vip in vips))
