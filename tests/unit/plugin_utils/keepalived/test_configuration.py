# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""keepalived.conf has the table that ipvs_table would make, and what keepalived cannot do is said before it is written."""

from __future__ import annotations

import pathlib
import re
import shutil
import socket
import subprocess

import pytest

from ansible_collections.lvs.direct_routing.plugins.plugin_utils.inventory import InventoryError
from ansible_collections.lvs.direct_routing.plugins.plugin_utils.keepalived import checks, configuration, vrrp

SERVERS = [{'address': '192.0.2.21'}, {'address': '192.0.2.22', 'weight': 2}]
SERVERS_IPV6 = [{'address': '2001:db8::21'}]
WEB = {'name': 'web', 'vip': '192.0.2.100', 'port': 80, 'scheduler': 'wrr', 'realservers': SERVERS}
MARKED = dict(WEB, port=None, ports=[443, 80], fwmark=7)
DRAINED = dict(WEB, realservers=[SERVERS[0], dict(SERVERS[1], weight=0)])
HA = {'address': '192.0.2.10', 'peers': ['192.0.2.11']}
EVERYTHING = [
    dict(WEB, ports=[80, 443], port=None, persistence_timeout=300, persistence_netmask='255.255.255.0', quorum=2, hysteresis=1,
         inhibit_on_failure=True, alpha=True, omega=True, sorry_server={'address': '192.0.2.30', 'inhibit': True},
         check={'type': 'http', 'path': '/a?b=c#d', 'status': [200, '301-302'], 'host': 'www.example.org'}),
    dict(WEB, port=53, protocol='udp', one_packet=True, check={'type': 'dns'}),
    dict(WEB, port=3868, protocol='sctp'),
    dict(WEB, vip='192.0.2.101', port=None, fwmark=7, check={'type': 'misc', 'command': '/bin/true a b', 'user': 'nobody'}),
    dict(WEB, vip='2001:db8::100', scheduler='sh', scheduler_flags=['sh-port'], realservers=SERVERS_IPV6, check={'type': 'ping'}),
    dict(WEB, vip='2001:db8::101', port=None, fwmark=7, realservers=SERVERS_IPV6, check={'type': 'https', 'port': 443}),
    dict(WEB, port=25, check={'type': 'smtp'}, realservers=[
        dict(SERVERS[0], forward='tun', tunnel={'type': 'gue', 'port': 6080, 'checksum': 'csum'}), dict(SERVERS[1], weight=0)]),
    dict(WEB, port=5000, protocol='udp', check={'type': 'udp', 'payload': '00ff01', 'reply': True},
         realservers=[dict(SERVERS[0], forward='nat', port=5001, upper_threshold=100, lower_threshold=50)]),
    dict(WEB, port=0, persistence_timeout=60, check={'type': 'tcp', 'port': 22}),
    dict(MARKED, vip='192.0.2.102', fwmark=8, sorry_server={'address': '192.0.2.30'}),
]


def text(*services, **director):
    return ' '.join(configuration.configuration(configuration.Director(services, **director)).split())


def sentences(*services, version='', **director):
    return configuration.faults(configuration.Director(services, 'services', **director), version)


def test_a_service_is_one_block():
    assert text(WEB) == configuration.HEAD + ' ' + ' '.join("""
        global_defs { enable_script_security }
        virtual_server 192.0.2.100 80 { lvs_sched wrr lvs_method DR protocol TCP delay_loop 2
            real_server 192.0.2.21 80 { weight 1 lvs_method DR
                TCP_CHECK { connect_timeout 2 retry 2 delay_before_retry 1 } }
            real_server 192.0.2.22 80 { weight 2 lvs_method DR
                TCP_CHECK { connect_timeout 2 retry 2 delay_before_retry 1 } } }
    """.split())


