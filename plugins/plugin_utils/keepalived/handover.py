# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a director can give its VIPs to another one without harm. Pure.

Private to this collection.
"""

from __future__ import annotations

from typing import Iterable, Mapping, Sequence

from ...module_utils.ipvs import model, options, show
from ..virtual_services import ipvs_services


def faults(services: Iterable[Mapping], seen: Mapping[str, Mapping], giver: str = '') -> dict:
    """Return who is to give the VIPs away, the `giver`, and a sentence for each thing that speaks against it.

    `seen` has by director the `vips` that it has, its `table` as ipvs_info returned it, whether keepalived is
    `active`, and the cards that are `unplugged` of those that it looks at.
    """
    services = list(services)
    holders = [director for director, one in seen.items() if one['vips']]
    if giver and giver not in seen:
        return {'giver': giver, 'faults': ['failover_from: {0} is none of the directors {1}'.format(model.shown(giver), ', '.join(seen))]}
    if giver and giver not in holders:
        return {'giver': giver, 'faults': ['failover_from: {0} has no VIP to give away; {1}'.format(giver, _who(holders))]}
    if not giver and len(holders) != 1:
        advice = '; say failover_from' if holders else ''
        return {'giver': '', 'faults': ['{0}, so nobody can tell whose VIPs are to move{1}'.format(_who(holders), advice)]}
    giver = giver or holders[0]
    takers = [director for director in seen if director != giver]
    if not takers:
        return {'giver': giver, 'faults': ['{0} is the only director; nobody could take its VIPs'.format(giver)]}
    found = []
    for taker in takers:
        if not seen[taker]['active']:
            found.append('{0}: keepalived does not run, so it would not take the VIPs'.format(taker))
            continue
        found += ['{0}: {1} has no link, so it would not take the VIPs'.format(taker, card) for card in seen[taker]['unplugged']]
        found += ['{0}: {1} has the VIP {2} as well, so they do not hear each other'.format(taker, giver, vip)
                  for vip in seen[taker]['vips'] if vip in seen[giver]['vips']]
        found += ['{0}: its table has no {1}'.format(taker, label) for label in missing(services, seen[taker]['table'])]
        found += ['{0}: its table has {1} where that of {2} has {3}'.format(taker, theirs, giver, ours)
                  for theirs, ours in _differences(seen[taker]['table'], seen[giver]['table'])]
    return {'giver': giver, 'faults': found}


def missing(services: Iterable[Mapping], live: Mapping) -> list[str]:
    """Return the declared services that are not in a table."""
    there = {_label(service) for service in live['services']}
    wanted = show.services(options.table(ipvs_services(services)), {})
    return [label for label in map(_label, wanted) if label not in there]


def _differences(taker: Mapping, giver: Mapping) -> Iterable[tuple[str, str]]:
    theirs, ours = _entries(taker), _entries(giver)
    return [(theirs.get(name, 'no ' + name), ours.get(name, 'none')) for name in ours if theirs.get(name) != ours[name]]


def _entries(table: Mapping) -> dict[str, str]:
    found = {}
    for service in table['services']:
        label = _label(service)
        found[label] = '{0} by {1}'.format(label, service['scheduler'])
        for server in service['realservers']:
            name = '{0} in {1}'.format(model.endpoint(server['address'], server['port']), label)
            found[name] = '{0} with weight {1}'.format(name, server['weight'])
    return found


def _label(service: Mapping) -> str:
    if 'fwmark' in service:
        return 'service fwmark {0} {1}'.format(service['fwmark'], service['family'])
    return 'service {0} {1}'.format(service['protocol'], model.endpoint(service['address'], service['port']))


def _who(holders: Sequence[str]) -> str:
    return '{0} {1} VIPs'.format(' and '.join(holders), 'has' if len(holders) == 1 else 'have') if holders else 'No director has VIPs'
