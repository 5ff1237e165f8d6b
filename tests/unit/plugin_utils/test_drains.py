# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who is drained is remembered, changes weights and nothing else, and leaves no service without a real server unseen."""

from __future__ import annotations

import datetime

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import options
from ansible_collections.lvs.direct_routing.plugins.plugin_utils import drains, virtual_services
from ansible_collections.lvs.direct_routing.plugins.plugin_utils.keepalived import configuration

NOW = datetime.datetime(2026, 7, 1, 12, tzinfo=datetime.timezone.utc)
HOSTVARS = {
    'real1': {'lvs_address': '192.0.2.21', 'lvs_address_ipv6': '2001:db8::21'},
    'real2': {'lvs_address': '192.0.2.22', 'lvs_address_ipv6': '2001:db8::22', 'lvs_weight': 3},
    'real3': {'lvs_address': '192.0.2.23'},
    'director': {'lvs_address': '192.0.2.10'},
}
WEB = {'name': 'web', 'vip': '192.0.2.100', 'port': 80, 'scheduler': 'wrr', 'realservers': 'realservers'}
MAIL = {'vip': '2001:db8::100', 'ports': [25, 465], 'realservers': [{'address': '2001:db8::21', 'weight': 5}, {'address': '2001:db8::29'}]}
MARKED = {'name': 'marked', 'vip': '192.0.2.101', 'fwmark': 7, 'realservers': 'realservers'}
DNS = [dict(WEB, name=protocol, port=53, protocol=protocol, realservers=[{'address': '192.0.2.21', 'weight': weight}])
       for protocol, weight in (('tcp', 2), ('udp', 4))]
NOBODY = {'serial': 0, 'drains': []}


def resolve(*services):
    groups = {'realservers': ['real1', 'real2'], 'directors': ['director']}
    return virtual_services.resolve(services, groups, HOSTVARS, 'lvs_virtual_services')


def record(*hosts, serial=1):
    return {'serial': serial, 'drains': [{'host': host, 'since': '', 'by': '', 'until': '', 'reason': ''} for host in hosts]}


def table(*services, weights=None, without=()):
    """Return the services as ipvs_info shows them."""
    shown = []
    for service in virtual_services.ipvs_services(list(services)):
        key = options.service_key(service)
        servers = [
            {'address': server['address'], 'port': key.number if key.protocol != 'fwmark' else 0, 'forward': 'dr',
             'weight': (weights or {}).get(server['address'], server.get('weight', 1)), 'connections': {'active': 3, 'inactive': 1}}
            for server in service['realservers'] if server['address'] not in without
        ]  # fmt: skip
        shown.append(dict({'scheduler': 'wlc'}, **dict(service, realservers=servers)))
    return {'services': shown}


def weights_of(services):
    return [server.get('weight') for service in services for server in service['realservers']]


def test_the_newest_record_counts_and_of_two_that_differ_both():
    old, lb1, lb2 = record('real3', serial=4), record('real2', serial=5), record('real1', serial=5)
    assert drains.newest([old, lb2]) == lb2
    # Newer than each of them, so that it takes their place.
    assert drains.newest([old, lb1, lb2]) == record('real1', 'real2', serial=6)
    assert drains.newest([record(serial=6), lb1]) == record(serial=6)
    assert drains.newest([]) == NOBODY


def test_a_drain_is_remembered_with_who_and_why():
    after = drains.change(NOBODY, 'drained', ['real1'], since='2026-07-01T12:00:00Z', by='ops@control', until='', reason='disks')
    assert after == {'serial': 1, 'drains': [
        {'host': 'real1', 'since': '2026-07-01T12:00:00Z', 'by': 'ops@control', 'until': '', 'reason': 'disks'}]}


def test_to_drain_again_changes_nothing():
    first = drains.change(NOBODY, 'drained', ['real1'], since='2026-07-01T12:00:00Z', by='ops')
    assert drains.change(first, 'drained', ['real1'], since='2026-07-02T12:00:00Z', by='somebody else') == first
    assert drains.change(NOBODY, 'undrained', ['real1']) == NOBODY


