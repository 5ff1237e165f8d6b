# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where firewalld runs, each VIP and port is opened, and closed again, and nothing else; and connections end behind it."""

from __future__ import annotations

import re
import time

import pytest
from declared import web
from nodes import REALSERVERS, ROOT, VIPS, Play, bring, on

pytestmark = pytest.mark.in_turn
# The rules of each host with a firewall have a priority to tell them by.
PRIORITIES = {'director': 173, 'real1': 174}
RULE = 'rule priority="{0}" family="{1}" destination address="{2}" port port="80" protocol="tcp" accept'
# Somebody's own for the VIP looks much like ours.
FOREIGN = 'rule family="ipv4" destination address="192.0.2.100" protocol value="icmp" accept'


def ours(host, vips=VIPS):
    return [RULE.format(PRIORITIES[host], 'ipv6' if ':' in vip else 'ipv4', vip) for vip in vips]


def rich_rules(host, *options):
    return sorted(on(host, 'firewall-cmd {0} --list-rich-rules'.format(' '.join(options))).splitlines())


def is_open(vips):
    """Return whether the firewalls let in, now and after a reload, what is for these VIPs, and what others let in."""
    return all(rich_rules(host) == rich_rules(host, '--permanent') == sorted([*ours(host, vips), FOREIGN]) for host in PRIORITIES)


def asked(vip):
    url = 'http://{0}/'.format('[' + vip + ']' if ':' in vip else vip)
    return {on('client', 'curl --silent --max-time 5 ' + url, check=False).strip() for _request in range(4)}


def nothing_is_left(patience):
    """Return whether, at last, no connection is active on the director and no socket is open on a real server."""
    def left():
        active = sum(int(number) for number in re.findall(r' -> .* (\d+) +\d+ *$', on('director', 'ipvsadm -Ln'), re.MULTILINE))
        sockets = [on(host, 'ss -Htn state connected exclude time-wait sport = :80').splitlines() for host in REALSERVERS]
        return active + sum(map(len, sockets))

    end = time.monotonic() + patience
    while left():
        if time.monotonic() > end:
            return False
        time.sleep(0.5)
    return True


def ended(kind, count):
    """Make requests and end their connections in one way; return how many had no answer."""
    bring('client', '/root/lvs-ends', ROOT / 'molecule' / 'shared' / 'node' / 'ends.py')
    return int(on('client', 'python3 /root/lvs-ends/ends.py {0} {1} {2}'.format(kind, count, ' '.join(VIPS))))


@pytest.fixture(name='firewall', scope='module', autouse=True)
def firewalld_on_a_director_and_a_real_server(site):
    site(lvs_virtual_services=web())
    for host in PRIORITIES:
        on(host, 'DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet firewalld > /dev/null')
        on(host, 'systemctl enable --now --quiet firewalld')
        on(host, "firewall-cmd --permanent --add-rich-rule='{0}' && firewall-cmd --add-rich-rule='{0}'".format(FOREIGN))
    yield
    for host in PRIORITIES:
        on(host, 'systemctl disable --now --quiet firewalld; apt-get purge --yes --quiet firewalld > /dev/null')


def test_without_our_rules_they_let_nobody_in(site):
    """The control, of one after the other."""
    assert [asked(vip) for vip in VIPS] == [{''}, {''}]
    site('--limit', 'directors', lvs_virtual_services=web())
    assert [asked(vip) for vip in VIPS] == [{'', 'real2'}, {'', 'real2'}]


def test_they_are_opened_now_and_for_good_as_foretold(site):
    foretold = Play('playbooks/site.yml', '--check', lvs_virtual_services=web()).run()
    done = site(lvs_virtual_services=web())
    assert foretold.changed == done.changed == dict.fromkeys(done.changed, 0) | {'real1': 1}
    assert [asked(vip) for vip in VIPS] == [set(REALSERVERS)] * 2
    assert is_open(VIPS)
    assert not any(site(lvs_virtual_services=web()).changed.values())


INVALID = ('nft "add table inet strict; add chain inet strict input { type filter hook input priority 0; }; '
           'add rule inet strict input ct state invalid drop"')
FILTERS = {
    'firewalld': ('firewall-cmd --reload', 'true'),
    'no firewall': ('systemctl stop firewalld', 'systemctl start firewalld'),
    'nftables': ('systemctl stop firewalld; ' + INVALID, 'nft delete table inet strict; systemctl start firewalld'),
}


@pytest.mark.parametrize('kind, count', [('fin', 1000), ('rst', 50), ('half', 200)])
@pytest.mark.parametrize('which', FILTERS)
def test_connections_end_on_real_servers_as_for_clients(which, kind, count):
    begin, end = FILTERS[which]
    on('director', begin)
    try:
        assert ended(kind, count) == 0
        assert nothing_is_left(5)
    finally:
        on('director', end)


@pytest.mark.parametrize('which', ['firewalld', 'nftables'])
def test_tracked_packets_would_leave_them_open(which):
    """The control."""
    begin, end = FILTERS[which]
    on('director', begin + '; nft delete table inet lvs_direct_routing')
    try:
        assert [ended(kind, 2) for kind in ('fin', 'rst', 'half')] == [0, 0, 0]
        assert not nothing_is_left(5)
    finally:
        on('director', 'systemctl reload lvs-director; ' + end)


def test_without_nft_the_unit_starts_all_the_same():
    on('director', 'mv /usr/sbin/nft /root/nft')
    try:
        on('director', 'systemctl restart lvs-director')
        assert [asked(vip) for vip in VIPS] == [set(REALSERVERS)] * 2
        assert 'packets that end connections are tracked' in on('director', 'journalctl --unit lvs-director --output cat')
    finally:
        on('director', 'mv /root/nft /usr/sbin/nft; systemctl restart lvs-director')
    assert 'notrack' in on('director', 'nft list ruleset')


def test_a_rule_that_is_lost_at_the_next_reload_is_made_good(site):
    for host in PRIORITIES:
        on(host, "firewall-cmd --permanent --remove-rich-rule='{0}'".format(ours(host)[0]))
    assert site(lvs_virtual_services=web()).changed == {'director': 1, 'real1': 1, 'real2': 0}
    assert is_open(VIPS)


def test_a_card_that_is_not_there_is_refused_before_anything_changes():
    play = Play('playbooks/site.yml', lvs_virtual_services=web()[:1], realserver_firewall_interface='eht1').run()
    assert play.status != 0
    assert 'real1: realserver_firewall_interface: there is no interface eht1, there are' in play.output
    assert is_open(VIPS)


def test_what_is_not_declared_any_more_is_closed(site):
    site(lvs_virtual_services=web()[:1])
    assert is_open(VIPS[:1])


def test_teardown_closes_the_rest_and_the_firewalls_run_on():
    play = Play('playbooks/teardown.yml', lvs_virtual_services=[]).run()
    assert play.status == 0, play.output
    assert is_open(())
    for host in PRIORITIES:
        assert on(host, 'systemctl is-active firewalld') == 'active\n'