@pytest.mark.parametrize('service, part', [
    (EVERYTHING[0], 'virtual_server 192.0.2.100 443 { lvs_sched wrr lvs_method DR protocol TCP persistence_timeout 300 '
                    'persistence_granularity 255.255.255.0 delay_loop 2 alpha omega inhibit_on_failure quorum 2 hysteresis 1 '
                    'sorry_server 192.0.2.30 443 sorry_server_lvs_method DR sorry_server_inhibit real_server 192.0.2.21 443 {'),
    (EVERYTHING[1], 'virtual_server 192.0.2.100 53 { lvs_sched wrr lvs_method DR ops protocol UDP delay_loop 2'),
    (EVERYTHING[2], 'protocol SCTP delay_loop 2 real_server 192.0.2.21 3868 { weight 1 lvs_method DR }'),
    (EVERYTHING[3], 'virtual_server fwmark 7 { lvs_sched wrr lvs_method DR ip_family inet delay_loop 2 real_server 192.0.2.21 0 {'),
    (EVERYTHING[4], 'virtual_server 2001:db8::100 80 { lvs_sched sh lvs_method DR sh-fallback sh-port protocol TCP'),
    (EVERYTHING[5], 'ip_family inet6'),
    (EVERYTHING[6], 'lvs_method TUN type gue port 6080 csum SMTP_CHECK'),
    (EVERYTHING[6], 'real_server 192.0.2.22 25 { weight 0'),
    (EVERYTHING[7], 'real_server 192.0.2.21 5001 { weight 1 lvs_method NAT uthreshold 100 lthreshold 50 UDP_CHECK'),
    (EVERYTHING[8], 'real_server 192.0.2.21 0 { weight 1 lvs_method DR TCP_CHECK { connect_port 22'),
    (dict(WEB, check={'interval': 0.5}), 'delay_loop 0.5 '),
    (MARKED, 'real_server 192.0.2.21 0 { weight 1 lvs_method DR TCP_CHECK { connect_port 443 connect_timeout'),
    (dict(MARKED, ports=['1024-65535', 21]), 'TCP_CHECK { connect_port 21 connect_timeout'),
    (dict(MARKED, check={'type': 'http'}), 'HTTP_GET { connect_port 443 connect_timeout'),
    (dict(MARKED, check={'type': 'http', 'port': 80}), 'HTTP_GET { connect_port 80 connect_timeout'),
    (dict(MARKED, check={'data_path': True}), 'lvs-data-path 192.0.2.100 443 192.0.2.21 '),
    (dict(MARKED, realservers=[{'address': '192.0.2.21', 'forward': 'nat', 'port': 8443}]),
     'real_server 192.0.2.21 8443 { weight 1 lvs_method NAT TCP_CHECK { connect_timeout'),
    (dict(MARKED, realservers=[{'address': '192.0.2.21', 'forward': 'nat', 'port': 8443}, {'address': '192.0.2.22'}]),
     'real_server 192.0.2.22 0 { weight 1 lvs_method DR TCP_CHECK { connect_port 443 '),
    (dict(MARKED, ports=['1024-2047'], realservers=[{'address': '192.0.2.21', 'forward': 'nat', 'port': 8443}]),
     'real_server 192.0.2.21 8443 { weight 1 lvs_method NAT TCP_CHECK { connect_timeout'),
    (dict(MARKED, sorry_server={'address': '192.0.2.30'}), 'sorry_server 192.0.2.30 0 sorry_server_lvs_method DR '),
    (dict(MARKED, sorry_server={'address': '192.0.2.30', 'port': 8080, 'forward': 'nat'}), 'sorry_server 192.0.2.30 8080 '),
    (dict(WEB, port=None, fwmark=7, check={'data_path': True, 'port': 80}),
     'MISC_CHECK { misc_path "/etc/keepalived/lvs-data-path 192.0.2.100 80 192.0.2.21 '),
])
def test_what_is_declared_is_there(service, part):
    assert part in text(service)


