# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Without Ansible a director comes back as it was declared, goes at one word, and leaves alone what is not ours."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time

import pytest
from declared import web
from nodes import REALSERVERS, VIPS, Play, on, reboot

pytestmark = pytest.mark.in_turn
KILLS = int(os.environ.get('LVS_KILLED_PLAYS', '1'))
SEED = int(os.environ.get('LVS_SEED') or random.SystemRandom().randrange(2**32))
SERVICES = web({'real1': 2}, upper_threshold=500, lower_threshold=400)
TIMEOUTS = {'tcp': 600, 'udp': 60}
FOREIGN = '-A -t 203.0.113.100:25 -s rr\n-a -t 203.0.113.100:25 -r 192.0.2.21:25 -g -w 1\n'
ADD_FOREIGN = "printf %b '{0}' | ipvsadm -R".format(FOREIGN.replace('\n', '\\n'))
LOOK = """
ipvsadm -Sn
ipvsadm -Ln --thresholds | awk '/->/ {print $2, $3, $4}'
ipvsadm -Ln --timeout
ip -oneline address show dev eth0 | awk '{print $4}' | sort
sysctl net.ipv4.ip_forward net.ipv4.conf.{all,default,eth0}.send_redirects net.ipv4.conf.eth0.rp_filter
sysctl net.ipv4.vs.conn_reuse_mode net.ipv4.vs.expire_nodest_conn net.ipv4.vs.expire_quiescent_template
"""


def look():
    return on('director', "bash -c '{0}'".format(LOOK.replace("'", "'\\''")))


def answers():
    """Return who answers."""
    found = set()
    for vip in VIPS:
        url = 'http://{0}/'.format('[' + vip + ']' if ':' in vip else vip)
        found |= {on('client', 'curl --silent --max-time 20 ' + url).strip() for _request in range(6)}
    return found


@pytest.fixture(name='converged', scope='module')
def a_converged_director(torn_down, site):
    on('director', 'apt-get install --yes --quiet ipvsadm > /dev/null')
    before = look()
    site(lvs_virtual_services=SERVICES, director_timeouts=TIMEOUTS)
    yield {'before': before, 'after': look()}
    on('director', 'ipvsadm -D -t 203.0.113.100:25 || true')


def test_all_of_it_is_there(converged):
    assert converged['after'] != converged['before']
    assert 'Timeout (tcp tcpfin udp): 600 120 60' in converged['after']
    assert '192.0.2.21:80 500 400' in converged['after']
    assert on('director', 'systemctl is-active lvs-director; systemctl is-enabled lvs-director') == 'active\nenabled\n'


def test_after_a_restart_of_the_host_requests_succeed_without_ansible(converged, figure):
    begin = time.monotonic()
    subprocess.run(['docker', 'restart', '--time', '30', 'director'], check=True, timeout=600, stdout=subprocess.DEVNULL)
    back = time.monotonic()
    while on('client', 'curl --silent --max-time 2 http://192.0.2.100/ || true').strip() not in REALSERVERS:
        assert time.monotonic() - back < 600
        time.sleep(0.2)
    figure('director restarted: first answer {0:.1f} s after the restart began, {1:.1f} s after the container ran'.format(
        time.monotonic() - begin, time.monotonic() - back))
    end = time.monotonic() + 300
    while on('director', 'systemctl is-active lvs-director', check=False) != 'active\n':
        assert time.monotonic() < end
        time.sleep(0.5)
    assert look() == converged['after']
    assert answers() == set(REALSERVERS)


def test_the_unit_stops_and_starts_and_leaves_others_alone(converged):
    on('director', ADD_FOREIGN)
    on('director', 'systemctl stop lvs-director')
    assert on('director', 'ipvsadm -Sn') == FOREIGN
    assert not any(vip in on('director', 'ip -brief address') for vip in VIPS)
    on('director', 'ipvsadm -D -t 203.0.113.100:25')
    assert look() == converged['before']
    on('director', ADD_FOREIGN + '; systemctl start lvs-director')
    on('director', 'ipvsadm -D -t 203.0.113.100:25')
    assert look() == converged['after']
    assert answers() == set(REALSERVERS)


def test_stop_does_not_give_back_what_somebody_has_changed_since(converged):
    on('director', 'sysctl -qw net.ipv4.vs.conn_reuse_mode=0; systemctl stop lvs-director')
    assert on('director', 'sysctl --values net.ipv4.vs.conn_reuse_mode') == '0\n'
    on('director', 'sysctl -qw net.ipv4.vs.conn_reuse_mode=1; systemctl start lvs-director')
    assert look() == converged['after']


def test_a_vip_whose_card_is_gone_is_named_and_the_others_can_be_started_and_stopped(converged):
    gone = 'address replace 192.0.2.199/32 dev gone0'
    on('director', "systemctl stop lvs-director; echo '{0}' >> /var/lib/lvs/director.vips; systemctl start lvs-director".format(gone))
    assert 'cannot bring up 192.0.2.199/32 on gone0' in on('director', 'systemctl status --no-pager lvs-director')
    assert look() == converged['after']
    on('director', "systemctl stop lvs-director; sed -i '/gone0/d' /var/lib/lvs/director.vips")
    assert look() == converged['before']
    on('director', 'systemctl start lvs-director')
    assert look() == converged['after']


