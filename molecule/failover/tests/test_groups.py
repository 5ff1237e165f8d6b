# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two directors that share the load, each with the VIP of one address family, and firewalld on both of them."""

from __future__ import annotations

import pytest
from nodes import VIPS, Play, mac, on
from pair import DIRECTORS, PAIR, holds, other, run, table, tear_down_what_is_there, wait_for, weighted

pytestmark = pytest.mark.in_turn
GROUPS = {'four': {'virtual_router_id': 51}, 'six': {'virtual_router_id': 52, 'directors': ['director2', 'director']}}
SHARED = {
    'lvs_ha_groups': GROUPS,
    'lvs_virtual_services': [dict(service, ha_group=group) for service, group in zip(weighted(1), GROUPS)],
}
# Nobody has an IPv4 address that the inventory knows of.
IPV6 = {'lvs_address': '', 'lvs_virtual_services': weighted(1)[1:]}
STREAMS = 10


def each_has_its_own():
    return [holds(node) for node in DIRECTORS] == [[vip] for vip in VIPS] and all(len(table(node)) == 6 for node in DIRECTORS)


def ipv6_is_on():
    """Return the director that has the one VIP that there is."""
    have = [node for node in DIRECTORS if holds(node) == [VIPS[1]]]
    return have[0] if len(have) == 1 else None


@pytest.fixture(name='shared', scope='module')
def the_load_is_shared():
    tear_down_what_is_there()
    for node in DIRECTORS:
        on(node, 'DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet firewalld conntrack > /dev/null')
        on(node, 'systemctl enable --now --quiet firewalld')
    done = Play('playbooks/site.yml', inventory=PAIR, **SHARED).run()
    assert done.status == 0, done.output
    wait_for(each_has_its_own)
    yield
    torn_down = Play('playbooks/teardown.yml', inventory=PAIR).run()
    left = [on(node, 'firewall-cmd --list-rich-rules; firewall-cmd --permanent --list-rich-rules').strip() for node in DIRECTORS]
    for node in DIRECTORS:
        on(node, 'systemctl disable --now --quiet firewalld; apt-get purge --yes --quiet firewalld conntrack > /dev/null')
    assert torn_down.status == 0, torn_down.output
    assert left == ['', '']


def test_each_answers_for_its_own_and_everybody_is_told_of_all(shared, listening, asking):
    with listening(DIRECTORS) as heard, asking('while two directors share the load', streams=STREAMS) as figures:
        pass
    assert figures['failed'] == figures['broken'] == []
    assert [set(heard['heard'][vip]) for vip in VIPS] == [{mac(node)} for node in DIRECTORS]
    assert on('director', 'ipvsadm --list --daemon').count('syncid=51') == 2
    assert 'lvs_direct_routing_vrrp' in on('director', 'nft list ruleset')


def test_the_second_run_changes_nothing(shared, site):
    assert not any(run(site, **SHARED).changed.values())


def test_it_is_healthy(shared):
    verified = Play('playbooks/verify.yml', inventory=PAIR, **SHARED).run()
    assert verified.status == 0, verified.output


def test_a_firewall_that_is_closed_makes_two_masters_and_our_rules_are_there_for_good(shared):
    """The control: without them, and nothing else, the firewalls drop adverts, until connection tracking takes them for answers."""
    def masters():
        return on('director2', 'journalctl --unit keepalived --output cat').count('(four) Entering MASTER STATE')

    before = masters()
    for node in DIRECTORS:
        on(node, "firewall-cmd --list-rich-rules | grep 'value=\"112\"' | while read -r rule; do firewall-cmd --remove-rich-rule=\"$rule\"; done")
    try:
        for node in DIRECTORS:
            # Nor do they know of adverts that they have let in before, and answers to those.
            on(node, 'conntrack --flush')
        wait_for(lambda: masters() > before)
    finally:
        for node in DIRECTORS:
            on(node, 'firewall-cmd --reload')
    wait_for(each_has_its_own)


@pytest.mark.parametrize('gone', DIRECTORS)
def test_either_has_all_of_them_while_the_other_is_away(shared, asking, gone):
    with asking('{0} of two that share the load stops and comes back'.format(gone), streams=STREAMS) as figures:
        wait_for(lambda: figures.made() > 200)
        on(gone, 'systemctl stop keepalived')
        wait_for(lambda: holds(other(gone)) == list(VIPS) and holds(gone) == [])
        before = figures.made()
        wait_for(lambda: figures.made() > before + 200)
        on(gone, 'systemctl start keepalived')
        wait_for(each_has_its_own)
    assert figures['failed'] == figures['broken'] == []


def test_who_would_take_them_back_cannot_hand_them_over(shared):
    play = Play('playbooks/failover.yml', '-e', 'failover_from=director', inventory=PAIR, **SHARED).run()
    assert play.status != 0 and 'it would take the VIPs back' in play.output
    assert each_has_its_own()


def test_without_ipv4_directors_agree_and_tell_of_connections_by_ipv6(shared, site, asking):
    run(site, **IPV6)
    assert not any(run(site, **IPV6).changed.values())
    wait_for(ipv6_is_on)
    first = ipv6_is_on()
    assert '192.0.2.' not in on(first, 'cat /etc/keepalived/keepalived.conf')
    assert on(first, 'ipvsadm --list --daemon').count('syncid=51') == 2
    with asking('a director without IPv4 is stopped', vips=VIPS[1:], streams=STREAMS) as figures:
        wait_for(lambda: figures.made() > 200)
        on(first, 'systemctl stop keepalived')
        wait_for(lambda: ipv6_is_on() == other(first))
        before = figures.made()
        wait_for(lambda: figures.made() > before + 200)
    assert figures['failed'] == figures['broken'] == []
    on(first, 'systemctl start keepalived')
    verified = Play('playbooks/verify.yml', inventory=PAIR, **IPV6).run()
    assert verified.status == 0, verified.output
