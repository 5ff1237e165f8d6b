# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two directors, one of which has the VIPs: what a client sees as it goes in each way, and whether they agree afterwards."""

from __future__ import annotations

import contextlib
import os
import pathlib
import random
import subprocess
import time

import pytest
from nodes import REALSERVERS, VIPS, Play, Program, bring, mac, on, reboot
from pair import (
    ADDRESSES, DIRECTORS, PAIR, ROUTER_ID, begin_anew, cable, healed, holder, holds, knows, other, pid, reloads, run, table,
    tear_down_what_is_there, wait_for, weighted,
)
from slices import EVERY, of_the_day

NODE = pathlib.Path(__file__).parents[1] / 'node'
THERE = '/root/lvs-failover'
STREAMS = 100 if EVERY else 20
KILLS = int(os.environ.get('LVS_KILLED_PLAYS', '1'))
SEED = int(os.environ.get('LVS_SEED') or random.SystemRandom().randrange(2**32))
KEEPALIVED = {'director_engine': 'keepalived'}
MISTAKES = {
    'VRID 0': ({'director_ha_virtual_router_id': 0}, 'director_ha_virtual_router_id: 0 is not a whole number 1..255'),
    'VRID 256': ({'director_ha_virtual_router_id': 256}, 'director_ha_virtual_router_id: 256 is not a whole number 1..255'),
    'sync interface': ({'director_ha_sync_interface': 'eth7'}, 'there is no interface eth7'),
    'tracked interface': ({'director_ha_track_interfaces': ['eth8']}, 'there is no interface eth8'),
    'interval': ({'director_ha_advert_interval': 0}, 'director_ha_advert_interval: 0 is not a number of seconds'),
    'VRID twice': ({
        'lvs_ha_groups': {'a': {'virtual_router_id': 51}, 'b': {'virtual_router_id': 51}},
        'lvs_virtual_services': [dict(one, ha_group=group) for one, group in zip(weighted(1), 'ab')],
    }, '51 is that of the group a already'),
}


@pytest.fixture(name='nothing_there', scope='module')
def hosts_without_anything_of_ours():
    tear_down_what_is_there()


@pytest.fixture(name='pair', scope='module')
def two_directors_made_of_one(nothing_there, site, asking):
    """Begin with one that has the VIPs by itself, and let the other join it, under load."""
    site(lvs_virtual_services=weighted(1))
    foretold = Play('playbooks/site.yml', '--check', inventory=PAIR).run()
    assert foretold.status == 0, foretold.output
    with asking('while a director is joined by another one', at_least=0) as figures:
        done = run(site)
    return foretold, done, figures


@pytest.fixture(name='clients', scope='module')
def a_client_that_looks_for_gaps(pair):
    bring('client', THERE, *NODE.iterdir())
    program = Program('client', THERE, 'gap.py', STREAMS, *VIPS)
    yield program
    program.end()
    on('client', 'rm -rf ' + THERE)


@pytest.fixture(name='watched')
def what_clients_and_the_segment_see(clients, listening, figure):
    """Return a context manager under which something happens; real servers are to be silent meanwhile."""

    @contextlib.contextmanager
    def watch(what, told=True):
        before = clients.now()
        assert len(before['ports']) == STREAMS and before['broken'] == 0, before
        # One that has begun anew hears of a stream within ten seconds.
        wait_for(lambda: not told or all(knows(node, before['ports']) for node in DIRECTORS))
        found = {}
        with listening(DIRECTORS) as heard:
            yield found
            found.update(clients.now())
        figure('{0}: nobody answered for {1} s (IPv4) and {2} s (IPv6), {3} s and {4} s before; {5} of {6} streams broke'.format(
            what, *(found['vips'][vip]['gap'] for vip in VIPS), *(before['vips'][vip]['gap'] for vip in VIPS), found['broken'], STREAMS))
        assert heard['claimed'] == {}
        assert all(found['vips'][vip]['answered'] for vip in VIPS)

    return watch


def test_the_first_has_the_vips_and_no_request_failed_as_the_second_joined(pair):
    foretold, done, figures = pair
    assert figures['failed'] == figures['broken'] == []
    assert holder() == 'director'
    assert foretold.changed['director2'] == done.changed['director2'] > 0
    assert foretold.changed['director'] == done.changed['director'] > 0
    healed()
    assert not any(vip in on('director', 'ip address show dev lo') for vip in VIPS)


