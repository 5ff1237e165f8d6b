# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of several directors is changed when, so that at each moment one of them has the VIPs, and one only. Pure.

Private to this collection.
"""

from __future__ import annotations

import re
from typing import Mapping, Sequence

SAME, PEERS, ROUTER, NEW = 'same', 'peers', 'router', 'new'
"""What becomes of a director's adverts: nothing, they go to others, others do not know them any more, there were none."""

# By these a director knows an advert as one of its own group; and the VIP that it names.
_ROUTER = re.compile(r'^ *(vrrp_instance .*|interface .*|virtual_router_id .*|unicast_src_ip .*)$|^ *virtual_ipaddress \{\s*(\S+)', re.M)
_PEERS = re.compile(r'unicast_peer \{([^}]*)\}')


def change(wanted: str, loaded: str) -> str:
    """Return what the adverts of a keepalived that has loaded one keepalived.conf become as it loads another."""
    before, after = _ROUTER.findall(loaded), _ROUTER.findall(wanted)
    if not before:
        return NEW if after else SAME
    if before != after:
        return ROUTER
    return SAME if _peers(loaded) == _peers(wanted) else PEERS


def _peers(text: str) -> list[list[str]]:
    return [sorted(block.split()) for block in _PEERS.findall(text)]


def turns(directors: Sequence[str], seen: Mapping[str, Mapping]) -> dict:
    """Return the `order` in which directors are changed, and which of them `rest` until their turn comes.

    `seen` has what each that can be asked has of the VIPs: their number, `vips`, and what becomes of its `adverts`.
    """
    here = [director for director in directors if director in seen]
    holder = max(here, key=lambda director: seen[director]['vips'], default=None)
    if not holder or not seen[holder]['vips']:
        return {'order': here, 'rest': []}
    others = [director for director in here if director != holder]
    if all(seen[director]['adverts'] == SAME for director in here):
        # Who has the VIPs comes last: if a change is bad, it is seen on one that nobody asks.
        return {'order': [*others, holder], 'rest': []}
    # Others are to hear from it as soon as they begin to listen, or they would take the VIPs as well.
    known = [director for director in others if seen[director]['adverts'] != NEW]
    return {'order': [holder, *others], 'rest': known if seen[holder]['adverts'] == ROUTER else []}
