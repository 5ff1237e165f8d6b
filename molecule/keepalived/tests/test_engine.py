# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A director whose table keepalived keeps."""

from __future__ import annotations

import collections
import os
import time

import pytest
from declared import web
from nodes import REALSERVERS, VIPS, Play, on, reboot

CHECK = {'type': 'http', 'path': '/', 'interval': 0.5, 'timeout': 1, 'retries': 1, 'retry_delay': 0.5}
# To start a program takes a while on an emulated CPU.
OVER = dict(CHECK, data_path=True, interval=3, timeout=8, retries=2)
KEEPALIVED = {'director_engine': 'keepalived'}
DIRECTOR = ('--limit', 'directors')
REQUESTS = int(os.environ.get('LVS_REQUESTS', '1000'))


def services(**settings):
    return web(**dict({'check': CHECK}, **settings))


def table():
    return sorted(on('director', 'ipvsadm -Sn').splitlines())


def pid():
    return on('director', 'systemctl show --property=MainPID --value keepalived')


def reloads():
    return on('director', 'journalctl --unit keepalived --output cat').count('Reloading keepalived.service')


def answers(vip=VIPS[0], requests=6):
    url = 'http://{0}/'.format('[' + vip + ']' if ':' in vip else vip)
    return collections.Counter(
        on('client', '; '.join(['curl --silent --max-time 20 ' + url] * requests), check=False).split())


def wait_for(condition):
    begin = time.monotonic()
    while not condition():
        assert time.monotonic() - begin < 300
        time.sleep(0.2)
    return time.monotonic() - begin


@pytest.fixture(name='converged', scope='module')
def a_director_with_keepalived(torn_down, site):
    foretold = Play('playbooks/site.yml', '--check', lvs_virtual_services=services(), **KEEPALIVED).run()
    assert foretold.status == 0, foretold.output
    return foretold, site(lvs_virtual_services=services(), **KEEPALIVED)


def test_it_was_foretold_and_the_second_run_changes_nothing_and_reloads_nothing(converged, site):
    foretold, done = converged
    assert foretold.changed == done.changed and done.changed['director']
    before = pid(), reloads()
    assert not any(site(lvs_virtual_services=services(), **KEEPALIVED).changed.values())
    assert (pid(), reloads()) == before and before[0].strip() not in ('', '0')


def test_the_table_is_what_the_static_engine_would_make(converged):
    assert table() == sorted("""\
-A -t 192.0.2.100:80 -s wrr
-a -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 1
-a -t 192.0.2.100:80 -r 192.0.2.22:80 -g -w 1
-A -t [2001:db8:2::100]:80 -s wrr
-a -t [2001:db8:2::100]:80 -r [2001:db8:2::21]:80 -g -w 1
-a -t [2001:db8:2::100]:80 -r [2001:db8:2::22]:80 -g -w 1
""".splitlines())
    assert all(set(answers(vip)) == set(REALSERVERS) for vip in VIPS)


def test_a_dead_real_server_is_taken_out_and_put_back(converged, asking, figure):
    with asking('while a real server is dead', at_least=0) as figures:
        on('real1', 'systemctl stop nginx')
        out = wait_for(lambda: not any('.21:80' in line or '::21]:80' in line for line in table()))
        on('real1', 'systemctl start nginx')
        back = wait_for(lambda: sum('.21:80' in line or '::21]:80' in line for line in table()) == 2)
    figure('a dead real server was out after {0:.1f} s, and back {1:.1f} s after it lived; {2} of {3} requests failed'.format(
        out, back, figures['failures'], figures['made']))
    assert figures['failures'] < figures['made'] / 4
    assert all(set(answers(vip)) == set(REALSERVERS) for vip in VIPS)


def test_an_empty_configuration_is_refused(converged):
    on('director', ': > /tmp/empty.conf')
    assert on('director', '/usr/local/sbin/lvs-keepalived-test /tmp/empty.conf && echo taken', check=False).strip() not in ('', 'taken')


@pytest.mark.parametrize('mistake', [
    {'check': {'type': 'http', 'uri': '/'}}, {'check': {'type': 'misc', 'command': '/nowhere/check', 'user': 'nobody'}},
    {'sorry_server': {'address': '192.0.2.30', 'port': 81}}, {'upper_threshold': 10, 'lower_threshold': 20}, {'weight': 70000},
    {'check': {'type': 'http', 'data_path': True, 'digest': 32 * 'a'}},
], ids=['unknown option', 'missing program', 'another port', 'thresholds', 'weight', 'digest over the data path'])
def test_a_bad_configuration_is_refused_and_the_good_one_goes_on(converged, mistake):
    before = pid(), reloads(), table(), on('director', 'cat /etc/keepalived/keepalived.conf')
    # Defaults of the service, which its servers must not have of their own.
    bad = [dict(service, realservers=[{'address': one['address']} for one in service['realservers']]) for service in services(**mistake)]
    play = Play('playbooks/site.yml', *DIRECTOR, lvs_virtual_services=bad, **KEEPALIVED).run()
    assert play.status != 0
    assert (pid(), reloads(), table(), on('director', 'cat /etc/keepalived/keepalived.conf')) == before
    assert set(answers()) == set(REALSERVERS)


