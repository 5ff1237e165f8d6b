# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory that is made of a live table declares that table, and says what a person has to look at."""

from __future__ import annotations

import copy
import ipaddress
import pathlib

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lvs.direct_routing.plugins.filter.adopt import adopt
from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import model, options, show
from ansible_collections.lvs.direct_routing.plugins.plugin_utils import inventory as inventories
from ansible_collections.lvs.direct_routing.plugins.plugin_utils import virtual_services
from ansible_collections.lvs.direct_routing.plugins.plugin_utils.adopt import inventory

from ..module_utils.ipvs import strategies

VIP = '192.0.2.100'
TWO = ({'address': '192.0.2.21'}, {'address': '192.0.2.22'})
TIMEOUTS = {'tcp': 900, 'tcp_fin': 120, 'udp': 300}


def service(*servers, **said):
    """Return a service as `ipvs_table` takes it."""
    identity = {} if 'fwmark' in said else {'address': VIP, 'port': 80}
    return dict(identity, **dict({'scheduler': 'wrr', 'realservers': list(servers or TWO)}, **said))


def info(*entries, **timeouts):
    """Return what ipvs_info returns of services."""
    return {'services': show.services(options.table(list(entries)), {}), 'timeouts': dict(TIMEOUTS, **timeouts)}


def link(*addresses, heard=True):
    """Return an interface as lvs_host_info shows it."""
    parted = [address.rpartition('/') for address in addresses]
    return {'heard': heard, 'addresses': [{'address': text, 'prefix': int(prefix)} for text, _slash, prefix in parted]}


def host(*addresses, connected=(), **interfaces):
    """Return what lvs_host_info returns of a host with these addresses on eth0 and others elsewhere."""
    links = dict({'lo': link('127.0.0.1/8', '::1/128', heard=False), 'eth0': link(*addresses)}, **interfaces)
    return {'interfaces': links, 'vips': {VIP: {'connected': list(connected), 'placements': [], 'answers': None}}}


USUAL = host('192.0.2.10/24', '192.0.2.100/32')


def of(*entries, on=None, name='lb1', groups=None, **hostvars):
    """Return what is adopted from one director that has these services."""
    hostvars = dict({name: {'ansible_host': '192.0.2.10'}}, **hostvars)
    groups = dict({'all': sorted(hostvars), 'directors': [name]}, **groups or {})
    return adopt({name: {'info': info(*entries), 'host': USUAL if on is None else on}}, groups, hostvars)


def hosts(adopted, group):
    return adopted['inventory'][group]['hosts']


def services(adopted):
    return adopted['inventory']['all']['vars']['lvs_virtual_services']


def declared(adopted):
    """Return the table that the file declares to who reads it."""
    return inventory.declared(yaml.safe_load(adopted['text']))


def without(adopted, *parts):
    """Return the review without the sentences that a test is not about."""
    return [one for one in adopted['review'] if not any(part in one for part in ('invented', *parts))]


# What the guides at hand build by hand, and what becomes of it.
GUIDES = {
    'persistent wrr': (
        service({'address': '172.28.95.221'}, {'address': '172.28.95.222'},
                address='172.28.95.245', persistence_timeout=20),
        '172.28.95.220/20', '172.28.95.245/24',
        {'name': 'tcp-172-28-95-245', 'vip': '172.28.95.245', 'port': 80, 'scheduler': 'wrr', 'persistence_timeout': 20,
         'realservers': 'realservers'},
        {'director_vip_prefix': 24},
    ),
    'round robin': (
        service({'address': '192.168.1.193'}, {'address': '192.168.1.195'}, address='192.168.1.200', scheduler='rr'),
        '192.168.1.196/24', '192.168.1.200/32',
        {'name': 'tcp-192-168-1-200', 'vip': '192.168.1.200', 'port': 80, 'scheduler': 'rr', 'realservers': 'realservers'},
        {},
    ),
    'wlc': (
        service({'address': '172.16.1.101'}, {'address': '172.16.1.102'}, address='172.16.1.50', scheduler='wlc'),
        '172.16.0.50/24', '172.16.1.50/16',
        {'name': 'tcp-172-16-1-50', 'vip': '172.16.1.50', 'port': 80, 'scheduler': 'wlc', 'realservers': 'realservers'},
        {'director_vip_prefix': 16},
    ),
    'a second address of the network': (
        service({'address': '10.0.0.42'}, {'address': '10.0.0.43'}, address='10.0.0.8', scheduler='rr'),
        '10.0.0.41/24', '10.0.0.8/24',
        {'name': 'tcp-10-0-0-8', 'vip': '10.0.0.8', 'port': 80, 'scheduler': 'rr', 'realservers': 'realservers'},
        {'director_vip_prefix': 24},
    ),
}  # fmt: skip


@pytest.mark.parametrize(('entry', 'dip', 'vip', 'expected', 'kept'), GUIDES.values(), ids=GUIDES)
def test_what_a_guide_built_becomes_one_entry(entry, dip, vip, expected, kept):
    own = dip.partition('/')[0]
    adopted = of(entry, on=host(dip, vip), lb1={'ansible_host': own})
    assert services(adopted) == [expected]
    assert hosts(adopted, 'directors') == {'lb1': dict({'ansible_host': own, 'lvs_interface': 'eth0'}, **kept)}
    assert without(adopted, 'only VIPs give eth0 the network 172.16.0.0/16') == []
    rips = [server['address'] for server in entry['realservers']]
    assert hosts(adopted, 'realservers') == {'real-' + rip.replace('.', '-'): {'lvs_address': rip} for rip in rips}
    assert declared(adopted) == options.table([entry])


