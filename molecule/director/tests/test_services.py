# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services of every kind side by side on one director, and one that goes leaves the others alone."""

from __future__ import annotations

import time

import pytest
from declared import RIPS, web
from nodes import REALSERVERS, VIPS, Play, on, reboot

SERVERS = [{'address': rip} for rip in RIPS[0].values()]
MORE = [
    {'name': 'names', 'vip': VIPS[0], 'port': 53, 'protocol': 'udp', 'scheduler': 'rr', 'realservers': SERVERS,
     'one_packet': True},
    {'name': 'signals', 'vip': VIPS[0], 'port': 3868, 'protocol': 'sctp', 'realservers': SERVERS},
    {'name': 'marked', 'vip': '192.0.2.101', 'fwmark': 7, 'ports': [80, 8080], 'scheduler': 'rr', 'realservers': SERVERS},
    {'name': 'translated', 'vip': '192.0.2.102', 'port': 8080, 'scheduler': 'rr',
     'realservers': [dict(SERVERS[0], forward='nat', port=80), SERVERS[1]]},
    {'name': 'everything', 'vip': '192.0.2.103', 'port': 0, 'persistence_timeout': 60, 'realservers': [
        dict(SERVERS[0], upper_threshold=100, lower_threshold=50), dict(SERVERS[1], weight=0)]},
]
TABLE = """\
-A -t 192.0.2.100:80 -s wrr
-a -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 1
-a -t 192.0.2.100:80 -r 192.0.2.22:80 -g -w 1
-A -t 192.0.2.102:8080 -s rr
-a -t 192.0.2.102:8080 -r 192.0.2.21:80 -m -w 1
-a -t 192.0.2.102:8080 -r 192.0.2.22:8080 -g -w 1
-A -t 192.0.2.103:0 -s wlc -p 60
-a -t 192.0.2.103:0 -r 192.0.2.21:0 -g -w 1
-a -t 192.0.2.103:0 -r 192.0.2.22:0 -g -w 0
-A -t [2001:db8:2::100]:80 -s wrr
-a -t [2001:db8:2::100]:80 -r [2001:db8:2::21]:80 -g -w 1
-a -t [2001:db8:2::100]:80 -r [2001:db8:2::22]:80 -g -w 1
-A -u 192.0.2.100:53 -s rr -o
-a -u 192.0.2.100:53 -r 192.0.2.21:53 -g -w 1
-a -u 192.0.2.100:53 -r 192.0.2.22:53 -g -w 1
-A --sctp-service 192.0.2.100:3868 -s wlc
-a --sctp-service 192.0.2.100:3868 -r 192.0.2.21:3868 -g -w 1
-a --sctp-service 192.0.2.100:3868 -r 192.0.2.22:3868 -g -w 1
-A -f 7 -s rr
-a -f 7 -r 192.0.2.21:0 -g -w 1
-a -f 7 -r 192.0.2.22:0 -g -w 1
"""
SETTINGS = {
    'director_timeouts': {'tcp': 700}, 'director_vip_prefix': 24, 'director_vip_label': 'eth0:0',
    'director_host_route': True, 'director_sysctls': {'net.ipv4.vs.sloppy_tcp': 1},
}


@pytest.fixture(name='converged', scope='module')
def a_director_of_everything(torn_down, site):
    services = {'lvs_virtual_services': web() + MORE, **SETTINGS}
    foretold = Play('playbooks/site.yml', '--check', **services).run()
    assert foretold.status == 0, foretold.output
    return services, foretold, site(**services)


def rules():
    """Return the table in an order of ours: that of services is the kernel's."""
    return sorted(on('director', 'ipvsadm -Sn').splitlines())


def test_it_was_foretold_and_the_second_run_changes_nothing(converged, site):
    services, foretold, done = converged
    assert foretold.changed == done.changed and all(done.changed[node] for node in ('director', *REALSERVERS))
    again = site(**services)
    assert not any(again.changed.values()), again.output