def test_another_end_is_a_change_that_keeps_since_when():
    first = drains.change(NOBODY, 'drained', ['real1'], since='2026-07-01T12:00:00Z', by='ops')
    after = drains.change(first, 'drained', ['real1'], since='2026-07-02T12:00:00Z', until='2026-07-03T12:00:00Z')
    assert (after['serial'], after['drains'][0]['since'], after['drains'][0]['until']) == (
        2, '2026-07-01T12:00:00Z', '2026-07-03T12:00:00Z')


def test_a_host_is_put_back_and_the_others_stay_out():
    after = drains.change(record('real1', 'real2'), 'undrained', ['real1'])
    assert (after['serial'], [drain['host'] for drain in after['drains']]) == (2, ['real2'])


def test_another_state_is_refused():
    with pytest.raises(drains.DrainError, match="drain_state: 'out' is none of drained, undrained"):
        drains.change(NOBODY, 'out', ['real1'])


@pytest.mark.parametrize(('text', 'found'), [
    (None, ''), ('', ''), ('30m', '2026-07-01T12:30:00Z'), ('4h', '2026-07-01T16:00:00Z'), ('2d', '2026-07-03T12:00:00Z'),
    ('2026-07-01T18:00:00Z', '2026-07-01T18:00:00Z'), ('2026-07-01T18:00:00+02:00', '2026-07-01T16:00:00Z'),
])
def test_the_end_of_a_drain(text, found):
    assert drains.end(text, NOW) == found


@pytest.mark.parametrize('text', ['tomorrow', '2026-07-01T18:00:00', '4 h', '0h', '2026-07-01', '-1h', 5])
def test_an_end_that_is_no_time_is_refused(text):
    with pytest.raises(drains.DrainError, match='drain_until: .* is neither a time with its time zone'):
        drains.end(text, NOW)


def test_an_end_that_is_over_is_refused():
    with pytest.raises(drains.DrainError, match='is over already'):
        drains.end('2026-07-01T11:00:00Z', NOW)


def test_an_expired_drain_is_said_and_stays():
    one = drains.change(NOBODY, 'drained', ['real1'], since='2026-06-30T12:00:00Z', by='ops', until='2026-07-01T11:00:00Z', reason='disks')
    two = drains.change(one, 'drained', ['real2'])
    assert [drain['host'] for drain in drains.expired(two, NOW)] == ['real1']
    assert drains.sentences(two, NOW) == [
        'real1 is drained since 2026-06-30T12:00:00Z by ops until 2026-07-01T11:00:00Z (disks), which is over; it stays drained until '
        'it is put back',
        'real2 is drained',
    ]
    assert weights_of(drains.drained(resolve(WEB), two, HOSTVARS)) == [0, 0]


@pytest.mark.parametrize(('pattern', 'unknown'), [
    ('real1', []), ('real1,real2', []), ('realservers', []), ('real*', []), ('real1,raal2', ['raal2']), ('realservers:&web', []),
])
def test_a_name_that_is_in_no_inventory_is_found(pattern, unknown):
    assert drains.unknown_hosts(pattern, {'realservers': ['real1', 'real2'], 'all': ['real1', 'real2', 'director']}) == unknown


def test_drained_hosts_have_weight_0_by_name_and_by_address_and_others_keep_theirs():
    services = resolve(WEB, MAIL)
    assert weights_of(drains.drained(services, record('real1'), HOSTVARS)) == [0, 3, 0, None]
    assert drains.drained(services, record('real3', 'gone'), HOSTVARS) == services