def test_the_file_reads_well():
    adopted = of(
        service(TWO[0], dict(TWO[1], weight=0)),
        service(TWO[0], dict(TWO[1], weight=0), port=443),
        service({'address': '2001:db8::21'}, fwmark=7, family='ipv6'),
        web1={'ansible_host': '192.0.2.21', 'ansible_user': 'admin', 'ansible_password': 'secret'},
    )
    assert adopted['text'] == '''\
---
# What lb1 had in the table, as an inventory of lvs.direct_routing. Read it before it is used, and run site.yml with
# --check --diff first: where the table is as it was, no rule of it changes.
# Passwords and the like were not taken along from the inventory that was given.
#
# To be looked at:
# - fwmark 7 ipv6 is only a comment at the end of the file, to be decided by hand: a mark has no VIP in the table, and
#   no network card has an IPv6 address of prefix length 128 that belongs to no other service.
# - real-192-0-2-22 (192.0.2.22) has weight 0 in tcp 192.0.2.100:80, tcp 192.0.2.100:443: drained by somebody, or
#   dead? It stays at 0 until this file says otherwise.
# - real-192-0-2-22, real-2001-db8--21: invented, since no host of the given inventory has the address. Give each its
#   name, and what Ansible needs to reach it.

directors:
  hosts:
    lb1: {ansible_host: 192.0.2.10, lvs_interface: eth0}

realservers:
  hosts:
    web1: {ansible_host: 192.0.2.21, ansible_user: admin}
    real-192-0-2-22: {lvs_address: 192.0.2.22}
    real-2001-db8--21: {lvs_address_ipv6: "2001:db8::21"}

all:
  vars:
    lvs_virtual_services:
      - name: tcp-192-0-2-100
        vip: 192.0.2.100
        ports: [80, 443]
        scheduler: wrr
        realservers:
          - {address: 192.0.2.21}
          - {address: 192.0.2.22, weight: 0}
      # decide: a mark has no VIP in the table, and no network card has an IPv6 address of prefix length 128 that
      # belongs to no other service. Until then site.yml leaves this service as it is, or removes it if an earlier run
      # made it.
      # - name: fwmark-7-ipv6
      #   vip: decide
      #   fwmark: 7
      #   scheduler: wrr
      #   realservers:
      #     - {address: "2001:db8::21"}
'''


# No real server of the strategies has such an address.
SPARE = host('198.18.0.255/15', '198.51.100.255/32', '2001:db9::10/64', '2001:db9::100/128')


@given(strategies.declarations(), st.randoms())
def test_any_table_survives_the_way_through_the_file(entries, random):
    named = [server['address'] for entry in entries for server in entry['realservers'] if random.random() < 0.5]
    known = {'web{0}'.format(number): {'ansible_host': address} for number, address in enumerate(named)}
    adopted = of(*entries, on=SPARE, **known)
    sound = [entry for entry in entries if not is_refused(entry, entries)]
    assert declared(adopted) == options.table(sound)
    assert sum(len(one['entry'].get('ports', ' ')) for one in adopted['undecided']) == len(entries) - len(sound)


def is_refused(entry, entries):
    """Say whether site.yml refuses what the kernel takes."""
    if ipaddress.ip_address(entry.get('address', VIP)).is_loopback:
        return True
    vips = {other.get('address') for other in entries}
    return not vips.isdisjoint(server['address'] for server in entry['realservers'])


# So few that VIPs, real servers and hosts have them in common.
FEW = st.sampled_from(['192.0.2.10', '192.0.2.21', '192.0.2.22', '192.0.2.100', '127.0.0.1'])


@given(
    st.dictionaries(st.tuples(FEW, st.sampled_from([80, 443])) | st.integers(1, 2), st.sets(FEW), max_size=6),
    st.dictionaries(st.sampled_from(['lb1', 'web1', 'web2']), st.lists(FEW, min_size=2, max_size=2), max_size=3),
)
def test_what_site_refuses_never_keeps_the_rest_from_being_declared(chosen, known):
    entries = []
    for key, addresses in chosen.items():
        identity = {'fwmark': key} if isinstance(key, int) else dict(zip(('address', 'port'), key))
        entries.append(dict(identity, realservers=[{'address': address} for address in sorted(addresses)]))
    hostvars = {name: dict(zip(('lvs_address', 'ansible_host'), two)) for name, two in known.items()}
    adopted = of(*entries, on=host('192.0.2.10/24', '192.0.2.100/32', '198.51.100.255/32'), **dict({'lb1': {}}, **hostvars))
    written = adopted['inventory']
    undecided = [one['entry'] for one in adopted['undecided']]
    unsound = {identity for entry in undecided for identity in identities(entry)}
    assert declared(adopted) == options.table([entry for entry in entries if identities(entry).isdisjoint(unsound)])
    members = {name: list(hosts(adopted, name)) for name in ('directors', 'realservers')}
    variables = dict(hosts(adopted, 'realservers'), **hosts(adopted, 'directors'))
    together = virtual_services.faults(undecided + services(adopted), members, variables, 'all')
    for number, entry in enumerate(undecided):
        assert [one for one in together if one.startswith('all[{0}] '.format(number))], (entry, written)


def identities(entry):
    """Return what identifies the services of an entry, of IPv4 and TCP."""
    if 'fwmark' in entry:
        return {entry['fwmark']}
    return {(entry.get('vip', entry.get('address')), port) for port in entry.get('ports') or [entry['port']]}