def test_the_second_run_changes_nothing_and_reloads_nothing(pair, site):
    before = [(pid(node), reloads(node)) for node in DIRECTORS]
    assert not any(run(site).changed.values())
    assert not any(run(site, '--check').changed.values())
    assert [(pid(node), reloads(node)) for node in DIRECTORS] == before


def test_verify_finds_nothing_wrong(pair):
    play = Play('playbooks/verify.yml', inventory=PAIR).run()
    assert play.status == 0, play.output


def test_streams_survive_a_graceful_stop(watched):
    first = holder()
    with watched('keepalived of the master is stopped') as found:
        on(first, 'systemctl stop keepalived')
        wait_for(lambda: holder() == other(first))
    on(first, 'systemctl start keepalived')
    healed()
    assert found['broken'] == 0, found['why']


def test_streams_survive_a_failover_on_request(watched):
    first = holder()
    # What Ansible's own work on the same processor does to clients.
    with watched('failover.yml --check'):
        play = Play('playbooks/failover.yml', '--check', inventory=PAIR).run()
        assert play.status == 0 and holder() == first, play.output
    with watched('failover.yml') as found:
        play = Play('playbooks/failover.yml', inventory=PAIR).run()
        assert play.status == 0, play.output
        assert holder() == other(first)
    healed()
    assert found['broken'] == 0, found['why']


def test_a_failover_that_would_hurt_is_refused(pair):
    first = holder()
    on(other(first), 'systemctl stop keepalived')
    play = Play('playbooks/failover.yml', inventory=PAIR).run()
    assert play.status != 0 and '{0}: keepalived does not run'.format(other(first)) in play.output
    assert holder() == first
    on(other(first), 'systemctl start keepalived')
    healed()
    cable(other(first), 'down')
    try:
        play = Play('playbooks/failover.yml', inventory=PAIR).run()
    finally:
        cable(other(first), 'up')
    assert play.status != 0 and '{0}: eth0 has no link, so it would not take the VIPs'.format(other(first)) in play.output
    assert holder() == first
    healed()


def test_streams_survive_a_kill(watched):
    first = holder()
    with watched('keepalived of the master is killed') as found:
        on(first, 'systemctl kill --signal=KILL keepalived')
        wait_for(lambda: holder() and table(first) and pid(first) != '0')
    healed()
    assert found['broken'] == 0, found['why']


def test_streams_survive_a_lost_link(watched):
    first = holder()
    try:
        with watched('the link of the master is lost') as found:
            cable(first, 'down')
            wait_for(lambda: len(holds(other(first))) == len(VIPS))
    finally:
        cable(first, 'up')
    healed()
    assert found['broken'] == 0, found['why']


@pytest.mark.in_turn
def test_a_changed_weight_is_not_noticed(watched, asking, site):
    before = [pid(node) for node in DIRECTORS]
    first = holder()
    with watched('site.yml changes a weight') as found, asking('while a weight changes', at_least=0) as figures:
        run(site, '--limit', 'directors', lvs_virtual_services=weighted(3))
        run(site, '--limit', 'directors')
    assert found['broken'] == 0 and figures['failed'] == figures['broken'] == [], found
    assert [pid(node) for node in DIRECTORS] == before and holder() == first


@pytest.mark.in_turn
def test_a_vip_is_added_and_removed_and_the_others_stay_where_they_are(watched, asking, site):
    first = holder()
    more = dict(weighted(1)[0], name='more', vip='192.0.2.101')
    with watched('site.yml adds a VIP') as found, asking('while a VIP is added and removed', at_least=0) as figures:
        run(site, lvs_virtual_services=[*weighted(1), more])
        assert '192.0.2.101/32' in on(first, 'ip address show dev eth0') and holder() == first
        assert '192.0.2.101/32' not in on(other(first), 'ip address show dev eth0')
        run(site)
    assert '192.0.2.101/32' not in on(first, 'ip address') and holder() == first
    assert found['broken'] == 0 and figures['failed'] == figures['broken'] == [], found