def test_a_target_is_a_real_server_of_one_ipvs_service():
    found = drains.targets(resolve(WEB, MAIL, MARKED), ['real1'], HOSTVARS)
    assert [(one['service'], one['vip'], one['realserver_address'], one['realserver_port'], one['weight']) for one in found] == [
        ('web (tcp 192.0.2.100:80)', '192.0.2.100', '192.0.2.21', 80, 1),
        ('tcp [2001:db8::100]:25', '2001:db8::100', '2001:db8::21', 25, 5),
        ('tcp [2001:db8::100]:465', '2001:db8::100', '2001:db8::21', 465, 5),
        ('marked (fwmark 7 ipv4)', '192.0.2.101', '192.0.2.21', 0, 1),
    ]
    assert {one['name'] for one in found} == {'real1'}
    assert drains.targets(resolve(WEB), ['real3'], HOSTVARS) == []


def emptied(services, *batches, seen=None, **live):
    services, seen = resolve(*services), seen or NOBODY
    tables = {'lb1': table(*services, **live)}
    return drains.emptied(drains.drained(services, seen, HOSTVARS), batches, HOSTVARS, tables, seen)


def test_a_service_may_lose_one_of_two():
    assert emptied([WEB, MARKED], ['real1'], ['real2']) == []


def test_a_service_must_not_lose_its_last_real_server():
    assert emptied([WEB], ['real1', 'real2']) == [
        'lb1: without real1 and real2, web (tcp 192.0.2.100:80) has no real server left: there is no other']


@pytest.mark.parametrize(('live', 'seen', 'reason'), [
    ({}, record('real2'), 'real2 is drained'),
    ({'without': ['192.0.2.22']}, NOBODY, 'real2 is not in the table, dead or not made yet'),
    ({'weights': {'192.0.2.22': 0}}, NOBODY, 'real2 has weight 0 in the table'),
])
def test_who_is_drained_or_dead_is_no_help(live, seen, reason):
    assert emptied([WEB], ['real1'], seen=seen, **live) == [
        'lb1: without real1, web (tcp 192.0.2.100:80) has no real server left: ' + reason]


def test_a_real_server_without_weight_in_the_inventory_is_no_help():
    services = [dict(WEB, realservers=[{'address': '192.0.2.21'}, {'address': '192.0.2.22', 'weight': 0}])]
    assert emptied(services, ['real1'], weights={'192.0.2.22': 5}) == [
        'lb1: without real1, web (tcp 192.0.2.100:80) has no real server left: real2 has weight 0 in the inventory']


def test_who_will_be_back_by_then_is_a_help():
    services = resolve(WEB)
    tables = {'lb1': table(*services, weights={'192.0.2.22': 0})}
    batches = [['real2'], ['real1']]
    assert len(drains.emptied(services, batches, HOSTVARS, tables, NOBODY)) == 1
    assert drains.emptied(services, batches, HOSTVARS, tables, NOBODY, back=['real2']) == []


THREE = [{'address': '192.0.2.21'}, {'address': '192.0.2.22', 'weight': 3}, {'address': '192.0.2.23', 'weight': 2}]


@pytest.mark.parametrize(('settings', 'engine', 'least'), [
    ({'quorum': 4, 'sorry_server': {'address': '192.0.2.30'}}, 'keepalived', 4),
    ({'quorum': 5, 'hysteresis': 1, 'sorry_server': {'address': '192.0.2.30'}}, 'keepalived', 4),
    # keepalived lowers it to 5.
    ({'quorum': 6, 'sorry_server': {'address': '192.0.2.30'}}, 'keepalived', 5),
    ({'quorum': 4, 'hysteresis': 1, 'sorry_server': {'address': '192.0.2.30'}}, 'keepalived', None),
    ({'quorum': 4}, 'keepalived', None),
    ({'quorum': 4, 'sorry_server': {'address': '192.0.2.30'}}, 'static', None),
    ({'sorry_server': {'address': '192.0.2.30'}}, 'keepalived', None),
])
def test_a_quorum_must_not_be_lost_where_a_sorry_server_would_answer_everybody(settings, engine, least):
    services = resolve(dict(WEB, realservers=THREE, **settings))
    hostvars = dict(HOSTVARS, lb1={'director_engine': engine})
    sentences = ['lb1: without real1, web (tcp 192.0.2.100:80) has a weight of 3 left, and with less than {0} (quorum, without hysteresis) '
                 'all clients get its sorry server'.format(least)] if least else []
    assert drains.emptied(services, [['real1']], hostvars, {'lb1': table(*services, without=['192.0.2.23'])}, NOBODY) == sentences
    assert drains.emptied(services, [['real1']], hostvars, {'lb1': table(*services)}, NOBODY) == []