@given(
    st.lists(st.tuples(st.sampled_from(model.PROTOCOLS), st.integers(1, 4), st.sampled_from(['rr', 'wrr'])), max_size=8),
    st.lists(st.integers(0, 3), min_size=1, max_size=3),
    st.lists(st.integers(0, 3), max_size=3),
)
def test_any_table_of_services_that_are_alike_survives_as_well(kinds, weights, others):
    def servers(chosen):
        return [{'address': '192.0.2.{0}'.format(21 + index), 'weight': weight} for index, weight in enumerate(chosen)]

    entries = {
        (protocol, port): service(protocol=protocol, port=port, scheduler=scheduler,
                                  realservers=servers(others if port == 4 else weights))
        for protocol, port, scheduler in kinds
    }
    assert declared(of(*entries.values())) == options.table(list(entries.values()))


@given(strategies.declarations(), st.randoms())
def test_the_same_table_is_always_the_same_text(entries, random):
    shuffled = copy.deepcopy(entries)
    random.shuffle(shuffled)
    for entry in shuffled:
        random.shuffle(entry['realservers'])
    assert of(*shuffled, on=SPARE)['text'] == of(*entries, on=SPARE)['text']


class TestServices:
    def test_those_that_differ_only_in_their_ports_are_one_entry(self):
        adopted = of(service(), service(port=443), service(port=25, scheduler='rr'))
        shown = [(one['name'], one.get('port'), one.get('ports')) for one in services(adopted)]
        assert shown == [('tcp-192-0-2-100-25', 25, None), ('tcp-192-0-2-100-80', None, [80, 443])]

    @pytest.mark.parametrize(
        'other',
        [{'protocol': 'udp'}, {'address': '192.0.2.101'}, {'persistence_timeout': 50},
         {'realservers': [TWO[0]]}, {'realservers': [TWO[0], dict(TWO[1], weight=2)]},
         {'realservers': [TWO[0], dict(TWO[1], upper_threshold=9)]}, {'realservers': [TWO[0], dict(TWO[1], forward='tun')]}],
    )  # fmt: skip
    def test_those_that_differ_in_anything_else_are_two(self, other):
        assert len(services(of(service(), service(port=443, **other)))) == 2

    def test_those_that_send_to_the_same_hosts_send_to_the_group(self):
        heavy = (TWO[0], dict(TWO[1], weight=3))
        adopted = of(service(*heavy), service(*heavy, port=443, scheduler='rr'))
        assert [one['realservers'] for one in services(adopted)] == ['realservers'] * 2
        assert hosts(adopted, 'realservers') == {
            'real-192-0-2-21': {'lvs_address': '192.0.2.21'},
            'real-192-0-2-22': {'lvs_address': '192.0.2.22', 'lvs_weight': 3},
        }

    def test_a_host_with_two_families_is_the_same_host_in_both(self):
        adopted = of(
            service(TWO[0]), service({'address': '2001:db8::21'}, address='2001:db8::100'),
            web1={'lvs_address': '192.0.2.21', 'lvs_address_ipv6': '2001:DB8:0::21'},
        )  # fmt: skip
        assert [one['realservers'] for one in services(adopted)] == ['realservers'] * 2
        assert list(hosts(adopted, 'realservers')) == ['web1']

    @pytest.mark.parametrize(
        'other',
        [(TWO[0],), (TWO[0], dict(TWO[1], weight=2)), (*TWO, {'address': '192.0.2.23'}), ()],
    )
    def test_those_that_send_elsewhere_list_their_own(self, other):
        adopted = of(service(), dict(service(port=443), realservers=list(other)))
        assert services(adopted)[0]['realservers'] == list(TWO)
        assert services(adopted)[1]['realservers'] == list(other)

    @pytest.mark.parametrize('unusual', [
        {'forward': 'tun'}, {'forward': 'nat', 'port': 8080}, {'upper_threshold': 10, 'lower_threshold': 5},
        {'forward': 'tun', 'tunnel': {'type': 'gue', 'port': 5555, 'checksum': 'csum'}},
    ])  # fmt: skip
    def test_what_is_unusual_of_a_real_server_stays_with_it(self, unusual):
        server = dict(TWO[0], **unusual)
        assert services(of(service(server)))[0]['realservers'] == [server]

    def test_what_is_set_is_kept_and_what_is_a_default_is_left_out(self):
        settings = {'scheduler': 'mh', 'scheduler_flags': ['mh-port'], 'persistence_timeout': 50,
                    'persistence_netmask': '255.255.255.0', 'persistence_engine': 'sip', 'one_packet': True}  # fmt: skip
        kept = services(of(service(protocol='udp', **settings)))[0]
        assert {name: kept[name] for name in settings} == settings
        assert set(services(of(service()))[0]) == {'name', 'vip', 'port', 'scheduler', 'realservers'}

    def test_one_that_cannot_be_declared_is_left_to_a_person(self):
        live = info(service())
        live['services'][0]['realservers'][0]['weight'] = 65536
        adopted = adopt({'lb1': {'info': live, 'host': USUAL}}, {'all': ['lb1']}, {'lb1': {}})
        assert services(adopted) == []
        assert adopted['undecided'][0]['reason'] == 'weight: 65536 is outside 0..65535'
        assert '#     - {address: 192.0.2.21, weight: 65536}' in adopted['text']

    def test_what_is_wrong_with_one_is_to_be_seen_beside_the_group_of_the_others(self):
        live = info(service(), service(port=443))
        live['services'][1]['realservers'][0]['weight'] = 65536
        adopted = adopt({'lb1': {'info': live, 'host': USUAL}}, {'all': ['lb1']}, {'lb1': {}})
        assert services(adopted)[0]['realservers'] == 'realservers'
        assert adopted['undecided'][0]['entry']['realservers'] == [dict(TWO[0], weight=65536), TWO[1]]

    def test_the_hosts_of_one_that_is_left_to_a_person_do_not_join_the_others(self):
        live = info(service(TWO[0]), service(TWO[1], port=443))
        live['services'][1]['realservers'][0]['weight'] = 65536
        adopted = adopt({'lb1': {'info': live, 'host': USUAL}}, {'all': ['lb1']}, {'lb1': {}})
        assert declared(adopted) == options.table([service(TWO[0])])
        assert list(hosts(adopted, 'realservers')) == ['real-192-0-2-21', 'real-192-0-2-22']

    def test_one_that_sends_to_a_vip_is_left_to_a_person_and_the_others_are_declared(self):
        circle = [dict(service({'address': VIP}, TWO[0]), port=port) for port in (80, 443)]
        onward = service({'address': VIP}, address='192.0.2.101')
        adopted = of(*circle, onward, service(address='192.0.2.102'))
        assert declared(adopted) == options.table([service(address='192.0.2.102')])
        reasons = {one['entry']['name']: one['reason'] for one in adopted['undecided']}
        assert reasons == {
            'tcp-192-0-2-100': 'realservers[1].address: 192.0.2.100 is the VIP of tcp 192.0.2.100:80; a real server has an '
                               'address of its own',
            'tcp-192-0-2-101': 'realservers[0].address: 192.0.2.100 is the VIP of tcp 192.0.2.100:80; a real server has an '
                               'address of its own',
        }  # fmt: skip
        assert '#   ports: [80, 443]' in adopted['text']
        assert '#     - {address: 192.0.2.21}\n      #     - {address: 192.0.2.100}\n' in adopted['text']
        assert [one for one in adopted['review'] if one.startswith(
            'tcp 192.0.2.100:80, tcp 192.0.2.100:443 is only a comment at the end of the file, to be decided by hand: real')]
        assert [one for one in adopted['review'] if one.startswith(
            '192.0.2.100 is a real server of tcp 192.0.2.100:80, tcp 192.0.2.100:443, tcp 192.0.2.101:80 and stands for the')]

    def test_everything_that_is_wrong_with_one_is_said(self):
        adopted = of(service({'address': VIP}), service({'address': VIP}, address='127.0.0.2'))
        assert adopted['undecided'][0]['reason'] == (
            "vip: '127.0.0.2' is a loopback address; a VIP is a unicast address; "
            'realservers[0].address: 192.0.2.100 is the VIP of tcp 192.0.2.100:80; a real server has an address of its own'
        )

    def test_addresses_are_in_the_order_of_their_numbers(self):
        servers = [{'address': '192.0.2.9', 'weight': 2}, {'address': '192.0.2.21'}, {'address': '192.0.2.100'}]
        adopted = of(service(*servers, address='198.51.100.9'), service(address='198.51.100.10'))
        assert [one['vip'] for one in services(adopted)] == ['198.51.100.9', '198.51.100.10']
        assert services(adopted)[0]['realservers'] == servers


