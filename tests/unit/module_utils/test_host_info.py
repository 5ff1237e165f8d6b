# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host is read with few programs, and nothing that is asked on a segment claims a VIP."""

from __future__ import annotations

import json

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils import host_info, neighbour
from ansible_collections.lvs.direct_routing.plugins.module_utils.command import Result
from ansible_collections.lvs.direct_routing.plugins.module_utils.host_info import InfoError, Wanted, inform
from ansible_collections.lvs.direct_routing.plugins.module_utils.neighbour import Question

VIP, VIP6 = '192.0.2.100', '2001:db8:2::100'
DIRECTOR, DIRECTOR6 = '192.0.2.10', '2001:db8:2::10'
MAC = '02:00:00:00:00:10'
OPTIONS = {'vips': [], 'directors': [], 'peers': [], 'probe': False, 'timeout': 1.0, 'firewall': False, 'interface': '',
           'files': [], 'texts': [], 'units': [], 'filters': False}
LO = [('127.0.0.1', 8), ('::1', 128)]
ETH0 = [('192.0.2.21', 24), ('2001:db8:2::21', 64), ('fe80::21', 64)]


def link(name, addresses, link_type='ether', kind=None, flags=('UP',)):
    return {'ifname': name, 'flags': list(flags), 'mtu': 1500, 'link_type': link_type, 'address': '02:00:00:00:00:21',
            'linkinfo': {'info_kind': kind} if kind else {},
            'addr_info': [{'local': address, 'prefixlen': prefix} for address, prefix in addresses]}


def way(address, **more):
    return [dict({'dst': address, 'dev': 'eth0'}, **more)]


class Ip:
    """Stands for `ip`: the links of a host, and what each batch prints."""

    def __init__(self, *links, ipv4=(), ipv6=()):
        self.links = links or (link('lo', LO, 'loopback'), link('eth0', ETH0))
        self.batches = {'-4': ipv4, '-6': ipv6}
        self.calls = []
        self.asked = []

    def __call__(self, argv, stdin=None):
        self.calls.append(' '.join(argv))
        if 'address' in argv:
            return Result(tuple(argv), 0, json.dumps(self.links), '')
        if 'neighbour' in argv:
            known = [{'dst': DIRECTOR, 'dev': 'eth0', 'lladdr': MAC}, {'dst': DIRECTOR6, 'dev': 'eth0', 'state': ['FAILED']}]
            return Result(tuple(argv), 0, json.dumps(known), '')
        self.asked += stdin.splitlines()
        return Result(tuple(argv), 1, '\n'.join(json.dumps(one) for one in self.batches[argv[2]]), 'Command failed -:1')


@pytest.fixture(name='questions')
def segment(monkeypatch):
    """Have every question answered by one MAC, and return what was asked."""
    asked = []

    def ask_all(questions, tries, interval):
        asked.extend(questions)
        return {question: [MAC] for question in asked}

    monkeypatch.setattr(neighbour, 'ask_all', ask_all)
    return asked


def test_the_number_of_programs_does_not_grow_with_what_is_asked():
    ip = Ip()
    inform(ip, Wanted(tuple('192.0.2.{0}'.format(n) for n in range(100, 200)), (DIRECTOR, DIRECTOR6, '192.0.2.11')))
    assert ip.calls == ['ip -json -details address show', 'ip -json -4 -force -batch -', 'ip -json -6 -force -batch -',
                        'ip -json neighbour show']
    assert [line for line in ip.asked if 'get' in line] == [
        'route get 192.0.2.10', 'route get 192.0.2.11', 'route get 2001:db8:2::10']


def test_directors_are_shown_with_their_way_and_what_the_kernel_knows_of_their_mac():
    ip = Ip(ipv4=[way(DIRECTOR), way('198.51.100.1', gateway='192.0.2.1')])
    assert inform(ip, Wanted(directors=(DIRECTOR, '198.51.100.1', DIRECTOR6)))['directors'] == {
        DIRECTOR: {'on_link': True, 'local': False, 'interface': 'eth0', 'gateway': None, 'macs': [MAC]},
        '198.51.100.1': {'on_link': False, 'local': False, 'interface': 'eth0', 'gateway': '192.0.2.1', 'macs': []},
        DIRECTOR6: {'on_link': False, 'local': False, 'interface': None, 'gateway': None, 'macs': []},
    }