@pytest.mark.parametrize('service, sentence', [
    (dict(WEB, realservers=[]), 'services[0] (web).realservers: keepalived ignores a service that has no real servers; leave '
                                'the service out, or give a host lvs_drained: true'),
    (dict(WEB, quorum=0), 'services[0] (web).quorum: 0 is not a whole number 1..2147483647'),
    (dict(WEB, quorum=2, hysteresis=2), 'services[0] (web).hysteresis: 2 has to be less than quorum, 2, or the quorum is never lost'),
    (dict(WEB, quorum=9), 'services[0] (web).quorum: 9 is never reached, as the weights of all real servers are 3 in sum'),
    (dict(WEB, sorry_server={'address': '0.0.0.0'}),
     "services[0] (web).sorry_server.address: '0.0.0.0' is unspecified; a sorry server has a unicast address"),
    (dict(WEB, sorry_server={'address': '192.0.2.100'}),
     'services[0] (web).sorry_server.address: 192.0.2.100 is the VIP of services[0] (web); a sorry server has an address of its own'),
    (dict(WEB, sorry_server={'address': '192.0.2.22'}), 'services[0] (web).sorry_server.address: 192.0.2.22 is a real server of the '
                                                        'service as well, realservers[1], and is gone when it is needed; name another host'),
    (dict(WEB, realservers=[], sorry_server={'address': '192.0.2.30'}),
     'services[0] (web).realservers: keepalived ignores a service that has no real servers; leave the service out, or give a host '
     'lvs_drained: true'),
    (dict(WEB, port=None, ports=['1024-65535'], fwmark=7, check={'type': 'tcp'}),
     'services[0] (web).check.port: is missing; the service has no single port that could be asked for'),
    (dict(WEB, alpha='yes'), "services[0] (web).alpha: 'yes' is neither true nor false"),
    (dict(WEB, check={'type': 'http', 'uri': '/'}), "services[0] (web).check: unknown key 'uri'; a check of type http has type, port, "
                                                    'retries, interval, timeout, retry_delay, path, status, digest, host, data_path'),
    (dict(WEB, sorry_server='192.0.2.30'), "services[0] (web).sorry_server: '192.0.2.30' has no address; write for example "
                                           'sorry_server: {address: 192.0.2.30}'),
    (dict(WEB, sorry_server={'address': '192.0.2.30', 'port': 8080}),
     'services[0] (web).sorry_server.port: 8080 is another port than that of the service, and only forward: nat can change it'),
    (dict(WEB, sorry_server={'address': '2001:db8::30'}),
     'services[0] (web).sorry_server.address: 2001:db8::30 is not of the same address family as the VIP, 192.0.2.100'),
    (dict(WEB, realservers=[{'address': '192.0.2.21', 'weight': 70000}]),
     'services[0] (web).realservers[0].weight: 70000 is outside 0..65535'),
])
def test_what_keepalived_would_do_without_a_word_is_said(service, sentence):
    assert sentences(service) == [sentence]
    with pytest.raises(InventoryError):
        text(service)