class TestMarks:
    MARK = service(fwmark=7)

    def test_one_address_that_no_other_service_has_is_the_vip(self):
        adopted = of(service(), self.MARK, on=host('192.0.2.10/24', '192.0.2.100/32', '192.0.2.101/32'))
        assert services(adopted)[0] == {
            'name': 'fwmark-7', 'vip': '192.0.2.101', 'fwmark': 7, 'scheduler': 'wrr', 'realservers': 'realservers',
        }  # fmt: skip
        assert 'fwmark-7: the table does not say which VIP is marked. 192.0.2.101 is the only' in adopted['review'][0]

    def test_a_port_that_is_the_number_of_the_mark_is_another_entry_than_none(self):
        by_hand = service({'address': '192.0.2.21'}, {'address': '192.0.2.21', 'port': 7}, fwmark=7)
        adopted = of(service(), by_hand, on=host('192.0.2.10/24', '192.0.2.100/32', '192.0.2.101/32'))
        assert declared(adopted) == options.table([service(), by_hand])

    def test_entries_that_were_made_with_a_port_keep_it(self):
        by_hand = service({'address': '192.0.2.21', 'port': 80}, {'address': '192.0.2.22', 'port': 80}, fwmark=7)
        adopted = of(service(), by_hand, on=host('192.0.2.10/24', '192.0.2.100/32', '192.0.2.101/32'))
        assert services(adopted)[0]['realservers'] == [
            {'address': '192.0.2.21', 'port': 80}, {'address': '192.0.2.22', 'port': 80}]
        assert declared(adopted) == options.table([service(), by_hand])

    @pytest.mark.parametrize(
        'addresses',
        [
            pytest.param(('192.0.2.10/24', '192.0.2.100/32'), id='none'),
            pytest.param(('192.0.2.10/24', '192.0.2.101/32', '192.0.2.102/32'), id='two'),
            pytest.param(('192.0.2.10/24', '192.0.2.101/24'), id='carries a network'),
            pytest.param(('192.0.2.10/24', '192.0.2.21/32'), id='a real server'),
            pytest.param(('192.0.2.10/24', '192.0.2.9/32'), id='another host'),
            pytest.param(('192.0.2.101/32', 'fe80::1/64'), id='the only address'),
        ],
    )
    def test_what_is_not_sure_is_left_to_a_person(self, addresses):
        adopted = of(service(), self.MARK, on=host(*addresses), other={'ansible_host': '192.0.2.9'})
        assert [(one['entry']['name'], one['entry']['vip']) for one in adopted['undecided']] == [('fwmark-7', 'decide')]
        assert declared(adopted) == options.table([service()])

    def test_an_address_where_nobody_asks_for_it_is_no_vip(self):
        assert of(self.MARK, on=host('192.0.2.10/24', lo=link('192.0.2.101/32', heard=False)))['undecided']

    def test_a_completed_comment_is_an_entry(self):
        adopted = of(self.MARK, on=host('192.0.2.10/24'))
        head, _decide, tail = adopted['text'].partition('      # decide:')
        entry = ''.join(tail.partition('      # - ')[1:]).replace('      # ', '      ')
        whole = head.replace('services: []', 'services:') + entry.replace('vip: decide', 'vip: 192.0.2.101')
        assert inventory.declared(yaml.safe_load(whole)) == options.table([self.MARK])

    def test_a_mark_without_a_vip_is_refused_by_site(self):
        entry = of(self.MARK, on=host('192.0.2.10/24'))['undecided'][0]['entry']
        with pytest.raises(virtual_services.InventoryError, match="vip: 'decide' is not a literal"):
            virtual_services.resolve([entry], {'realservers': []}, {}, 'lvs_virtual_services')