@pytest.mark.parametrize('nic', [link('eth0', [], 'none'), link('eth0', [], flags=('UP', 'NOARP')), link('eth0', [], kind='dummy')])
def test_a_director_behind_a_tunnel_is_not_on_the_segment(nic):
    assert not inform(Ip(nic, ipv4=[way(DIRECTOR)]), Wanted(directors=(DIRECTOR,)))['directors'][DIRECTOR]['on_link']


@pytest.mark.parametrize(('named', 'looked_at'), [('', 'eth0'), ('eth1', 'eth1')])
def test_the_firewall_is_read_where_it_runs_on_the_card_that_is_named_or_leads_to_the_rest(monkeypatch, named, looked_at):
    gateway = {'dst': 'default', 'gateway': '192.0.2.1', 'dev': 'eth0'}
    monkeypatch.setattr(host_info.firewalld, 'read', lambda _run, interface: {'interface': interface})
    for runs, found in ((True, {'interface': looked_at}), (False, None)):
        monkeypatch.setattr(host_info.procfs, 'runs', lambda _files, _name, runs=runs: runs)
        info = inform(Ip(ipv4=[[gateway]]), Wanted(firewall=True, interface=named))
        assert (info['firewall'], info['default_interface']) == (found, 'eth0')
    assert inform(Ip(), Wanted(interface='eth0'))['firewall'] is None


def test_where_no_card_is_named_and_none_leads_to_the_rest_no_firewall_is_read(monkeypatch):
    monkeypatch.setattr(host_info.procfs, 'runs', lambda _files, _name: True)
    assert inform(Ip(), Wanted(firewall=True))['firewall'] is None


def test_without_a_probe_nobody_is_asked(questions):
    assert inform(Ip(), Wanted((VIP,)))['vips'][VIP] == {
        'placements': [], 'connected': ['eth0'], 'answers': None, 'neighbours': {}, 'filtered': None}
    assert questions == []


def test_vips_directors_and_gateways_are_asked_for_in_the_name_of_the_card(questions):
    gateway = {'dst': 'default', 'gateway': '192.0.2.1', 'dev': 'eth0'}
    info = inform(Ip(ipv4=[[gateway], way(DIRECTOR)]), Wanted((VIP, VIP6), (DIRECTOR,), True))
    assert questions == [
        Question('eth0', VIP, '192.0.2.21'), Question('eth0', VIP6, '2001:db8:2::21'),
        Question('eth0', DIRECTOR, '192.0.2.21'), Question('eth0', '192.0.2.1', '192.0.2.21'),
    ]
    assert info['vips'][VIP]['answers'] == {'eth0': [MAC]} and info['gateways']['ipv4'][0]['macs'] == [MAC]


def test_vips_of_another_network_are_asked_for_on_the_card_that_is_named(questions):
    info = inform(Ip(), Wanted(('198.51.100.100',), probe=True, interface='eth0'))
    assert questions == [Question('eth0', '198.51.100.100', '192.0.2.21')]
    assert info['vips']['198.51.100.100']['answers'] == {'eth0': [MAC]}


def test_peers_are_asked_for_on_their_segment_only(questions):
    info = inform(Ip(), Wanted((), probe=True, peers=('192.0.2.22', '198.51.100.22')))
    assert questions == [Question('eth0', '192.0.2.22', '192.0.2.21')]
    assert info['peers'] == {'192.0.2.22': [MAC], '198.51.100.22': []}


def test_what_the_collection_left_on_the_host_is_listed(monkeypatch, tmp_path):
    for name in ('realserver.vips', 'director.rules'):
        (tmp_path / name).touch()
    (tmp_path / 'arptables').touch(mode=0o755)
    monkeypatch.setattr(host_info, 'RECORDS', (str(tmp_path / 'none'), str(tmp_path / '*.*')))
    monkeypatch.setattr(host_info, 'PROGRAM_PATH', str(tmp_path))
    info = inform(Ip(), Wanted())
    assert info['records'] == [str(tmp_path / name) for name in ('director.rules', 'realserver.vips')]
    assert info['programs'] == {
        'arptables': str(tmp_path / 'arptables'), 'firewall-cmd': None, 'ipvsadm': None, 'keepalived': None,
        'nft': None,
    }


