# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules that a task put up, kept on the host: what we own, and what the host takes at boot.

Private to this collection.
"""

from __future__ import annotations

import re
from typing import Iterable

from .rules import CHAINS, INPUT, OUTPUT, Rule

MARKER = '# Managed by lvs.direct_routing.arp_filter'

_HEAD = (
    MARKER + ': what is changed here by hand is lost.',
    '# ARP silence for virtual IP addresses. Each line below is what arptables takes.',
)

_RECORDED = re.compile(r'-I INPUT -d (\S+) -j DROP|-I OUTPUT -s (\S+) -j mangle --mangle-ip-s (\S+)')


def parse_record(text: str | None) -> list[Rule]:
    """Return the rules of a record, none for a file that is missing or not ours."""
    rules = []
    for line in (text or '').splitlines() if is_record(text) else ():
        found = _RECORDED.fullmatch(line)
        if found:
            dropped, mangled, source = found.groups()
            rules.append(Rule(INPUT, dropped) if dropped else Rule(OUTPUT, mangled, source))
    return rules


def is_record(text: str | None) -> bool:
    return text is not None and text.startswith(MARKER)


def render_record(rules: Iterable[Rule]) -> str | None:
    """Return the text of a record; a record of nothing is no record."""
    recorded = [rule.recorded for chain in CHAINS for rule in rules if rule.chain == chain]
    return ''.join(line + '\n' for line in _HEAD + tuple(recorded)) if recorded else None