def test_a_change_is_a_reload_under_which_no_request_fails(converged, site, asking):
    before = pid()
    with asking('while keepalived is reloaded', at_least=REQUESTS) as figures:
        site(*DIRECTOR, lvs_virtual_services=services(weights={'real1': 3}), **KEEPALIVED)
        site(*DIRECTOR, lvs_virtual_services=services(scheduler='wlc', persistence_timeout=30), **KEEPALIVED)
        site(*DIRECTOR, lvs_virtual_services=services(), **KEEPALIVED)
    assert figures['failed'] == figures['broken'] == []
    assert pid() == before and '-A -t 192.0.2.100:80 -s wrr' in table()


def test_a_reload_that_a_killed_run_did_not_come_to_is_made_good(converged, site):
    on('director', 'echo "# of a run that was killed" > /run/lvs-keepalived.conf')
    before = reloads()
    assert site(*DIRECTOR, lvs_virtual_services=services(), **KEEPALIVED).changed['director'] == 1
    assert reloads() == before + 1


@pytest.mark.in_turn
def test_over_the_data_path_a_real_server_that_lost_its_vip_is_taken_out(converged, site, listening):
    """By its own address it answers as ever, so the usual check takes it for alive."""
    over = services(check=OVER)

    def lost():
        for vip, prefix in ((VIPS[0], 32), (VIPS[1], 128)):
            on('real1', 'ip address delete {0}/{1} dev lo'.format(vip, prefix))

    with listening() as heard:
        before = table()
        lost()
        time.sleep(5)
        assert table() == before
        site('--limit', 'realservers', lvs_virtual_services=services(), **KEEPALIVED)
        foretold = Play('playbooks/site.yml', '--check', *DIRECTOR, lvs_virtual_services=over, **KEEPALIVED).run()
        done = site(*DIRECTOR, lvs_virtual_services=over, **KEEPALIVED)
        assert foretold.changed == done.changed and done.changed['director']
        assert not any(site(*DIRECTOR, lvs_virtual_services=over, **KEEPALIVED).changed.values())
        time.sleep(60)
        assert table() == before
        lost()
        wait_for(lambda: not any('.21:80' in line or '::21]:80' in line for line in table()))
        assert all(set(answers(vip)) == {'real2'} for vip in VIPS)
        site('--limit', 'realservers', lvs_virtual_services=over, **KEEPALIVED)
        wait_for(lambda: table() == before)
    assert heard['claimed'] == {}
    site(*DIRECTOR, lvs_virtual_services=services(), **KEEPALIVED)
    assert 'lvs' not in on('director', 'ls /etc/keepalived')


@pytest.mark.in_turn
def test_the_program_of_the_data_path_tells_what_came_back(converged, site):
    site(*DIRECTOR, lvs_virtual_services=services(check=OVER), **KEEPALIVED)

    def asked(words):
        return on('director', '/etc/keepalived/lvs-data-path {0}; true'.format(words)).strip().rpartition(': ')[2]

    for vip, rip in zip(VIPS, ('192.0.2.21', '2001:db8:2::21')):
        assert asked('{0} 80 {1}'.format(vip, rip)) == asked('{0} 80 {1} --path /'.format(vip, rip)) == ''
        assert asked('{0} 80 {1} --path /nowhere'.format(vip, rip)) == 'the answer has status 404'
        assert asked('{0} 81 {1}'.format(vip, rip)) == 'refused'
        assert asked('{0} 81 {1} --protocol udp'.format(vip, rip)) == 'refused'
        on('real1', 'ip address delete {0} dev lo'.format(vip + ('/128' if ':' in vip else '/32')))
        assert asked('{0} 80 {1}'.format(vip, rip)) == 'timeout'
    site('--limit', 'realservers', lvs_virtual_services=services(), **KEEPALIVED)
    assert asked('192.0.2.100 80 192.0.2.29') == 'nobody on eth0 has 192.0.2.29'


@pytest.mark.in_turn
def test_a_real_server_behind_a_tunnel_is_asked_through_it(converged, site):
    through = services(check=OVER, forward='tun')
    through = [dict(one, realservers='realservers') for one in through]
    site(lvs_virtual_services=through, **KEEPALIVED)
    time.sleep(60)
    assert all(line.split()[5] == '-i' for line in table() if line.startswith('-a')) and len(table()) == 6
    assert all(set(answers(vip)) == set(REALSERVERS) for vip in VIPS)
    on('real2', 'ip link set tunl0 down; ip link set ip6tnl0 down')
    wait_for(lambda: not any('.22:80' in line or '::22]:80' in line for line in table()))
    site('--limit', 'realservers', lvs_virtual_services=through, **KEEPALIVED)
    wait_for(lambda: len(table()) == 6)
    site(lvs_virtual_services=services(), **KEEPALIVED)