class TestHosts:
    def test_a_real_server_is_the_host_that_has_its_address(self):
        adopted = of(
            service(),
            web1={'ansible_host': 'web1.example.org', 'lvs_address': '192.0.2.21', 'ansible_user': 'admin', 'color': 'red'},
            **{'192.0.2.22': {}},
        )
        assert hosts(adopted, 'realservers') == {
            'web1': {'lvs_address': '192.0.2.21', 'ansible_host': 'web1.example.org', 'ansible_user': 'admin'},
            '192.0.2.22': {'lvs_address': '192.0.2.22'},
        }

    def test_an_invented_name_is_nobody_elses(self):
        adopted = of(service(TWO[0]), **{'real-192-0-2-21': {'ansible_host': '192.0.2.9'}})
        assert hosts(adopted, 'realservers') == {'real-192-0-2-21-2': {'lvs_address': '192.0.2.21'}}

    def test_no_password_is_taken_along(self):
        adopted = of(service(), lb1={'ansible_host': '192.0.2.10', 'ansible_password': 'x1', 'ansible_become_pass': 'x2'})
        assert 'x1' not in adopted['text'] and 'x2' not in adopted['text']

    @pytest.mark.parametrize('weight', [1, 2])
    def test_what_the_given_inventory_says_of_a_weight_does_not_win(self, weight):
        drained = {'ansible_host': '192.0.2.21', 'lvs_weight': 5, 'lvs_drained': True}
        adopted = of(service(dict(TWO[0], weight=weight)), web1=drained)
        merged = dict(drained, **hosts(adopted, 'realservers')['web1'])
        assert (merged['lvs_weight'], merged['lvs_drained']) == (weight, False)

    def test_one_of_the_group_of_real_servers_has_an_address_before_others(self):
        same = {'ansible_host': '192.0.2.21'}
        adopted = of(service(TWO[0]), groups={'realservers': ['web1']}, also=same, web1=same)
        assert list(hosts(adopted, 'realservers')) == ['web1']

    @pytest.mark.parametrize('address', ['127.0.0.1', VIP])
    def test_what_means_any_director_is_no_host(self, address):
        assert hosts(of(service({'address': address})), 'realservers') == {}

    def test_a_host_that_goes_by_two_addresses_lists_them(self):
        adopted = of(service(), web1={'lvs_address': '192.0.2.21', 'ansible_host': '192.0.2.22'})
        assert services(adopted)[0]['realservers'] == list(TWO)
        assert list(hosts(adopted, 'realservers')) == ['web1']


