# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose turn it is, so that one director and one only has the VIPs at each moment."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.plugin_utils.keepalived import configuration, turn

SERVICE = {'name': 'web', 'vip': '192.0.2.100', 'port': 80, 'check': {'type': 'tcp'}, 'realservers': [{'address': '192.0.2.21'}]}
MORE = dict(SERVICE, name='more', vip='192.0.2.101')
HA = {'peers': ['192.0.2.11'], 'address': '192.0.2.10', 'priority': 200}


def text(*services, **ha):
    return configuration.configuration(
        configuration.director(services or [SERVICE], 'services', {'interface': 'eth0'}, dict(HA, **ha)))


@pytest.mark.parametrize('loaded, wanted, change', [
    (text(), text(), turn.SAME),
    (text(), text(SERVICE, MORE), turn.SAME),
    (text(), text(dict(SERVICE, scheduler='rr')), turn.SAME),
    (text(), text(priority=100, advert_interval=0.5), turn.SAME),
    (text(peers=['192.0.2.12', '192.0.2.11']), text(peers=['192.0.2.11', '192.0.2.12']), turn.SAME),
    (text(), text(peers=['192.0.2.11', '192.0.2.12']), turn.PEERS),
    (text(), text(virtual_router_id=52), turn.ROUTER),
    (text(), text(address='192.0.2.12'), turn.ROUTER),
    (text(), text(MORE, SERVICE), turn.ROUTER),
    ('', text(), turn.NEW),
    (text(peers=[]), text(), turn.NEW),
    (text(), text(peers=[]), turn.ROUTER),
    (text(peers=[]), text(peers=[]), turn.SAME),
])
def test_what_becomes_of_adverts(loaded, wanted, change):
    assert turn.change(wanted, loaded) == change


def seen(vips, adverts=turn.SAME):
    return {'vips': vips, 'adverts': adverts}


@pytest.mark.parametrize('directors, order, rest', [
    ({'a': seen(2), 'b': seen(0), 'c': seen(0)}, 'bca', ''),
    ({'a': seen(0), 'b': seen(2), 'c': seen(0)}, 'acb', ''),
    ({'a': seen(1), 'b': seen(2), 'c': seen(0)}, 'acb', ''),
    ({'a': seen(0), 'b': seen(0)}, 'ab', ''),
    ({'a': seen(0, turn.NEW), 'b': seen(0, turn.NEW)}, 'ab', ''),
    # One that is new is heard of by the holder first.
    ({'a': seen(0, turn.NEW), 'b': seen(2, turn.PEERS)}, 'ba', ''),
    # The holder is alone up to now, and begins.
    ({'a': seen(0, turn.NEW), 'b': seen(2, turn.NEW)}, 'ba', ''),
    # The others would not know the holder any more.
    ({'a': seen(0, turn.ROUTER), 'b': seen(2, turn.ROUTER), 'c': seen(0, turn.NEW)}, 'bac', 'a'),
    ({'a': seen(0, turn.ROUTER), 'b': seen(2, turn.PEERS)}, 'ba', ''),
    ({}, '', ''),
])
def test_turns(directors, order, rest):
    assert turn.turns(sorted(directors), directors) == {'order': list(order), 'rest': list(rest)}


def test_one_that_was_not_looked_at_has_no_turn():
    assert turn.turns(['a', 'b'], {'b': seen(2)}) == {'order': ['b'], 'rest': []}
