# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of arptables: ours, and any as both front ends, arptables-legacy and arptables-nft, list them. Pure.

Private to this collection.
"""

from __future__ import annotations

import ipaddress
from typing import Iterable, Mapping, NamedTuple, Sequence

INPUT, OUTPUT = CHAINS = ('INPUT', 'OUTPUT')


class Rule(NamedTuple):
    """One of our rules: drop what asks for the VIP, or let what the host sends name the source and not the VIP."""

    chain: str
    vip: str
    source: str | None = None

    @property
    def words(self) -> list[str]:
        """Return the rule in arptables' language, without the chain."""
        if self.chain == INPUT:
            return ['-d', self.vip, '-j', 'DROP']
        return ['-s', self.vip, '-j', 'mangle', '--mangle-ip-s', self.source or '']

    @property
    def recorded(self) -> str:
        return ' '.join(['-I', self.chain] + self.words)


def rules_of(vips: Iterable[str], source: str) -> list[Rule]:
    """Return the rules for VIPs, those first that stop the answers."""
    vips = list(vips)
    return [Rule(INPUT, vip) for vip in vips] + [Rule(OUTPUT, vip, source) for vip in vips]


def union(*records: Iterable[Rule]) -> list[Rule]:
    return list(dict.fromkeys(rule for record in records for rule in record))


class Line(NamedTuple):
    """A rule as arptables lists it: its options with their values, negation included in the option."""

    options: Mapping[str, str]

    @property
    def text(self) -> str:
        """Return the rule with its target first, as arptables lists it."""
        options = sorted(self.options.items(), key=lambda option: option[0] != '-j')
        return ' '.join('{0} {1}'.format(*option).rstrip() for option in options)

    def is_rule(self, rule: Rule) -> bool:
        words = rule.words
        return self.options == dict(zip(words[::2], words[1::2]))

    def our_kind(self, chain: str) -> Rule | None:
        """Return the rule that it is, if it is one that this module writes."""
        if chain == INPUT:
            rule = Rule(chain, self.options.get('-d', ''))
        else:
            rule = Rule(chain, self.options.get('-s', ''), self.options.get('--mangle-ip-s', ''))
        return rule if self.is_rule(rule) else None

    def may_let_pass(self, chain: str, vip: str) -> bool:
        """Say whether ARP that names the VIP may end here, heard, and so never get to a rule below.

        In doubt it may. Where this is wrong, our rule is above one that it need not be above, which does no harm.
        """
        if self.options.get('-j', 'CONTINUE') in ('CONTINUE', 'DROP'):
            return False
        try:
            match = ipaddress.IPv4Network(self.options['-d' if chain == INPUT else '-s'], strict=False)
        except (KeyError, ValueError):
            return True
        return ipaddress.IPv4Address(vip) in match


Listing = Mapping[str, Sequence[Line]]
"""The rules of each chain, first to last."""


def parse(text: str) -> dict[str, list[Line]]:
    """Return what `arptables -n -L` of either front end lists."""
    chains: dict[str, list[Line]] = {}
    lines: list[Line] = []
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ['Chain']:
            lines = chains.setdefault(words[1], [])
        elif words:
            lines.append(parse_line(words))
    return chains


def parse_line(words: Iterable[str]) -> Line:
    options: dict[str, str] = {}
    negated, name = '', ''
    for word in words:
        if word == '!':
            negated = '! '
        elif word.startswith('-'):
            name, negated = negated + word, ''
            options[name] = ''
        else:
            options[name] = '{0} {1}'.format(options.get(name, ''), word).strip()
    # Any interface, as older versions of arptables-nft spell it out.
    return Line({name: value for name, value in options.items() if (name, value) not in (('-i', '*'), ('-o', '*'))})


def is_effective(lines: Sequence[Line], rule: Rule) -> bool:
    """Say whether a rule is there and nothing above it may let pass what it is for."""
    for line in lines:
        if line.is_rule(rule):
            return True
        if line.may_let_pass(rule.chain, rule.vip):
            return False
    return False
