# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What counts for an interface, and what is warned of."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.sysctl import arp
from ansible_collections.lvs.direct_routing.plugins.module_utils.sysctl.arp import effective
from ansible_collections.lvs.direct_routing.plugins.module_utils.sysctl.arp import declare

from .machine import silence


@pytest.mark.parametrize('every, own, counts', [(0, 0, 0), (1, 0, 1), (0, 1, 1), (1, 2, 2), (8, 1, 8)])
def test_the_higher_value_counts(every, own, counts):
    live = {arp.key(name, parameter): str(value) for name, value in (('all', every), ('eth0', own))
            for parameter in arp.PARAMETERS}
    assert effective(live, 'eth0') == {'arp_ignore': counts, 'arp_announce': counts}


@pytest.mark.parametrize('own, interfaces, words', [
    (8, [], 'arp_ignore of eth1 is effectively 8, not 1, since its own value is higher'),
    (3, [], 'and with that it answers ARP for VIPs'),
    (3, ['eth0'], 'and with that it answers ARP for VIPs'),
    (8, ['eth0'], None),
    (0, [], None),
])
def test_a_higher_value_of_a_card_is_warned_of_where_it_matters(machine, own, interfaces, words):
    machine.set('eth1', own, 0)
    result = declare(machine, silence(interfaces=interfaces), check=False)
    assert machine.get('eth1') == (own, 0)
    assert [words in warning for warning in result['warnings']] == ([True] if words else [])


@pytest.mark.parametrize('path, line, warned', [
    ('/etc/sysctl.d/99-local.conf', 'net.ipv4.conf.all.arp_ignore = 0', True),
    ('/usr/lib/sysctl.d/95-vendor.conf', 'net/ipv4/conf/all/arp_ignore=0', True),
    ('/etc/sysctl.conf', 'net.ipv4.conf.all.arp_ignore = 0', True),
    ('/etc/sysctl.d/99-local.conf', 'net.ipv4.conf.all.arp_ignore = 1', False),
    ('/etc/sysctl.d/10-local.conf', 'net.ipv4.conf.all.arp_ignore = 0', False),
    ('/etc/sysctl.d/99-local.conf', '# net.ipv4.conf.all.arp_ignore = 0', False),
    ('/etc/sysctl.d/99-local.conf', 'net.ipv4.conf.eth0.arp_ignore = 0', False),
    ('/etc/sysctl.d/99-local.txt', 'net.ipv4.conf.all.arp_ignore = 0', False),
])
def test_a_file_that_wins_at_boot_is_warned_of(machine, path, line, warned):
    machine.put(path, line + '\n')
    warnings = declare(machine, silence(), check=False)['warnings']
    assert [warning.split(' after ')[0] for warning in warnings] == (
        [path + ' sets net/ipv4/conf/all/arp_ignore = 0'] if warned else [])


def test_a_file_of_the_same_name_with_higher_precedence_hides_the_other(machine):
    machine.put('/usr/lib/sysctl.d/95-vendor.conf', 'net.ipv4.conf.all.arp_ignore = 0\n')
    machine.put('/etc/sysctl.d/95-vendor.conf', '')
    assert declare(machine, silence(), check=False)['warnings'] == []