@pytest.mark.parametrize('addresses, source', [
    pytest.param([(VIP, 24), ('192.0.2.21', 24)], '192.0.2.21', id='the VIP comes first on the card'),
    pytest.param([(VIP, 24)], '0.0.0.0', id='the VIP is all that the card has'),
    pytest.param([('192.0.2.101', 32)], '0.0.0.0', id='what may be the VIP of somebody else'),
    pytest.param([('198.51.100.1', 24), ('192.0.2.21', 24)], '192.0.2.21', id='the network of the VIP'),
    pytest.param([('198.51.100.1', 24)], '198.51.100.1', id='another network on the same segment'),
])
def test_no_question_is_asked_in_the_name_of_a_vip(questions, addresses, source):
    ip = Ip(link('lo', LO + [(VIP, 32)], 'loopback'), link('eth0', addresses), ipv4=[way(DIRECTOR)])
    inform(ip, Wanted((VIP,), (DIRECTOR,), True))
    assert Question('eth0', VIP, source) in questions and {question.source for question in questions} == {source}


def test_without_an_ipv6_address_of_its_own_a_card_asks_for_no_ipv6_vip(questions):
    info = inform(Ip(link('eth0', [(VIP6, 64)]), ipv6=[way(DIRECTOR6)]), Wanted((VIP6,), (DIRECTOR6,), True))
    assert questions == [] and info['vips'][VIP6]['answers'] is None


def test_an_address_that_another_host_has_is_not_asked_in_the_name_of(questions):
    card = link('eth0', ETH0)
    card['addr_info'][1]['dadfailed'] = True
    inform(Ip(card, ipv6=[way(DIRECTOR6)]), Wanted((VIP6,), (DIRECTOR6,), True))
    assert {question.source for question in questions} == {'fe80::21'}


@pytest.mark.parametrize('flags, carrier', [(('UP', 'LOWER_UP'), True), (('UP', 'NO-CARRIER'), False)])
def test_a_card_without_a_link_is_told_from_one_with(flags, carrier):
    info = inform(Ip(link('eth0', ETH0, flags=flags)), Wanted(()))
    assert info['interfaces']['eth0']['up'] is True and info['interfaces']['eth0']['carrier'] is carrier


def test_a_card_that_is_down_is_not_asked_on(questions):
    inform(Ip(link('eth0', ETH0, flags=()), ipv4=[way(DIRECTOR)]), Wanted((VIP,), (DIRECTOR,), True))
    assert questions == []


def test_a_vip_is_found_where_it_is():
    ip = Ip(link('lo', LO + [(VIP, 32)], 'loopback'), link('eth0', ETH0 + [(VIP, 24)]))
    assert inform(ip, Wanted((VIP,)))['vips'][VIP]['placements'] == [
        {'interface': 'lo', 'prefix': 32, 'heard': False}, {'interface': 'eth0', 'prefix': 24, 'heard': True}]


@pytest.mark.parametrize('options, message', [
    ({'vips': [VIP, 'www.example.com']}, "vips[1]: 'www.example.com' is not a literal IPv4 or IPv6 address"),
    ({'directors': ['fe80::1%eth0']}, "directors[0]: 'fe80::1%eth0' is not a literal"),
    ({'timeout': 0.05}, 'timeout: 0.05 is out of range: 0.1 to 60 seconds'),
    ({'timeout': float('nan')}, 'timeout: nan is out of range'),
])
def test_a_bad_option_is_refused_by_name_and_value(options, message):
    with pytest.raises(InfoError) as error:
        Wanted.from_options(dict(OPTIONS, **options))
    assert message in str(error.value)


def test_addresses_have_one_spelling_and_stand_once():
    options = dict(OPTIONS, vips=['2001:DB8:0::1', '2001:db8::1'], probe=True)
    assert Wanted.from_options(options) == Wanted(('2001:db8::1',), (), True, 1.0)


@pytest.mark.parametrize('error, message', [(PermissionError(1, 'no'), 'needs root'), (OSError(100, 'Network is down'), 'is down')])
def test_what_forbids_asking_is_said(monkeypatch, error, message):
    def refuse(*_arguments):
        raise error

    monkeypatch.setattr(host_info.neighbour, 'ask_all', refuse)
    with pytest.raises(InfoError, match=message):
        inform(Ip(), Wanted((VIP,), probe=True))