def test_adverts_of_a_stranger_are_not_heard(watched):
    first = holder()
    with watched('a stranger claims to be the master'):
        strangers = [Program('client', THERE, 'stranger.py', '192.0.2.200', ADDRESSES[node], ROUTER_ID, VIPS[0]) for node in DIRECTORS]
        time.sleep(5)
        assert holder() == first
        # Nor do they keep the other one from taking the VIPs.
        on(first, 'systemctl stop keepalived')
        wait_for(lambda: holder() == other(first))
        for stranger in strangers:
            stranger.end()
    on(first, 'systemctl start keepalived')
    healed()
    first = holder()
    # They would have been obeyed if a peer had sent them, and no filter helps against who forges its address.
    stranger = Program('client', THERE, 'stranger.py', ADDRESSES[other(first)], ADDRESSES[first], ROUTER_ID, VIPS[0])
    wait_for(lambda: not holds(first))
    stranger.end()
    healed()


def test_two_that_do_not_hear_each_other_are_found_and_agree_again(pair, clients):
    rule = 'iptables -{0} INPUT -p 112 -j DROP && ip6tables -{0} INPUT -p 112 -j DROP'
    for node in DIRECTORS:
        on(node, 'which iptables || apt-get install --yes --quiet --no-install-recommends iptables')
        on(node, rule.format('I'))
    try:
        wait_for(lambda: all(len(holds(node)) == len(VIPS) for node in DIRECTORS))
        play = Play('playbooks/verify.yml', inventory=PAIR).run()
        assert play.status != 0 and 'director, director2: each has 192.0.2.100' in play.output
        play = Play('playbooks/failover.yml', '-e', 'failover_from=director', inventory=PAIR).run()
        assert play.status != 0 and 'so they do not hear each other' in play.output
    finally:
        for node in DIRECTORS:
            on(node, rule.format('D'))
    healed()
    # Streams break as two answer for a VIP, and those are not counted.
    clients.now()


@pytest.mark.parametrize('mistake', of_the_day(MISTAKES, 2))
def test_a_mistake_is_refused_and_nothing_changes(pair, mistake):
    variables, sentence = MISTAKES[mistake]
    before = [(pid(node), reloads(node), table(node), on(node, 'cat /etc/keepalived/keepalived.conf')) for node in DIRECTORS], holder()
    play = Play('playbooks/site.yml', '--limit', 'directors', inventory=PAIR, **variables).run()
    assert play.status != 0 and sentence in play.output, play.output
    assert ([(pid(node), reloads(node), table(node), on(node, 'cat /etc/keepalived/keepalived.conf')) for node in DIRECTORS], holder()) == before


@pytest.mark.in_turn
def test_another_router_id_splits_nothing(watched, asking, site):
    first = holder()
    with watched('site.yml changes the virtual router id') as found, asking('while the router id changes', at_least=0) as figures:
        run(site, '--limit', 'directors', director_ha_virtual_router_id=77)
        assert holder() == first
        run(site, '--limit', 'directors')
        assert holder() == first
    healed()
    assert found['broken'] == 0 and figures['failed'] == figures['broken'] == [], found


def test_what_a_killed_run_left_is_finished_by_the_next(pair, asking, site, figure):
    """It is killed at any instant, and then the director that stands by loses its power."""
    chance = random.Random(SEED)
    figure('killed plays: LVS_KILLED_PLAYS={0} LVS_SEED={1}'.format(KILLS, SEED))
    first = holder()
    begin = time.monotonic()
    run(site, '--limit', 'directors', lvs_virtual_services=weighted(2))
    whole = time.monotonic() - begin
    killed = 0
    with asking('while runs are killed and the other director loses its power', at_least=0) as figures:
        for number in range(KILLS):
            play = Play('playbooks/site.yml', '--limit', 'directors', inventory=PAIR, lvs_virtual_services=weighted(3 + number % 2))
            killed += play.kill_within(chance.uniform(0, whole))
            reboot(other(first), grace='0')
            wait_for(lambda: pid(other(first)) != '0')
            assert holder() == first
        run(site, '--limit', 'directors')
    healed()
    figure('{0} of {1} plays were killed at work'.format(killed, KILLS))
    assert figures['failed'] == figures['broken'] == []
    assert not any(run(site, '--limit', 'directors').changed.values()) and holder() == first


def test_a_restart_of_each_director_and_of_both(watched):
    for _each in DIRECTORS:
        first = holder()
        with watched('the master restarts'):
            reboot(first)
        healed()
    with watched('both directors restart'):
        reboot(*DIRECTORS)
        wait_for(holder)
    healed()


