# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One thing that is wrong: where, what is seen, why it breaks direct routing, and what to do. Pure.

Private to this collection.
"""

from __future__ import annotations

from typing import Iterable, NamedTuple

ERROR, WARNING = SEVERITIES = ('error', 'warning')
"""What breaks the service now, and what will, or only may."""

CAUSES = {
    'duplicate': ('arp', 'vip_on_card'),
    'dead': ('listener', 'firewall', 'vip_missing', 'gateway', 'unreachable'),
}
"""Of a kind those whose consequence it is, where they are found on the same host about the same VIP."""

SILENCING = (
    'vip_missing', 'vip_prefix', 'listener', 'firewall', 'gateway', 'segment', 'rp_filter', 'mtu', 'unreachable', 'unread')
"""Kinds by which a real server does not answer, or not all, and that do no harm while nobody is sent there."""


class Finding(NamedTuple):
    """A finding; `about` are the VIPs that it concerns, all of them if it is empty."""

    kind: str
    severity: str
    host: str
    seen: str
    why: str
    do: str
    about: tuple = ()

    @property
    def sentence(self) -> str:
        return '{0}: {1}; {2}; {3}'.format(self.host, self.seen, self.why, self.do)

    def compact(self) -> dict:
        """Return it as machines take it."""
        return {
            'severity': self.severity, 'kind': self.kind, 'host': self.host,
            'seen': self.seen, 'why': self.why, 'do': self.do, 'vips': list(self.about), 'sentence': self.sentence,
        }  # fmt: skip

    def explains(self, other: Finding) -> bool:
        """Return whether another finding is only a consequence of this one."""
        if self.kind not in CAUSES.get(other.kind, ()) or self.host != other.host:
            return False
        return not self.about or not other.about or bool(set(self.about) & set(other.about))


def worst_first(findings: Iterable[Finding]) -> list[Finding]:
    """Return each finding once, without those that another one explains, errors before warnings, else in their order."""
    found = list(dict.fromkeys(findings))
    kept = [one for one in found if not any(other.explains(one) for other in found)]
    return sorted(kept, key=lambda one: SEVERITIES.index(one.severity))


def listed(words: Iterable[object]) -> str:
    """Return words in their order, each once, as a list in a sentence."""
    return ', '.join(dict.fromkeys(str(word) for word in words))