def test_what_the_kernel_believes_of_a_vip_is_read_before_anybody_is_asked(questions):
    ip = Ip(ipv4=[way(DIRECTOR)])

    def read_neighbours(argv, stdin=None):
        if 'neighbour' in argv:
            assert questions == []
            return Result(tuple(argv), 0, json.dumps([{'dst': VIP, 'dev': 'eth0', 'lladdr': '02:00:00:00:00:99'}]), '')
        return ip(argv, stdin)

    seen = inform(read_neighbours, Wanted((VIP,), (DIRECTOR,), True))['vips'][VIP]
    assert seen['neighbours'] == {'eth0': '02:00:00:00:00:99'} and seen['answers'] == {'eth0': [MAC]}


def test_texts_are_read_up_to_a_limit_and_no_link_is_followed(monkeypatch, tmp_path):
    text, link_to_it, none = tmp_path / 'text', tmp_path / 'link', tmp_path / 'none'
    text.write_text('-A -t 192.0.2.100:80\n')
    link_to_it.symlink_to(text)
    monkeypatch.setattr(host_info, 'MAX_TEXT', 2)
    paths = tuple(map(str, (text, link_to_it, none, tmp_path)))
    assert inform(Ip(), Wanted(texts=paths))['texts'] == dict(zip(paths, ('-A', None, None, None)))


LISTED = 'Chain INPUT (policy ACCEPT)\n-d 192.0.2.100 -j DROP\n\nChain OUTPUT (policy ACCEPT)\n{0}\n'


@pytest.mark.parametrize(('output', 'filtered'), [('-s 192.0.2.100 -j mangle --mangle-ip-s 192.0.2.21', True), ('', False)])
def test_a_vip_is_hidden_by_arptables_if_it_is_neither_heard_nor_spoken_of(monkeypatch, tmp_path, output, filtered):
    (tmp_path / 'record').touch()
    monkeypatch.setattr(host_info, 'ARP_RECORD', str(tmp_path / 'record'))
    monkeypatch.setattr(host_info.netfilter, 'read', lambda _run, _files: {'nft': {}, 'iptables': {}})
    ip = Ip()

    def run(argv, stdin=None):
        return Result(tuple(argv), 0, LISTED.format(output), '') if argv[0] == 'arptables' else ip(argv, stdin)

    info = inform(run, Wanted((VIP, '192.0.2.101'), filters=True))
    assert [info['vips'][vip]['filtered'] for vip in (VIP, '192.0.2.101')] == [filtered, False]
    assert inform(run, Wanted((VIP,)))['vips'][VIP]['filtered'] is None


@pytest.mark.parametrize(('front_end', 'run'), [('xtables-nft-multi', True), ('xtables-legacy-multi', False), ('', False)])
def test_arptables_is_not_run_where_it_would_make_its_tables(monkeypatch, tmp_path, front_end, run):
    if front_end:
        (tmp_path / front_end).touch(mode=0o755)
        (tmp_path / 'arptables').symlink_to(front_end)
    for name in ('ARP_RECORD', 'ARP_TABLES'):
        monkeypatch.setattr(host_info, name, str(tmp_path / 'none'))
    monkeypatch.setattr(host_info, 'PROGRAM_PATH', str(tmp_path))
    monkeypatch.setattr(host_info.netfilter, 'read', lambda _run, _files: {'nft': {}, 'iptables': {}})
    ip, calls = Ip(), []

    def listing(argv, stdin=None):
        calls.append(argv[0])
        return Result(tuple(argv), 0, '', '') if argv[0] == 'arptables' else ip(argv, stdin)

    assert inform(listing, Wanted((VIP,), filters=True))['vips'][VIP]['filtered'] is False
    assert ('arptables' in calls) is run


def test_filters_that_must_not_be_read_are_said(monkeypatch):
    def refuse(*_arguments):
        raise PermissionError(13, 'no')

    monkeypatch.setattr(host_info.netfilter, 'read', refuse)
    with pytest.raises(InfoError, match='filters: reading them needs root'):
        inform(Ip(), Wanted(filters=True))