@pytest.mark.parametrize('service, version, sentence', [
    (WEB, '1.3.9', 'director_engine: keepalived 1.3.9 is too old; a configuration can be tested before it is loaded from 2.0.4 on'),
    (dict(WEB, scheduler='twos'), '2.2.4', 'services[0] (web).scheduler: keepalived 2.2.4 does not know twos, which is there from 2.2.7 on'),
    (dict(WEB, scheduler='mh'), '2.0.6',
     'services[0] (web).scheduler_fallback: keepalived 2.0.6 does not know mh-fallback, which is there from 2.0.7 on'),
    (dict(WEB, scheduler='mh', scheduler_flags='mh-port', scheduler_fallback=False), '2.0.6',
     'services[0] (web).scheduler_flags: keepalived 2.0.6 does not know mh-port, which is there from 2.0.7 on'),
    (dict(MARKED, check={'type': 'tcp'}), '2.0.14',
     'services[0] (web).fwmark: keepalived 2.0.14 does not know real servers without a port, which is there from 2.0.15 on'),
    (EVERYTHING[8], '2.0.14',
     'services[0] (web).port: keepalived 2.0.14 does not know real servers without a port, which is there from 2.0.15 on'),
    (dict(WEB, check={'type': 'http'}), '2.0.16',
     'services[0] (web).check.status: keepalived 2.0.16 does not know several of them (200-299), which is there from 2.0.17 on'),
    (DRAINED, '2.0.15', 'services[0] (web).realservers[1].weight: keepalived 2.0.15 refuses weight 0, so 192.0.2.22 cannot be drained; that '
                        'is possible from 2.0.16 on'),
    (DRAINED, '2.1.5', 'services[0] (web).realservers[1].weight: keepalived 2.1.5 takes weight 0 for 1, so 192.0.2.22 cannot be drained; '
                       'that is possible from 2.2.0 on'),
    (dict(WEB, check={'type': 'ping'}), 'v2.0.20',
     'services[0] (web).check.type: keepalived v2.0.20 does not know ping, which is there from 2.1.0 on'),
    # Debian 11's own test of the configuration says "Unknown keyword" of it.
    (dict(WEB, port=53, protocol='udp', check={'type': 'udp', 'payload': '00'}), '2.1.5',
     'services[0] (web).check.payload: keepalived 2.1.5 does not know payload, which is there from 2.2.0 on'),
])
def test_what_a_version_lacks_is_named(service, version, sentence):
    assert sentences(service, version=version) == [sentence]
    assert sentences(service, version='2.2.7') == sentences(service) == []


@pytest.mark.parametrize('service, version', [
    (DRAINED, '2.0.16'), (DRAINED, '2.0.20'), (DRAINED, '2.2.0'), (dict(WEB, check={'type': 'http', 'status': 200}), '2.0.16'),
    (dict(WEB, scheduler='mh'), '2.0.7'), (dict(WEB, scheduler='mh', scheduler_fallback=False), '2.0.4'), (dict(MARKED, check={'type': 'tcp'}), '2.0.15'),
])
def test_what_a_version_has_is_not_refused(service, version):
    assert sentences(service, version=version) == []


def test_adverts_to_single_hosts_need_a_version_that_looks_who_sent_them():
    assert sentences(WEB, version='2.0.20', ha=HA, vip=vrrp.Vip('eth0'), ha_variable='director_ha_') == [
        'director_ha_peers: keepalived 2.0.20 does not know check_unicast_src, by which it looks who sends an advert; that is there from '
        '2.1.0 on']
    assert sentences(WEB, version='2.1.0', ha=HA, vip=vrrp.Vip('eth0'), ha_variable='director_ha_') == []


@pytest.mark.parametrize('server, sentence', [
    (dict(SERVERS[0], forward='nat'), 'with forward nat 192.0.2.21 does not have the VIP, so it cannot be asked there; its own address is '
                                      'what the data goes to, leave data_path out'),
    (dict(SERVERS[0], forward='tun', tunnel={'type': 'gue', 'port': 6080}),
     '192.0.2.21 has a tunnel of type gue, and only one of type ipip can be asked through'),
    (dict(SERVERS_IPV6[0], forward='tun'), '2001:db8::21 is not of the address family of the VIP, which cannot be asked like this'),
])
def test_who_cannot_be_asked_over_the_data_path_is_named(server, sentence):
    service = dict(WEB, realservers=[server, SERVERS[1]], check={'data_path': True})
    assert sentences(service) == ['services[0] (web).check.data_path: ' + sentence]


def test_a_director_that_serves_too_is_checked_at_its_own_address():
    """It would send on what is for the VIP."""
    service = dict(WEB, realservers=[{'address': address} for address in ('192.0.2.10', '192.0.2.11', '192.0.2.21')], check={'data_path': True})
    made = text(service, vip=vrrp.Vip('eth0'), ha=HA)
    assert made.count('TCP_CHECK') == 2 and made.count('MISC_CHECK') == 1 and 'lvs-data-path 192.0.2.100 80 192.0.2.21 ' in made