@pytest.mark.parametrize(('settings', 'why'), [
    ({'scheduler': 'dh'}, '; sh and mh do, choose one of them'),
    ({'scheduler': 'sh', 'scheduler_fallback': False}, ' without sh-fallback; run site.yml, without scheduler_fallback: false'),
    ({'scheduler': 'mh', 'scheduler_flags': ['mh-port'], 'scheduler_fallback': False}, ' without mh-fallback; run site.yml, without scheduler_fallback: false'),
])
def test_a_scheduler_must_give_the_clients_of_a_drained_real_server_to_another_one(settings, why):
    sentence, = emptied([dict(WEB, **settings)], ['real1'])
    assert sentence == 'lb1: web (tcp 192.0.2.100:80) would refuse new clients of real1, as its scheduler {0} gives them to nobody else{1}'.format(
        settings['scheduler'], why)


@pytest.mark.parametrize('settings', [{'scheduler': 'sh'}, {'scheduler': 'mh', 'scheduler_flags': ['mh-port']}, {'scheduler': 'lblc'}], ids=str)
def test_with_fallback_it_does(settings):
    assert emptied([dict(WEB, **settings)], ['real1']) == []


def test_what_has_no_weight_already_is_taken_from_nobody():
    assert emptied([WEB], ['real1', 'real2'], weights={'192.0.2.21': 0, '192.0.2.22': 0}) == []
    assert emptied([WEB], ['real1'], without=['192.0.2.21', '192.0.2.22']) == []


def test_only_the_weight_of_targets_is_declared():
    services = resolve(WEB, MAIL, dict(MARKED, persistence_timeout=60))
    wanted = drains.targets(drains.drained(services, record('real1'), HOSTVARS), ['real1'], HOSTVARS)
    made = drains.reweighted(table(*services)['services'], wanted)
    assert weights_of(made) == [0, 0, 0, 0]
    assert [len(service['realservers']) for service in made] == [1, 1, 1, 1]
    assert (made[0]['scheduler'], made[3]['persistence_timeout'], made[0]['realservers'][0]['forward']) == ('wrr', 60, 'dr')
    assert 'connections' not in made[0]['realservers'][0]
    options.table(made)


def test_what_is_not_in_the_table_is_not_made():
    wanted = drains.targets(resolve(WEB), ['real1'], HOSTVARS)
    assert drains.reweighted([], wanted) == []
    assert drains.reweighted(table(*resolve(WEB), without=['192.0.2.21'])['services'], wanted) == []


def conf(*services, ha=None):
    vip = {'interface': 'eth0', 'prefix': 32}
    return configuration.configuration(configuration.director(list(services), 'services', vip, ha))


@pytest.mark.parametrize('services', [[WEB], [WEB, MAIL], [MARKED, WEB], DNS, [dict(MARKED, vip='2001:db8::101'), MARKED]])
@pytest.mark.parametrize('host', ['real1', 'real2'])
def test_the_configuration_with_other_weights_is_what_would_be_written_of_them(services, host):
    services = resolve(*services)
    out = drains.drained(services, record(host), HOSTVARS)
    before, after = conf(*services), conf(*out)
    assert drains.reweighted_configuration(before, drains.targets(out, [host], HOSTVARS)) == after
    assert drains.reweighted_configuration(after, drains.targets(services, [host], HOSTVARS)) == before


def test_weights_that_nobody_asked_for_stay_as_they_are():
    services = resolve(WEB)
    by_hand = conf(*services).replace('weight 3', 'weight 7')
    out = drains.targets(drains.drained(services, record('real1'), HOSTVARS), ['real1'], HOSTVARS)
    assert drains.reweighted_configuration(by_hand, out) == by_hand.replace('weight 1', 'weight 0')