class TestDirectors:
    def test_the_interface_is_the_card_that_has_the_vips(self):
        on = host('10.0.0.10/24', eth1=link('192.0.2.10/24', '192.0.2.100/32'))
        assert hosts(of(service(), on=on), 'directors')['lb1']['lvs_interface'] == 'eth1'

    def test_the_card_with_most_vips_counts_and_no_dummy(self):
        both = service(), service(address='192.0.2.101'), service(address='192.0.2.102')
        on = host('192.0.2.102/32', eth1=link('192.0.2.100/32', '192.0.2.101/32'),
                  dummy0=link('192.0.2.100/32', '192.0.2.101/32', '192.0.2.102/32', heard=False))  # fmt: skip
        assert hosts(of(*both, on=on), 'directors')['lb1']['lvs_interface'] == 'eth1'

    def test_without_a_vip_it_is_the_given_one_or_that_of_the_network(self):
        on = host('192.0.2.10/24', connected=['eth0'])
        assert hosts(of(service(), on=on), 'directors')['lb1']['lvs_interface'] == 'eth0'
        given_one = of(service(), on=on, lb1={'lvs_interface': 'bond0'})
        assert hosts(given_one, 'directors')['lb1']['lvs_interface'] == 'bond0'

    def test_an_address_for_management_is_not_that_of_the_segment(self):
        on = host('10.0.0.10/24', eth1=link('172.16.0.10/24', '192.0.2.10/24', '192.0.2.100/32'))
        assert hosts(of(service(), on=on, lb1={'ansible_host': '10.0.0.10'}), 'directors')['lb1'] == {
            'ansible_host': '10.0.0.10', 'lvs_address': '192.0.2.10', 'lvs_interface': 'eth1',
        }  # fmt: skip

    def test_a_director_that_is_reached_by_its_vip_gets_another_address(self):
        adopted = of(service(), lb1={'ansible_host': VIP})
        assert hosts(adopted, 'directors')['lb1']['ansible_host'] == '192.0.2.10'
        assert 'lb1: ansible_host 192.0.2.100 is a VIP' in without(adopted)[0]
        assert declared(adopted) == options.table([service()])

    def test_if_it_has_no_other_address_its_services_are_left_to_a_person(self):
        adopted = of(service(), service(address='192.0.2.101'), on=host('192.0.2.100/24'), lb1={'ansible_host': VIP})
        assert declared(adopted) == options.table([service(address='192.0.2.101')])
        assert adopted['undecided'][0]['reason'] == (
            'vip: 192.0.2.100 is the address of the host lb1 itself; a VIP is an address of its own'
        )
        assert 'The director has no other one' in without(adopted)[1]

    def test_what_is_wrong_with_a_host_is_said_first_since_site_refuses_the_file(self):
        adopted = of(service(), lb1={'ansible_host': '192.0.2.10', 'lvs_address': 'lb1.example.org'})
        assert adopted['undecided'] == []
        assert adopted['review'][0] == (
            "site.yml refuses this file as it is: lb1.lvs_address: 'lb1.example.org' is not a literal IPv4 or IPv6 address."
        )

    def test_timeouts_of_the_kernel_are_not_repeated_and_others_are(self):
        def variables(**timeouts):
            seen = {'lb1': {'info': info(**timeouts), 'host': USUAL}}
            return adopt(seen, {'all': ['lb1']}, {'lb1': {}})['inventory']['all']['vars']

        assert 'director_timeouts' not in variables()
        assert variables(udp=60)['director_timeouts'] == {'tcp': 900, 'tcp_fin': 120, 'udp': 60}

    def test_a_director_that_forwards_packets_goes_on_doing_so(self):
        declared = of(service(), on=dict(USUAL, ip_forward=1))['inventory']['directors']['hosts']['lb1']
        assert declared['director_ip_forward'] == 'on'
        assert 'director_ip_forward' not in of(service())['inventory']['directors']['hosts']['lb1']

    def test_timeouts_that_differ_are_those_of_each_director(self):
        seen = {'lb1': {'info': info(), 'host': USUAL}, 'lb2': {'info': info(udp=60), 'host': USUAL}}
        adopted = adopt(seen, {'all': ['lb1', 'lb2']}, {'lb1': {}, 'lb2': {}})
        assert [one['director_timeouts']['udp'] for one in hosts(adopted, 'directors').values()] == [300, 60]
        assert any('timeouts of the directors differ: lb1 has tcp 900' in one for one in adopted['review'])
        assert 'director_timeouts' not in adopted['inventory']['all']['vars']


def prefixes(adopted):
    """Return of each director the prefix lengths that it keeps."""
    return {
        name: {option: said[option] for option in said if option.startswith('director_vip_prefix')}
        for name, said in hosts(adopted, 'directors').items()
    }


def of_ipv6(vip):
    return service({'address': '2001:db8::21'}, address=vip)


class TestPrefixes:
    @pytest.mark.parametrize(
        ('vip', 'on', 'kept'),
        [
            (VIP, host('192.0.2.10/24', '192.0.2.100/24'), {'director_vip_prefix': 24}),
            (VIP, host('192.0.2.10/24', '192.0.2.100/32'), {}),
            (VIP, host('192.0.2.10/24', lo=link('192.0.2.100/24', heard=False)), {}),
            (VIP, host('192.0.2.10/24', '192.0.2.99/24'), {}),
            ('2001:db8::100', host('192.0.2.10/24', '2001:db8::10/64', '2001:db8::100/64'), {'director_vip_prefix_ipv6': 64}),
            ('2001:db8::100', host('192.0.2.10/24', '2001:db8::10/64', '2001:db8::100/128'), {}),
        ],
    )
    def test_that_of_an_alias_is_kept_and_nothing_is_said(self, vip, on, kept):
        adopted = of(service(address=vip) if vip == VIP else of_ipv6(vip), on=on)
        assert prefixes(adopted) == {'lb1': kept}
        assert not [one for one in adopted['review'] if 'alias' in one]

    def test_each_family_has_its_own(self):
        on = host('192.0.2.10/24', '192.0.2.100/25', '2001:db8::10/64', '2001:db8::100/64')
        adopted = of(service(), of_ipv6('2001:db8::100'), on=on)
        assert yaml.safe_load(adopted['text'])['directors']['hosts']['lb1'] == {
            'ansible_host': '192.0.2.10', 'lvs_address_ipv6': '2001:db8::10', 'lvs_interface': 'eth0',
            'director_vip_prefix': 25, 'director_vip_prefix_ipv6': 64,
        }  # fmt: skip

    def test_each_director_has_its_own(self):
        seen = {
            name: {'info': info(service()), 'host': host('192.0.2.10/24', '192.0.2.100/{0}'.format(prefix))}
            for name, prefix in (('lb1', 24), ('lb2', 25), ('lb3', 32))
        }
        adopted = adopt(seen, {'all': list(seen)}, {name: {} for name in seen})
        assert prefixes(adopted) == {'lb1': {'director_vip_prefix': 24}, 'lb2': {'director_vip_prefix': 25}, 'lb3': {}}
        assert not [one for one in adopted['review'] if 'alias' in one]

    def test_different_ones_of_a_director_cannot_be_kept(self):
        on = host('192.0.2.10/24', '192.0.2.100/24', '192.0.2.101/25')
        adopted = of(service(), service(address='192.0.2.101'), on=on)
        assert prefixes(adopted) == {'lb1': {}}
        assert [one.partition(', as')[0] for one in without(adopted)] == [
            '192.0.2.100 is on eth0 of lb1 as 192.0.2.100/24', '192.0.2.101 is on eth0 of lb1 as 192.0.2.101/25',
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ('addresses', 'said'),
        [
            (('192.0.2.100/24',), True),
            (('192.0.2.100/24', '192.0.2.101/24'), True),
            (('192.0.2.100/24', '198.51.100.10/24'), True),
            (('192.0.2.100/24', '192.0.2.10/24'), False),
            (('192.0.2.100/24', '192.0.2.10/20'), False),
        ],
    )
    def test_a_network_that_goes_with_its_vips_is_named(self, addresses, said):
        adopted = of(service(), service(address='192.0.2.101'), on=host(*addresses))
        sentence = (
            '192.0.2.100 is on eth0 of lb1 as 192.0.2.100/24, as an alias made by hand often is; only VIPs give eth0 '
            'the network 192.0.2.0/24, and lb1 loses it once they are no longer declared. Give eth0 an address of its own '
            'with that prefix length first.'
        )
        assert prefixes(adopted) == {'lb1': {'director_vip_prefix': 24}}
        assert (sentence in adopted['review']) == said

    def test_one_of_ipv4_says_nothing_of_ipv6(self):
        on = host('192.0.2.10/24', '192.0.2.100/24', '2001:db8::100/64', '2001:db8::101/128')
        adopted = of(service(), of_ipv6('2001:db8::100'), of_ipv6('2001:db8::101'), on=on)
        assert prefixes(adopted) == {'lb1': {'director_vip_prefix': 24}}
        assert [one for one in adopted['review'] if one.endswith(
            'so site.yml will not change it and fails. Give eth0 an address of its own in that network first.')]


