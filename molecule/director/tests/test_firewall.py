# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where firewalld runs, each VIP and port is opened, and closed again, and nothing else."""

from __future__ import annotations

import pytest
from declared import web
from nodes import REALSERVERS, VIPS, Play, on

OURS = [
    'rule priority="173" family="ipv4" destination address="192.0.2.100" port port="80" protocol="tcp" accept',
    'rule priority="173" family="ipv6" destination address="2001:db8:2::100" port port="80" protocol="tcp" accept',
]
# Somebody's own for the VIP looks much like ours.
FOREIGN = 'rule family="ipv4" destination address="192.0.2.100" protocol value="icmp" accept'


def rich_rules(*options):
    return sorted(on('director', 'firewall-cmd {0} --list-rich-rules'.format(' '.join(options))).splitlines())


def asked(vip):
    return on('client', 'curl --silent --max-time 5 http://{0}/'.format('[' + vip + ']' if ':' in vip else vip), check=False).strip()


@pytest.fixture(name='firewall', scope='module', autouse=True)
def firewalld_on_a_director(site):
    site(lvs_virtual_services=web())
    on('director', 'DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet firewalld > /dev/null')
    on('director', 'systemctl enable --now --quiet firewalld')
    on('director', "firewall-cmd --permanent --add-rich-rule='{0}' && firewall-cmd --add-rich-rule='{0}'".format(FOREIGN))
    yield
    on('director', 'systemctl disable --now --quiet firewalld; apt-get purge --yes --quiet firewalld > /dev/null')


def test_without_our_rules_it_lets_nobody_in():
    """The control."""
    assert [asked(vip) for vip in VIPS] == ['', '']


def test_it_is_opened_now_and_for_good_as_foretold(site):
    foretold = Play('playbooks/site.yml', '--check', '--limit', 'directors', lvs_virtual_services=web()).run()
    done = site('--limit', 'directors', lvs_virtual_services=web())
    assert foretold.changed == done.changed
    assert all({asked(vip) for _request in range(4)} == set(REALSERVERS) for vip in VIPS)
    assert rich_rules() == rich_rules('--permanent') == sorted([*OURS, FOREIGN])
    assert not any(site('--limit', 'directors', lvs_virtual_services=web()).changed.values())


def test_a_rule_that_is_lost_at_the_next_reload_is_made_good(site):
    on('director', "firewall-cmd --permanent --remove-rich-rule='{0}'".format(OURS[0]))
    assert site('--limit', 'directors', lvs_virtual_services=web()).changed['director'] == 1
    assert rich_rules('--permanent') == sorted([*OURS, FOREIGN])


def test_what_is_not_declared_any_more_is_closed(site):
    site('--limit', 'directors', lvs_virtual_services=web()[:1])
    assert rich_rules() == rich_rules('--permanent') == sorted([OURS[0], FOREIGN])


def test_teardown_closes_the_rest_and_the_firewall_runs_on():
    play = Play('playbooks/teardown.yml', lvs_virtual_services=[]).run()
    assert play.status == 0, play.output
    assert rich_rules() == rich_rules('--permanent') == [FOREIGN]
    assert on('director', 'systemctl is-active firewalld') == 'active\n'
