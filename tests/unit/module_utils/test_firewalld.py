# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rich rules of a network card are those of its zone, or of the default zone, now and after a reload."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils import firewalld
from ansible_collections.lvs.direct_routing.plugins.module_utils.command import CommandError, Result

WEB = 'rule family="ipv4" destination address="192.0.2.100" port port="80" protocol="tcp" accept'
SSH = 'rule family="ipv4" source address="192.0.2.200" service name="ssh" accept'
LISTS = {
    ('--zone=dmz', '--list-rich-rules'): (0, WEB + '\n' + SSH + '\n', ''),
    ('--permanent', '--zone=dmz', '--list-rich-rules'): (0, SSH + '\n', ''),
}


def runner(replies):
    def run(argv):
        assert argv[0] == 'firewall-cmd'
        words = argv[1:]
        return Result(argv, *(replies[words[0]] if len(words) == 1 else LISTS[words]))
    return run


@pytest.mark.parametrize(
    'replies',
    [
        {'--get-zone-of-interface=eth0': (0, 'dmz\n', '')},
        {'--get-zone-of-interface=eth0': (2, 'no zone\n', ''), '--get-default-zone': (0, 'dmz\n', '')},
        {'--get-zone-of-interface=eth0': (2, '', 'no zone\n'), '--get-default-zone': (0, 'dmz\n', '')},
    ],
    ids=['a zone of its own', 'the default zone', 'the default zone, said elsewhere'],
)
def test_the_rules_are_those_of_the_zone(replies):
    assert firewalld.read(runner(replies), 'eth0') == {
        'interface': 'eth0', 'zone': 'dmz', 'runtime': [WEB, SSH], 'permanent': [SSH],
    }


def test_a_firewall_that_does_not_answer_is_an_error():
    with pytest.raises(CommandError, match='NOT_AUTHORIZED'):
        firewalld.read(runner({'--get-zone-of-interface=eth0': (1, '', 'Error: NOT_AUTHORIZED\n')}), 'eth0')