def test_what_somebody_adds_to_our_service_keeps_the_service(converged):
    on('director', 'ipvsadm -a -t 192.0.2.100:80 -r 192.0.2.99 -g -w 0; systemctl stop lvs-director')
    assert on('director', 'ipvsadm -Sn').splitlines() == [
        '-A -t 192.0.2.100:80 -s wrr', '-a -t 192.0.2.100:80 -r 192.0.2.99:80 -g -w 0']
    on('director', 'systemctl start lvs-director; ipvsadm -d -t 192.0.2.100:80 -r 192.0.2.99')
    assert look() == converged['after']


def test_a_reload_mends_what_was_changed_by_hand_and_interrupts_nothing(converged, asking):
    on('director', 'ipvsadm -e -t 192.0.2.100:80 -r 192.0.2.21 -g -w 9; ipvsadm -d -t 192.0.2.100:80 -r 192.0.2.22')
    with asking('under a reload of the unit', at_least=0) as figures:
        on('director', 'systemctl reload lvs-director')
    assert figures['failed'] == figures['broken'] == []
    assert look() == converged['after']


def test_a_vip_that_carries_the_network_goes_without_the_address_of_the_host(converged, site):
    """With a prefix length of its network the VIP may have become the card's first address, as after a boot."""
    site('--limit', 'directors', lvs_virtual_services=SERVICES, director_timeouts=TIMEOUTS, director_vip_prefix=24)
    on('director', 'sysctl -qw net.ipv4.conf.eth0.promote_secondaries=0 net.ipv4.conf.all.promote_secondaries=0')
    # The default route goes with its last source address.
    on('director', 'route=$(ip route show default); ip address delete 192.0.2.10/24 dev eth0; '
                   'ip address add 192.0.2.100/24 dev eth0 || true; ip address add 192.0.2.10/24 dev eth0; '
                   'ip route show default | grep . || ip route add $route')
    assert 'secondary' in on('director', 'ip -oneline address show dev eth0 to 192.0.2.10')
    on('director', 'systemctl stop lvs-director')
    addresses = on('director', 'ip -brief address show dev eth0')
    assert '192.0.2.10/24' in addresses and '192.0.2.100' not in addresses
    assert on('director', 'ip route show default') != ''
    assert on('director', 'ipvsadm -Sn') == ''
    on('director', 'systemctl start lvs-director')
    assert '192.0.2.100/24' in on('director', 'ip -brief address show dev eth0')
    site('--limit', 'directors', lvs_virtual_services=SERVICES, director_timeouts=TIMEOUTS)


def test_the_service_of_the_distribution_does_not_empty_the_table(converged):
    # Where somebody has told it to restore a ruleset of its own at boot.
    on('director', 'sed -i "s/^AUTO=.*/AUTO=true/" /etc/default/ipvsadm')
    on('director', 'systemctl start ipvsadm || true; systemctl restart ipvsadm || true; systemctl stop ipvsadm || true')
    assert look() == converged['after']
    # The control: without our word to systemd it does.
    on('director', 'mv /etc/systemd/system/ipvsadm.service.d /root/; systemctl daemon-reload')
    on('director', 'systemctl start ipvsadm; systemctl stop ipvsadm')
    assert on('director', 'ipvsadm -Sn') == ''
    on('director', 'mv /root/ipvsadm.service.d /etc/systemd/system/; systemctl daemon-reload; systemctl reload lvs-director')
    on('director', 'sed -i "s/^AUTO=.*/AUTO=false/" /etc/default/ipvsadm')
    assert look() == converged['after']


def test_a_killed_play_is_made_up_for_by_the_next_one(site, figure):
    chance = random.Random(SEED)
    figure('killed plays: LVS_KILLED_PLAYS={0} LVS_SEED={1}'.format(KILLS, SEED))
    states = (web(), web({'real2': 4}, scheduler='rr', ports=[80, 8080], port=None))
    site(lvs_virtual_services=states[0])
    begin = time.monotonic()
    site('--limit', 'directors', lvs_virtual_services=states[1])
    whole = time.monotonic() - begin
    killed = 0
    for number in range(KILLS):
        play = Play('playbooks/site.yml', '--limit', 'directors', lvs_virtual_services=states[number % 2])
        with play.start() as process:
            try:
                process.wait(chance.uniform(0, whole))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                killed += 1
            process.stdout.close()
        # Or what was sent to the host would go on there.
        reboot('director', grace='0')
    site(lvs_virtual_services=states[0])
    assert [line.split(' -w')[0] for line in on('director', 'ipvsadm -Sn').splitlines() if line.startswith('-A')] == [
        '-A -t {0} -s wrr'.format(vip) for vip in ('192.0.2.100:80', '[2001:db8:2::100]:80')]
    assert answers() == set(REALSERVERS)
    assert not any(site(lvs_virtual_services=states[0]).changed.values())
    figure('{0} of {1} plays were killed at work'.format(killed, KILLS))