@pytest.mark.in_turn
def test_from_one_engine_to_the_other_and_back_no_request_fails(converged, site, asking):
    before, over = table(), services(check=OVER)
    site(*DIRECTOR, lvs_virtual_services=over, **KEEPALIVED)
    with asking('from keepalived to static and back', at_least=REQUESTS) as figures:
        site(*DIRECTOR, lvs_virtual_services=services())
        assert table() == before
        assert on('director', 'systemctl is-active keepalived', check=False).strip() != 'active'
        assert 'lvs' not in on('director', 'ls /etc/keepalived')
        assert not any(site(*DIRECTOR, lvs_virtual_services=services()).changed.values())
        site(*DIRECTOR, lvs_virtual_services=over, **KEEPALIVED)
    assert figures['failed'] == figures['broken'] == []
    assert table() == before
    assert on('director', 'systemctl is-active keepalived').strip() == 'active'
    assert not on('director', 'ls /var/lib/lvs/director.rules', check=False).startswith('/')


@pytest.mark.in_turn
def test_a_marked_service_is_asked_at_its_first_port(converged, site):
    site(*DIRECTOR, lvs_virtual_services=services(fwmark=7, ports=[80, 443], port=None, check=None), **KEEPALIVED)
    marked = ['-a -f 7 -r 192.0.2.21:0 -g -w 1', '-a -f 7 -6 -r [2001:db8:2::21]:0 -g -w 1']
    # Time enough for every check to have failed.
    time.sleep(20)
    assert set(marked) < set(table()) and all(set(answers(vip)) == set(REALSERVERS) for vip in VIPS)
    on('real1', 'systemctl stop nginx')
    wait_for(lambda: not set(marked) & set(table()))
    on('real1', 'systemctl start nginx')
    wait_for(lambda: set(marked) < set(table()))
    site(*DIRECTOR, lvs_virtual_services=services(), **KEEPALIVED)


@pytest.mark.in_turn
def test_a_drain_may_leave_less_than_the_quorum(converged, site):
    declared = {'lvs_virtual_services': services(quorum=2, hysteresis=1), **KEEPALIVED}
    site(*DIRECTOR, **declared)
    before = table()
    for host, more in (('real1', {}), ('real2', {'drain_force': True})):
        drained = Play('playbooks/drain.yml', drain_hosts=host, **more, **declared).run()
        assert drained.status == 0, drained.output
        assert not any(site(*DIRECTOR, **declared).changed.values())
        if host == 'real1':
            assert all(set(answers(vip)) == {'real2'} for vip in VIPS)
    assert [line[-4:] for line in table() if line.startswith('-a')] == ['-w 0'] * 4
    back = Play('playbooks/drain.yml', drain_hosts='real1,real2', drain_state='undrained', **declared).run()
    assert back.status == 0 and table() == before, back.output
    assert all(set(answers(vip)) == set(REALSERVERS) for vip in VIPS)
    site(*DIRECTOR, lvs_virtual_services=services(), **KEEPALIVED)


def test_when_all_are_dead_the_sorry_server_answers(converged, site):
    sorry = {'address': '192.0.2.200'}
    on('client', 'ip address add 192.0.2.100/32 dev lo 2> /dev/null; true')
    with_sorry = [dict(services()[0], sorry_server=sorry), services()[1]]
    site(*DIRECTOR, lvs_virtual_services=with_sorry, **KEEPALIVED)
    for host in REALSERVERS:
        on(host, 'systemctl stop nginx')
    wait_for(lambda: '-a -t 192.0.2.100:80 -r 192.0.2.200:80 -g -w 1' in table())
    said = Play('playbooks/verify.yml', lvs_virtual_services=with_sorry, **KEEPALIVED).run()
    assert said.status != 0 and 'has lost its quorum' in said.output and 'the sorry server 192.0.2.200 answers' in said.output, said.output
    for host in REALSERVERS:
        on(host, 'systemctl start nginx')
    wait_for(lambda: '-a -t 192.0.2.100:80 -r 192.0.2.200:80 -g -w 1' not in table())
    on('client', 'ip address delete 192.0.2.100/32 dev lo')
    assert set(answers()) == set(REALSERVERS)


def test_after_a_restart_of_the_host_it_is_all_there(converged, site):
    site(*DIRECTOR, lvs_virtual_services=services(check=OVER), **KEEPALIVED)
    before = table()
    reboot('director')
    wait_for(lambda: [line for line in table() if '192.0.2.200' not in line] == [line for line in before if '192.0.2.200' not in line])
    wait_for(lambda: set(answers()) == set(REALSERVERS))


def test_nothing_is_left(converged):
    play = Play('playbooks/teardown.yml').run()
    assert play.status == 0, play.output
    assert table() == []
    assert not on('director', 'ls /etc/keepalived/keepalived.conf /etc/systemd/system/keepalived.service.d', check=False).startswith('/')
    assert 'lvs' not in on('director', 'ls /etc/keepalived')
    assert on('director', 'systemctl is-active keepalived', check=False).strip() != 'active'
    assert not any(vip in on('director', 'ip -brief address') for vip in VIPS)