def test_the_table_is_what_the_inventory_declares(converged):
    assert rules() == sorted(TABLE.splitlines())
    assert '192.0.2.21:0 100 50' in on('director', "ipvsadm -Ln --thresholds | awk '/->/ {print $2, $3, $4}'")


def test_the_vips_are_as_asked(converged):
    addresses = on('director', 'ip -oneline address show dev eth0')
    for number in (100, 101, 102, 103):
        assert ' 192.0.2.{0}/24 scope global secondary eth0:0'.format(number) in addresses
        assert '\n192.0.2.{0} dev eth0 '.format(number) in '\n' + on('director', 'ip route show table main')
    assert ' 2001:db8:2::100/128 ' in addresses


def test_the_parameters_are_those_of_a_director_that_translates(converged):
    names = ('net.ipv4.ip_forward', 'net.ipv4.conf.all.send_redirects', 'net.ipv4.conf.eth0.send_redirects',
             'net.ipv4.conf.eth0.rp_filter', 'net.ipv4.vs.expire_nodest_conn', 'net.ipv4.vs.sloppy_tcp')
    assert on('director', 'sysctl --values ' + ' '.join(names)).split() == ['1', '0', '0', '2', '1', '1']
    assert 'Timeout (tcp tcpfin udp): 700 120 300' in on('director', 'ipvsadm -Ln --timeout')


def marked_connections():
    # The kernel sums up its counters every two seconds.
    time.sleep(3)
    return int(on('director', 'ipvsadm -Ln --stats --exact -f 7').split('FWM  7')[1].split()[0])


def test_marked_packets_are_answered_on_each_port_and_no_others_are_marked(converged):
    answers = {on('client', 'curl --silent --max-time 20 http://192.0.2.101/').strip() for _request in range(4)}
    assert answers == set(REALSERVERS)
    on('client', 'curl --silent --max-time 5 http://192.0.2.101:8080/; curl --silent --max-time 5 http://192.0.2.101:81/', check=False)
    before = marked_connections()
    on('client', 'curl --silent --max-time 5 http://192.0.2.101:81/', check=False)
    assert before == marked_connections() >= 5


@pytest.fixture(name='emptied', scope='module')
def nftables_that_may_be_emptied():
    yield
    # With the rest it loses what Docker has there for its name server.
    reboot('director')


@pytest.mark.parametrize('event', ['restart', 'reload', 'stop'])
def test_nftables_that_is_emptied_has_the_marks_again(converged, emptied, event):
    on('director', 'systemctl start nftables && nft delete table inet lvs_direct_routing && systemctl {0} nftables'.format(event))
    there = on('director', 'nft list ruleset; systemctl stop nftables')
    assert 'mark set 0x00000007' in there


def take_down_and_up():
    """As an administrator, or a network manager does. The default routes are the latter's to bring back."""
    on('director', """
        ip route show default > /run/routes; ip -6 route show default > /run/routes6
        ip link set eth0 down; ip link set eth0 up
        sed 's/^/route replace /' /run/routes | ip -force -batch -; sed 's/^/route replace /' /run/routes6 | ip -force -6 -batch -
        rm /run/routes /run/routes6""")


def test_a_card_that_goes_down_and_up_has_its_vips(converged):
    own = on('director', "ip -oneline -6 address show dev eth0 scope global | awk '$4 ~ /\\/64$/ {print $4}'").strip()
    take_down_and_up()
    for vip in VIPS:
        url = 'http://{0}/'.format('[{0}]'.format(vip) if ':' in vip else vip)
        answers = {on('client', 'curl --silent --retry 9 --retry-all-errors --max-time 20 ' + url).strip() for _request in range(4)}
        assert answers == set(REALSERVERS)
    # The control: what the kernel does by itself.
    on('director', 'sysctl -qw net.ipv6.conf.eth0.keep_addr_on_down=0')
    take_down_and_up()
    assert VIPS[1] not in on('director', 'ip address show dev eth0')
    # The other routes of VIPs are gone as well.
    on('director', 'ip address add {0} dev eth0 nodad; systemctl reload lvs-director'.format(own))
    assert VIPS[1] in on('director', 'ip address show dev eth0')


