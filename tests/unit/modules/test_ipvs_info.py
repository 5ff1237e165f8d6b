# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ipvs_info reads what is asked for and nothing else, and shows it in the words of the options."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import options, rules, show
from ansible_collections.lvs.direct_routing.plugins.modules import ipvs_info

from ..module_utils.ipvs.scripted import CONNECTIONS, DAEMONS, RATES, SAVE, STATS, THRESHOLDS, TIMEOUTS

GOLDEN = pathlib.Path(__file__).parents[1] / 'module_utils/ipvs/golden'


def golden(argv, name):
    return argv, (GOLDEN / name).read_text()


SERVICES = [golden(SAVE, 'busy_save.txt'), golden(THRESHOLDS, 'busy_thresholds.txt')]
ONE_PROCESS = {
    'stats': golden(STATS, 'busy_stats.txt'),
    'rates': golden(RATES, 'busy_rates.txt'),
    'connections': golden(CONNECTIONS, 'connections.txt'),
    'timeouts': golden(TIMEOUTS, 'timeouts.txt'),
    'daemons': golden(DAEMONS, 'daemons.txt'),
}


@pytest.fixture(name='inform')
def module_run(run):
    """Return `inform(gather, *replies) -> result`; a failure, or a reading too many or too few, fails the test."""

    def inform(gather, *replies):
        result, _written = run(ipvs_info, {'gather': gather}, *replies)
        assert not result.get('failed'), result['msg']
        assert result['changed'] is False
        return result

    return inform


def service(result, **identity):
    return next(one for one in result['services'] if identity.items() <= one.items())


@pytest.mark.parametrize('asked', ONE_PROCESS)
def test_each_part_costs_one_process_and_comes_alone(inform, asked):
    result = inform([asked], ONE_PROCESS[asked])
    shown = {'services'} if asked in ('stats', 'rates') else {asked}
    assert set(result) - {'changed', 'warnings', 'invocation'} == shown


def test_everything_at_once(inform):
    result = inform(['services', *ONE_PROCESS], *SERVICES, *ONE_PROCESS.values())
    assert {'services', 'ruleset', 'connections', 'timeouts', 'daemons'} <= set(result)


def test_services_come_with_settings_and_numbers_of_connections(inform):
    result = inform(['services'], *SERVICES)
    web = service(result, protocol='tcp', address='10.0.0.8', port=80)
    assert web == {
        'protocol': 'tcp',
        'address': '10.0.0.8',
        'port': 80,
        'family': 'ipv4',
        'scheduler': 'rr',
        'persistence_timeout': 0,
        'one_packet': False,
        'realservers': [
            {
                'address': '10.1.0.2',
                'port': 8080,
                'forward': 'nat',
                'weight': 1,
                'upper_threshold': 0,
                'lower_threshold': 0,
                'connections': {'active': 2, 'inactive': 1},
            }
        ],
    }
    assert service(result, fwmark=4294967295)['family'] == 'ipv4'
    assert service(result, fwmark=7, family='ipv6')['realservers'][0]['address'] == 'fd01::2'


def test_what_is_shown_can_be_declared(inform):
    figures = set(show.FIGURES)
    result = inform(['services', 'stats'], *SERVICES, ONE_PROCESS['stats'])
    entries = [{name: entry[name] for name in entry.keys() - figures} for entry in result['services']]
    for entry in entries:
        entry['realservers'] = [{name: one[name] for name in one.keys() - figures} for one in entry['realservers']]
        if 'fwmark' not in entry and entry['protocol'] != 'udp':
            del entry['one_packet']
    assert rules.ruleset(options.table(entries)) == result['ruleset']


def test_flags_are_a_list_here_as_well_as_on_the_way_back_from_a_host():
    declared = {'fwmark': 7, 'scheduler': 'sh', 'scheduler_flags': ['sh-port']}
    assert show.services(options.table([declared]), {})[0]['scheduler_flags'] == ['sh-port']


def test_counters_and_rates_are_those_of_the_entry(inform):
    result = inform(['stats', 'rates'], ONE_PROCESS['stats'], ONE_PROCESS['rates'])
    web = service(result, protocol='tcp', address='10.0.0.8', port=80)
    expected = {'connections': 3, 'packets_in': 14, 'packets_out': 10, 'bytes_in': 755, 'bytes_out': 547}
    assert web['stats'] == web['realservers'][0]['stats'] == expected
    assert web['rates'] == {'connections': 0, 'packets_in': 1, 'packets_out': 1, 'bytes_in': 40, 'bytes_out': 29}
    assert 'scheduler' not in web


def test_an_entry_that_came_between_two_readings_is_not_half_shown(inform):
    late = (STATS, ONE_PROCESS['stats'][1] + 'TCP  10.9.9.9:80  0 0 0 0 0\n  -> 10.9.9.8:80  0 0 0 0 0\n')
    result = inform(['services', 'stats'], *SERVICES, late)
    assert not [one for one in result['services'] if one.get('address') == '10.9.9.9']


def test_connections_are_shown_with_templates_and_engines(inform):
    connections = inform(['connections'], ONE_PROCESS['connections'])['connections']
    assert len(connections) == 21
    assert connections[3] == {
        'protocol': 'tcp',
        'state': 'ESTABLISHED',
        'expires': 894,
        'client_address': 'fd00::2',
        'client_port': 35966,
        'address': 'fd00::8',
        'port': 80,
        'realserver_address': 'fd01::2',
        'realserver_port': 8080,
        'template': False,
    }
    templates = [one for one in connections if one['template']]
    assert sorted(one['fwmark'] for one in templates if one['protocol'] == 'ip') == [7, 7, 4294967295]
    assert {one['client_address'] for one in templates if one.get('port') in (80, 81)} == {'fd00::', '10.0.0.0'}
    assert {one['persistence_engine_data'] for one in templates if 'persistence_engine' in one} == {
        'a84b4c76e66710@pc33.example.com',
        'f81d4fae-7dec-11d0-a765-00a0c91e6bf6@biloxi.example.com',
    }


def test_an_engines_data_that_are_no_text_are_shown_as_escapes(inform):
    line = 'UDP 00:56  ASSURED     10.0.0.2:0  10.0.0.8:5060  10.1.0.2:5060  sip  a\udcff\u2028b'
    result = inform(['connections'], (CONNECTIONS, 'IPVS connection entries\npro\n' + line + '\n'))
    assert result['connections'][0]['persistence_engine_data'] == 'a\\udcff\\u2028b'


def test_timeouts_and_daemons_are_shown_in_the_words_of_their_modules(inform):
    result = inform(['timeouts', 'daemons'], ONE_PROCESS['timeouts'], ONE_PROCESS['daemons'])
    assert result['timeouts'] == {'tcp': 900, 'tcp_fin': 120, 'udp': 300}
    assert result['daemons'][1] == {
        'role': 'master',
        'interface': 'eth0',
        'syncid': 0,
        'maxlen': 1472,
        'group': '224.0.0.81',
        'port': 8848,
        'ttl': 1,
    }


def test_what_an_old_kernel_does_not_say_is_left_out(inform):
    result = inform(['daemons'], (DAEMONS, 'backup sync daemon (mcast=eth0, syncid=0)\n'))
    assert result['daemons'] == [{'role': 'backup', 'interface': 'eth0', 'syncid': 0}]


def test_a_part_that_is_unknown_is_refused(run):
    result, _written = run(ipvs_info, {'gather': ['weather']})
    assert 'weather' in result['msg']