@pytest.fixture(name='network_of_their_own')
def a_second_network_of_the_directors():
    subprocess.run(['docker', 'network', 'create', '--internal', '--subnet', '198.51.100.0/24', 'lvs-sync'], check=True, timeout=300)
    for node in DIRECTORS:
        subprocess.run(['docker', 'network', 'connect', 'lvs-sync', node], check=True, timeout=300)
    yield 'eth1'
    for node in DIRECTORS:
        subprocess.run(['docker', 'network', 'disconnect', 'lvs-sync', node], check=True, timeout=300)
    subprocess.run(['docker', 'network', 'rm', 'lvs-sync'], check=True, timeout=300)


@pytest.mark.in_turn
def test_connections_are_told_on_another_network_from_now_on(watched, site, network_of_their_own):
    first = holder()
    run(site, '--limit', 'directors', director_ha_sync_interface=network_of_their_own)
    for node in DIRECTORS:
        told = on(node, 'ipvsadm --list --daemon')
        assert told.count('mcast=' + network_of_their_own) == told.count('mcast=') == 2
    # Connections of before are known to both.
    begin_anew(other(first))
    with watched('keepalived of the master is stopped, synchronised on another network') as found:
        on(first, 'systemctl stop keepalived')
        wait_for(lambda: holder() == other(first))
    on(first, 'systemctl start keepalived')
    healed()
    run(site, '--limit', 'directors')
    assert found['broken'] == 0, found['why']


def test_streams_break_where_connections_are_not_told(watched, site):
    """A control: it is the synchronisation that they survive by."""
    run(site, '--limit', 'directors', director_ha_sync_interface='')
    assert not any(on(node, 'ipvsadm --list --daemon').strip() for node in DIRECTORS)
    # Connections of before are known to both.
    first = holder()
    begin_anew(other(first))
    with watched('keepalived of the master is stopped, without synchronisation', told=False) as found:
        on(first, 'systemctl stop keepalived')
        wait_for(lambda: holder() == other(first))
    on(first, 'systemctl start keepalived')
    healed()
    run(site, '--limit', 'directors')
    assert found['broken'] > 0


def test_who_has_them_is_not_left_alone_with_another_that_has_them(pair):
    if holder() != 'director2':
        assert Play('playbooks/failover.yml', inventory=PAIR).run().status == 0
    healed()
    play = Play('playbooks/site.yml', '--limit', 'directors', lvs_virtual_services=weighted(1), **KEEPALIVED).run()
    assert play.status != 0 and mac('director2') in play.output, play.output
    assert holder() == 'director2'


def test_from_two_to_one_and_back_and_to_the_static_engine_no_request_fails(pair, site, asking):
    if holder() != 'director':
        assert Play('playbooks/failover.yml', inventory=PAIR).run().status == 0
    healed()
    with asking('from two directors to one, to two again, and to one with the static engine', at_least=0) as figures:
        for engine in (KEEPALIVED, {}):
            play = Play('playbooks/teardown.yml', '--limit', 'director2', inventory=PAIR).run()
            assert play.status == 0, play.output
            site('--limit', 'directors', lvs_virtual_services=weighted(1), **engine)
            assert holds('director') == list(VIPS)
            if engine:
                run(site, '--limit', 'directors')
                assert holder() == 'director'
                healed()
    assert figures['failed'] == figures['broken'] == []
    assert on('director', 'ipvsadm --list --daemon').strip() == ''
    assert 'lvs_direct_routing_vrrp' not in on('director', 'nft list tables')
    assert not any(site('--limit', 'directors', lvs_virtual_services=weighted(1)).changed.values())


def test_nothing_is_left(pair):
    play = Play('playbooks/teardown.yml', inventory=PAIR).run()
    assert play.status == 0, play.output
    for node in DIRECTORS:
        assert table(node) == []
        assert 'lvs_direct_routing_vrrp' not in on(node, 'nft list tables')
        assert not any(vip in on(node, 'ip address') for vip in VIPS)
        assert on(node, 'ipvsadm --list --daemon').strip() == ''
        assert on(node, 'systemctl is-active keepalived', check=False).strip() != 'active'
        assert on(node, 'find /var/lib/lvs /etc/keepalived/keepalived.conf /etc/systemd/system/keepalived.service.d 2> /dev/null',
                  check=False).strip() == ''
    assert not any(vip in on(node, 'ip address') for vip in VIPS for node in REALSERVERS)