def test_drift_of_any_kind_is_mended(converged, site):
    services, _foretold, _done = converged
    on('director', 'nft delete table inet lvs_direct_routing; ipvsadm --set 900 0 0; sysctl -qw net.ipv4.ip_forward=0')
    on('director', 'ip address delete 192.0.2.101/24 dev eth0; rm /usr/local/lib/lvs/neighbour.py; systemctl disable -q lvs-director')
    mended = site('--limit', 'directors', **services)
    assert mended.changed['director'] >= 6
    assert 'mark set 0x00000007' in on('director', 'nft list ruleset')
    assert not any(site('--limit', 'directors', **services).changed.values())


def test_one_service_goes_and_a_held_connection_of_another_lives_on(converged, site, asking):
    services, _foretold, _done = converged
    with asking('while services go', at_least=0) as figures:
        site(lvs_virtual_services=web())
    assert figures['failed'] == figures['broken'] == [] and figures['made'] > 20
    assert rules() == [line for line in sorted(TABLE.splitlines()) if ':80 ' in line and '102' not in line]
    assert not any('192.0.2.{0}'.format(number) in on('director', 'ip -brief address; ip route') for number in (101, 102, 103))
    assert ' mark set ' not in on('director', 'nft list table inet lvs_direct_routing')
    assert 'Timeout (tcp tcpfin udp): 900 120 300' in on('director', 'ipvsadm -Ln --timeout')
    assert on('director', 'sysctl --values net.ipv4.vs.sloppy_tcp net.ipv4.ip_forward').split() == ['0', '0']


def test_few_modules_run_where_nothing_changes(converged, site):
    """The modules are counted on the host, where each leaves its file behind."""
    again = site(lvs_virtual_services=web(), ansible_remote_tmp='/root/counted', environment={
        'ANSIBLE_KEEP_REMOTE_FILES': '1', 'ANSIBLE_PIPELINING': '0'})
    assert not any(again.changed.values()), again.output
    modules = on('director', "find /root/counted -name 'AnsiballZ_*' -printf '%f\\n'; rm -rf /root/counted").split()
    assert 0 < len(modules) <= 10, modules


def test_a_mark_made_by_hand_whose_entries_have_ports_is_taken_over(converged, site, asking):
    """The kernel keeps such a port, though it does nothing."""
    site(lvs_virtual_services=web())
    by_port, by_mark = web()[1], [{'address': rip, 'port': 80} for rip in RIPS[0].values()]
    declared = [{'name': 'web', 'vip': VIPS[0], 'port': 80, 'fwmark': 9, 'scheduler': 'wrr', 'realservers': by_mark}, by_port]
    made = ['-A -f 9 -s wrr', *('-a -f 9 -r {0}:80 -g -w 1'.format(rip) for rip in RIPS[0].values())]
    with asking('while entries with ports are taken over') as figures:
        for rule in made:
            on('director', 'ipvsadm ' + rule)
        on('director', 'nft add table ip hand; nft "add chain ip hand in { type filter hook prerouting priority -150; }"; '
                       'nft add rule ip hand in ip daddr ' + VIPS[0] + ' tcp dport 80 meta mark set 9')
        site(lvs_virtual_services=declared)
        on('director', 'nft delete table ip hand')
    # A connection that a client holds for ever ends with its service, which was that of the port.
    assert figures['failed'] == []
    assert [line for line in on('director', 'ipvsadm -Sn').splitlines() if ' -f 9 ' in line] == made
    assert not any(site(lvs_virtual_services=declared).changed.values())
    out = Play('playbooks/drain.yml', '-e', 'drain_hosts=real1', lvs_virtual_services=declared).run()
    assert out.status == 0, out.output
    assert '-a -f 9 -r {address}:{port} -g -w 0'.format(**by_mark[0]) in on('director', 'ipvsadm -Sn')
    Play('playbooks/drain.yml', '-e', 'drain_hosts=real1 drain_state=undrained', lvs_virtual_services=declared).run()
    site(lvs_virtual_services=web())