def test_datagrams_over_the_data_path_need_no_checker_of_keepalived():
    service = dict(WEB, protocol='udp', check={'type': 'udp', 'data_path': True})
    assert sentences(service, version='2.0.20') == []


def test_a_director_that_is_alone_gives_no_vip_away():
    assert 'vrrp_instance' not in text(WEB)


def test_an_instance_has_the_vips_and_hears_its_peers_only():
    made = text(WEB, dict(WEB, vip='2001:db8::100', realservers=SERVERS_IPV6), vip=vrrp.Vip('eth0', 24, None, 'eth0:1'),
                ha=dict(HA, advert_interval=0.2, priority=150, track_interfaces=['eth1'], sync_interface='eth1'))
    assert ' '.join("""
        global_defs { enable_script_security lvs_sync_daemon eth1 id 51 }
        track_file lvs_handover { file /run/lvs-handover weight 0 }
        vrrp_instance lvs { state BACKUP interface eth0 version 3 virtual_router_id 51 priority 150 advert_int 0.2 nopreempt
            garp_master_repeat 5 garp_master_delay 1 garp_master_refresh 0 check_unicast_src unicast_src_ip 192.0.2.10
            unicast_peer { 192.0.2.11 } track_interface { eth1 } track_file { lvs_handover }
            virtual_ipaddress { 192.0.2.100/24 dev eth0 label eth0:1 }
            virtual_ipaddress_excluded { 2001:db8::100/128 dev eth0 } }
    """.split()) in made


def test_failover_makes_the_file_that_is_tracked():
    playbook = pathlib.Path(__file__).parents[4] / 'playbooks' / 'failover.yml'
    path = vrrp.HANDOVER[1]
    assert 'echo 1 > {0}; sleep 1; rm {0}'.format(path) in playbook.read_text()


def test_one_that_serves_too_listens_only_while_it_has_no_vips():
    served = dict(WEB, realservers=[{'address': '192.0.2.10'}])
    assert 'lvs_sync_daemon eth1 inst lvs id 51' in text(served, vip=vrrp.Vip('eth0'), ha=dict(HA, sync_interface='eth1'))


def test_directors_without_ipv4_tell_of_their_connections_by_ipv6():
    made = text(dict(WEB, vip='2001:db8::100', realservers=SERVERS_IPV6), vip=vrrp.Vip('eth0'),
                ha=dict(HA, address='', address_ipv6='2001:db8::10', peers=['2001:db8::11'], sync_interface='eth0'))
    assert 'lvs_sync_daemon eth0 id 51 group ff05::81' in made


def test_groups_share_the_load():
    groups = [
        {'name': 'a', 'virtual_router_id': 51, 'priority': 150, 'vips': ['192.0.2.100']},
        {'name': 'b', 'virtual_router_id': 52, 'priority': 100, 'vips': ['2001:db8::100']},
    ]
    made = text(WEB, dict(WEB, vip='2001:db8::100', realservers=SERVERS_IPV6), vip=vrrp.Vip('eth0'), ha=dict(
        HA, peers=['192.0.2.11', '2001:db8::11'], address_ipv6='2001:db8::10', groups=groups, sync_interface='eth1', sync_id=9))
    assert 'lvs_sync_daemon eth1 id 9' in made
    assert 'vrrp_instance a {' in made and 'unicast_src_ip 192.0.2.10 unicast_peer { 192.0.2.11 }' in made
    assert 'vrrp_instance b {' in made and 'unicast_src_ip 2001:db8::10 unicast_peer { 2001:db8::11 }' in made
    assert 'virtual_router_id 52 priority 100' in made


GROUP = {'name': 'a', 'virtual_router_id': 51, 'vips': ['192.0.2.100']}


