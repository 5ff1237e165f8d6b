# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a client sees is counted right: requests that are lost, and a spread that is not the declared one."""

from __future__ import annotations

import os
import re

import pytest
from nodes import Play, on
from operate import play

RUNS = int(os.environ.get('LVS_HEALTHY_RUNS', '3'))
# So many of them are one run of Ansible.
ROUNDS = 10
# Every tenth connection to the IPv4 VIP is lost with all of its packets, also those that are sent again.
LOSE = """\
table inet lose {
    set lost { type ipv4_addr . inet_service; flags timeout; timeout 30s; }
    chain in {
        type filter hook input priority 0;
        ip daddr 192.0.2.100 ip saddr . tcp sport @lost drop
        ip daddr 192.0.2.100 tcp dport 80 tcp flags & (syn | ack) == syn numgen inc mod 10 0 add @lost { ip saddr . tcp sport } drop
    }
}
"""


@pytest.fixture(name='healthy', scope='module')
def a_healthy_topology(site):
    site()
    on('director', 'which nft || apt-get install --yes --quiet nftables')


def test_every_tenth_request_that_is_lost_is_counted(healthy):
    on('director', "echo '{0}' | nft --file -".format(LOSE))
    try:
        seen = play('verify', verify_requests=100)
    finally:
        on('director', 'nft delete table inet lose')
    assert seen.status != 0 and 'client: 10 of 100 requests to web (tcp 192.0.2.100:80) failed (10 timeout)' in seen.output, seen.output
    assert '2001:db8:2::100' not in seen.output.partition('Fail with one sentence')[2]


def test_another_spread_than_the_declared_one_is_said(healthy):
    on('director', 'ipvsadm -e -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 2')
    try:
        seen = play('verify', verify_requests=1000)
    finally:
        on('director', 'ipvsadm -e -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 1')
    said = re.search(r'of 1000 requests to web \(tcp 192.0.2.100:80\) real1 answered (\d+) \(its weight makes that 500\)', seen.output)
    assert seen.status != 0 and said and 600 < int(said.group(1)) < 733, seen.output


@pytest.mark.parametrize('rounds', [min(ROUNDS, RUNS - begin) for begin in range(0, RUNS, ROUNDS)])
def test_a_healthy_service_raises_no_alarm(healthy, rounds):
    seen = Play('molecule/operate/plays/again.yml', verify_requests=200, again_rounds=rounds).run()
    assert seen.status == 0, seen.output
    assert seen.output.count('200 requests from client') == 2 * rounds
