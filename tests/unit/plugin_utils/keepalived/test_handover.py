# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may give the VIPs away, and what speaks against it."""

from __future__ import annotations

import copy

import pytest

from ansible_collections.lvs.direct_routing.plugins.plugin_utils.keepalived import handover

VIP = '192.0.2.100'
SERVICES = [{'name': 'web', 'vip': VIP, 'port': 80, 'realservers': [{'address': '192.0.2.21'}]}]
TABLE = {'services': [{'protocol': 'tcp', 'address': VIP, 'port': 80, 'scheduler': 'wlc',
                       'realservers': [{'address': '192.0.2.21', 'port': 80, 'weight': 1}]}]}


def directors(**changes):
    """Return a pair of which lb1 has the VIP; each change is of the director of that name."""
    pair = {'lb1': {'vips': [VIP], 'table': TABLE, 'active': True, 'unplugged': []},
            'lb2': {'vips': [], 'table': TABLE, 'active': True, 'unplugged': []}}
    return {name: dict(copy.deepcopy(one), **changes.get(name, {})) for name, one in pair.items()}


def table(**server):
    found = copy.deepcopy(TABLE)
    found['services'][0]['realservers'] = [dict(found['services'][0]['realservers'][0], **server)] if server else []
    return found


def test_who_has_the_vips_gives():
    assert handover.faults(SERVICES, directors()) == {'giver': 'lb1', 'faults': []}
    assert handover.faults(SERVICES, directors(lb1={'vips': []}, lb2={'vips': [VIP]}), 'lb2') == {'giver': 'lb2', 'faults': []}


@pytest.mark.parametrize('seen, giver, sentence', [
    (directors(lb1={'vips': []}), '', 'No director has VIPs, so nobody can tell whose VIPs are to move'),
    (directors(lb2={'vips': ['192.0.2.101']}), '', 'lb1 and lb2 have VIPs, so nobody can tell whose VIPs are to move; say failover_from'),
    (directors(), 'lb3', "failover_from: 'lb3' is none of the directors lb1, lb2"),
    (directors(), 'lb2', 'failover_from: lb2 has no VIP to give away; lb1 has VIPs'),
    ({'lb1': directors()['lb1']}, '', 'lb1 is the only director; nobody could take its VIPs'),
    (directors(lb2={'active': False}), '', 'lb2: keepalived does not run, so it would not take the VIPs'),
    (directors(lb2={'unplugged': ['eth1']}), '', 'lb2: eth1 has no link, so it would not take the VIPs'),
    (directors(lb2={'vips': [VIP]}), 'lb1', 'lb2: lb1 has the VIP 192.0.2.100 as well, so they do not hear each other'),
    (directors(lb2={'table': {'services': []}}), '', 'lb2: its table has no service tcp 192.0.2.100:80'),
    (directors(lb2={'table': table(weight=3)}), '',
     'lb2: its table has 192.0.2.21:80 in service tcp 192.0.2.100:80 with weight 3 where that of lb1 has '
     '192.0.2.21:80 in service tcp 192.0.2.100:80 with weight 1'),
    (directors(lb2={'table': table()}), '',
     'lb2: its table has no 192.0.2.21:80 in service tcp 192.0.2.100:80 where that of lb1 has '
     '192.0.2.21:80 in service tcp 192.0.2.100:80 with weight 1'),
])
def test_what_speaks_against_it(seen, giver, sentence):
    assert sentence in handover.faults(SERVICES, seen, giver)['faults']


def test_a_table_may_have_more():
    more = {'services': TABLE['services'] + [dict(TABLE['services'][0], port=81)]}
    assert handover.missing(SERVICES, more) == []
    assert handover.missing(SERVICES, {'services': []}) == ['service tcp 192.0.2.100:80']