@pytest.mark.parametrize('ha, sentence', [
    ({'virtual_router_id': 0}, 'ha.virtual_router_id: 0 is not a whole number 1..255'),
    ({'virtual_router_id': 256}, 'ha.virtual_router_id: 256 is not a whole number 1..255'),
    ({'priority': 255}, 'ha.priority: 255 is not a whole number 1..254'),
    ({'advert_interval': 0}, 'ha.advert_interval: 0 is not a number of seconds 0.01..40.95, in hundredths'),
    ({'advert_interval': 0.205}, 'ha.advert_interval: 0.205 is not a number of seconds 0.01..40.95, in hundredths'),
    ({'preempt': 'no'}, "ha.preempt: 'no' is neither true nor false"),
    ({'sync_interface': 'et h1'}, "ha.sync_interface: 'et h1' is not the name of an interface"),
    ({'sync_id': 256}, 'ha.sync_id: 256 is not a whole number 0..255'),
    ({'peers': ['lb2']}, "ha.peers[0]: 'lb2' is not a literal IPv4 or IPv6 address"),
    ({'address': None}, 'ha.address: has no IPv4 address, and adverts about 192.0.2.100 are sent from one director to the other in '
                        'that family'),
    ({'groups': [GROUP, dict(GROUP, name='b', vips=['192.0.2.101'])]}, 'ha.groups[1].virtual_router_id: 51 is that of the group a already'),
    ({'groups': [dict(GROUP, vips=[])]}, 'ha.groups: 192.0.2.100 would be on no director, being in none of the groups'),
    ({'groups': [dict(GROUP, vips=['192.0.2.100', '192.0.2.1'])]}, "ha.groups[0].vips: '192.0.2.1' is the VIP of no service"),
    ({'groups': [dict(GROUP, name='a b')]}, "ha.groups[0].name: 'a b' is not a name of its own, of letters, digits, _ and -"),
    ({'groups': [dict(GROUP, virtual_router_id=None)]}, 'ha.groups[0].virtual_router_id: is missing; each group needs one of its own, 1..255'),
])
def test_what_would_leave_two_directors_or_none_with_a_vip_is_said(ha, sentence):
    assert sentence in sentences(WEB, vip=vrrp.Vip('eth0'), ha=dict(HA, **ha))


def test_connections_are_not_synchronised_with_a_real_server_of_the_other_family():
    service = dict(WEB, realservers=[{'address': '2001:db8::21', 'forward': 'tun'}])
    assert sentences(service, vip=vrrp.Vip('eth0'), ha=HA) == []
    assert sentences(service, vip=vrrp.Vip('eth0'), ha=dict(HA, sync_interface='eth1')) == [
        'services[0] (web).realservers[0].address: 2001:db8::21 is not of the address family of the VIP, and with such a real server '
        'IPVS does not synchronise connections']


@pytest.mark.skipif(not shutil.which('keepalived'), reason='keepalived is not installed here; on hosts it tests each configuration')
@pytest.mark.parametrize('paired', [False, True], ids=['alone', 'pair'])
def test_keepalived_itself_has_nothing_to_say(tmp_path, paired):
    # It wants a network card that is there and is not lo.
    card = next(name for _index, name in socket.if_nameindex() if name != 'lo')
    ha = dict(HA, advert_interval=0.2, sync_interface=card, track_interfaces=[card]) if paired else None
    path = tmp_path / 'keepalived.conf'
    said = subprocess.run(['keepalived', '--version'], check=True, timeout=60, stderr=subprocess.PIPE, text=True).stderr
    known = [service for service in EVERYTHING if not sentences(service, version=re.search(r'v([0-9.]+)', said).group(1))]
    path.write_text(configuration.configuration(configuration.Director(known, vip=vrrp.Vip(card), ha=ha)))
    run = subprocess.run(
        ['keepalived', '--config-test', '--config-id', checks.TEST_ID, '--use-file', str(path)], check=False, timeout=60,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert (run.returncode, run.stdout) == (0, '')