class TestReview:
    def test_a_plain_table_needs_none(self):
        web = {'web1': {'ansible_host': '192.0.2.21'}, 'web2': {'ansible_host': '192.0.2.22'}}
        assert of(service(), **web)['review'] == []

    @pytest.mark.parametrize(
        ('entries', 'on', 'sentence'),
        [
            ((), USUAL, 'lb1 has no virtual services.'),
            ((dict(service(), realservers=[]),), USUAL, 'tcp 192.0.2.100:80 has no real servers: every request is refused.'),
            ((service(port=0, persistence_timeout=9),), USUAL, 'tcp 192.0.2.100:0 takes every port of the VIP'),
            ((service(scheduler='dh'),), USUAL,
             'tcp 192.0.2.100:80 refuses new clients of a real server that is drained, as its scheduler dh has no fallback. This file'),
            ((service(scheduler='mh', scheduler_flags=['mh-port']),), USUAL,
             'tcp 192.0.2.100:80 refuses new clients of a real server that is drained, as its scheduler mh has no fallback. This file '
             'leaves it so; remove scheduler_fallback: false to add it.'),
            ((service(dict(TWO[0], weight=0)),), USUAL, 'real-192-0-2-21 (192.0.2.21) has weight 0 in tcp 192.0.2.100:80:'),
            ((service(dict(TWO[0], forward='nat')),), USUAL, 'Packets are forwarded by nat in tcp 192.0.2.100:80.'),
            ((service(),), host('192.0.2.10/24'), '192.0.2.100 is on no interface of lb1.'),
            ((service(), service(address='192.0.2.101')), host('192.0.2.10/24', '192.0.2.100/24', '192.0.2.101/32'),
             '192.0.2.100 is on eth0 of lb1 as 192.0.2.100/24, as an alias made by hand often is; site.yml makes it /32'),
            ((service(), service(address='198.51.100.9')), host('198.51.100.1/24', '192.0.2.100/24', '198.51.100.9/32'),
             '192.0.2.100 is on eth0 of lb1 as 192.0.2.100/24, as an alias made by hand often is; it is the only address'),
            ((service(),), host('192.0.2.10/24', lo=link('192.0.2.100/32', heard=False)),
             '192.0.2.100 is on lo of lb1, where the segment does not hear of it'),
            ((service(), service(address='192.0.2.101')), host('192.0.2.100/32', eth1=link('192.0.2.101/32')),
             '192.0.2.101 is on eth1 of lb1, but most VIPs are on eth0'),
            ((service(*TWO, {'address': '192.0.2.10'}),), USUAL,
             'lb1 (192.0.2.10) is a director and a real server of tcp 192.0.2.100:80 at once'),
            ((service({'address': '127.0.0.1'}),), USUAL,
             '127.0.0.1 is a real server of tcp 192.0.2.100:80 and stands for the director itself'),
        ],
    )  # fmt: skip
    def test_a_sentence_for_what_a_person_should_look_at(self, entries, on, sentence):
        adopted = of(*entries, on=on)
        assert [one for one in adopted['review'] if one.startswith(sentence)], adopted['review']
        assert declared(adopted) == options.table(list(entries))

    def test_a_director_that_serves_is_known_by_any_of_its_addresses(self):
        on = host('192.0.2.10/24', '192.0.2.100/32', eth1=link('198.51.100.10/24'))
        assert list(hosts(of(service({'address': '198.51.100.10'}), on=on), 'realservers')) == ['lb1']

    @pytest.mark.parametrize(
        ('other', 'sentence'),
        [
            ((), 'lb2 lacks tcp 192.0.2.100:80, which lb1 has; site.yml will add it.'),
            ((service(), service(port=443)), 'lb1 lacks tcp 192.0.2.100:443, which lb2 has; site.yml will add it.'),
            ((service(scheduler='rr'),),
             'tcp 192.0.2.100:80: scheduler is rr on lb2 and wrr on lb1; this file has what lb1 has.'),
            ((service(TWO[0]),),
             'tcp 192.0.2.100:80: lb2 lacks the real server 192.0.2.22:80; this file has what lb1 has.'),
            ((service(*TWO, {'address': '192.0.2.23'}),),
             'tcp 192.0.2.100:80: lb2 has the real server 192.0.2.23:80, which lb1 lacks; this file has what lb1 has.'),
            ((service(TWO[0], dict(TWO[1], weight=4)),),
             'tcp 192.0.2.100:80: weight of 192.0.2.22:80 is 4 on lb2 and 1 on lb1; this file has what lb1 has.'),
        ],
    )  # fmt: skip
    def test_what_directors_do_not_have_in_common_is_named(self, other, sentence):
        seen = {'lb1': {'info': info(service()), 'host': USUAL}, 'lb2': {'info': info(*other), 'host': USUAL}}
        adopted = adopt(seen, {'all': ['lb1', 'lb2']}, {'lb1': {}, 'lb2': {}})
        assert without(adopted) == [sentence]

    def test_directors_with_equal_tables_differ_in_nothing(self):
        seen = {name: {'info': info(service()), 'host': USUAL} for name in ('lb1', 'lb2')}
        assert without(adopt(seen, {'all': ['lb1', 'lb2']}, {'lb1': {}, 'lb2': {}})) == []

    @pytest.mark.parametrize(('program', 'do'), [
        ('keepalived', 'declare director_engine: keepalived, with the checks that are in keepalived.conf now'),
        ('ldirectord', 'stop and disable ldirectord right before site.yml'),
    ])
    def test_who_keeps_the_table_besides_is_said(self, program, do):
        states = {program + '.service': {'load': 'loaded', 'active': 'active', 'file': 'enabled'},
                  'other.service': {'load': 'loaded', 'active': 'active', 'file': 'enabled'}}
        sentence, = without(of(service(), on=dict(USUAL, units=states)))
        assert sentence.startswith('lb1 runs {0}, which may keep the table and put back what somebody else changes.'.format(program))
        assert do in sentence

    def test_what_is_of_kube_proxy_is_a_comment(self):
        on = host('192.0.2.10/24', '192.0.2.101/32', **{'kube-ipvs0': link('192.0.2.100/32', heard=False)})
        pod = {'address': '10.244.1.7', 'forward': 'nat', 'weight': 0}
        adopted = of(service(pod), service(address='192.0.2.101'), on=on)
        assert [one for one in adopted['review'] if one.startswith(
            'lb1 has the interface kube-ipvs0, so kube-proxy keeps a table of its own there, with tcp 192.0.2.100:80.')]
        assert '10.244.1.7' not in str(hosts(adopted, 'realservers'))
        assert [one['vip'] for one in services(adopted)] == ['192.0.2.101']
        assert '# decide: it belongs to kube-proxy, which keeps its entries itself; delete this comment.' in adopted['text']
        assert '      #   vip: 192.0.2.100' in adopted['text']

    def test_the_examples_of_the_readme_are_said(self):
        there = [service(TWO[0], dict(TWO[1], weight=0), port=port) for port in (80, 443)] + [service(fwmark=7)]
        seen = {
            'lb1': {'info': info(*there), 'host': USUAL},
            'lb2': {'info': info(there[0], there[2]), 'host': host('192.0.2.11/24', connected=['eth0'])},
        }
        web2 = {'ansible_host': '192.0.2.22'}
        adopted = adopt(seen, {'all': ['lb1', 'lb2', 'web2']}, {'lb1': {}, 'lb2': {}, 'web2': web2})
        readme = (pathlib.Path(__file__).parents[3] / 'README.md').read_text(encoding='utf-8')
        section = readme.partition('## From a hand-made director')[2].partition('\n## ')[0]
        examples = section.split('```')[-2].strip().splitlines()
        assert len(examples) == len(without(adopted))
        for example, sentence in zip(examples, without(adopted)):
            assert sentence == example or (example.endswith(' ...') and sentence.startswith(example[:-3]))

    def test_hosts_and_services_that_are_declared_elsewhere_are_named(self):
        adopted = of(service(), groups={'realservers': ['web9']}, web9={}, lb1={'lvs_virtual_services': []})
        assert [one.partition(' ')[0] for one in without(adopted)] == ['The', 'web9:']


@pytest.mark.parametrize('text', ['::1', '2001:db8::21', 'no', '1e3', '0x1f', '12:34:56', 'null', '192.0.2.1', ' a', "it's", '#x'])
def test_a_string_stays_a_string(text):
    adopted = of(service(), name=text, **{text: {'ansible_user': text}})
    assert yaml.safe_load(adopted['text'])['directors']['hosts'][text]['ansible_user'] == text


@pytest.mark.parametrize('name', ['eth\n1: x', 'eth\x071', 'eth\u2028x: 1'])
def test_what_an_interface_is_called_does_not_end_a_comment(name):
    adopted = of(service(), on=host('192.0.2.10/24', **{name: link('192.0.2.100/32', heard=False)}))
    assert set(yaml.safe_load(adopted['text'])) == {'directors', 'realservers', 'all'}


def test_what_is_adopted_again_has_the_same_names_and_services():
    first = of(service(), service(TWO[0], port=443), lb1={})
    written = first['inventory']
    hostvars = {name: said for group in ('directors', 'realservers') for name, said in written[group]['hosts'].items()}
    again = of(service(), service(TWO[0], port=443), **hostvars)
    assert again['inventory'] == written


def test_the_given_inventory_is_not_changed():
    hostvars = {'lb1': {'ansible_host': VIP}, 'web1': {'ansible_host': '192.0.2.21', 'lvs_weight': 4}}
    before = copy.deepcopy(hostvars)
    of(service(), **hostvars)
    assert hostvars == before


def test_a_missing_library_is_named(monkeypatch):
    monkeypatch.setattr(inventories, 'netaddr', None)
    with pytest.raises(Exception, match='netaddr is missing on the controller'):
        of(service())
