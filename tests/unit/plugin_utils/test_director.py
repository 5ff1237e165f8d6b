# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kernel parameters that a director needs."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import director

FORWARD, FORWARD_IPV6 = 'net/ipv4/ip_forward', 'net/ipv6/conf/all/forwarding'
BACKUP_ONLY = 'net/ipv4/vs/backup_only'


def service(vip='192.0.2.100', forward=None, address='192.0.2.21', **more):
    return dict({'vip': vip, 'ports': [80], 'realservers': [dict(address=address, **({'forward': forward} if forward else {}))]},
                **more)


def values(*services, interface='eth0', **options):
    return director.parameters(services, interface, **options)['parameters']


@pytest.mark.parametrize('forward, expected', [(None, 0), ('dr', 0), ('tun', 0), ('nat', 1)])
def test_packets_are_forwarded_only_where_addresses_are_translated(forward, expected):
    assert values(service(), service(forward=forward))[FORWARD] == expected
    assert FORWARD_IPV6 not in values(service(forward=forward))


def test_each_family_is_forwarded_for_its_own_sake():
    parameters = values(service('2001:db8::100', 'nat', '2001:db8::21'))
    assert (parameters[FORWARD], parameters[FORWARD_IPV6]) == (0, 1)


@pytest.mark.parametrize('said, expected', [('on', 1), ('off', 0), (True, 1), (False, 0)])
def test_who_says_whether_to_forward_is_obeyed(said, expected):
    for forward in ('dr', 'nat'):
        parameters = values(service(forward=forward), forward=said)
        assert parameters[FORWARD] == expected and FORWARD_IPV6 not in parameters


@pytest.mark.parametrize('said, expected', [('auto', 1), ('on', 1), ('off', None)])
def test_ipv6_is_forwarded_where_its_addresses_are_translated_unless_that_is_forbidden(said, expected):
    assert values(service('2001:db8::100', 'nat', '2001:db8::21'), forward=said).get(FORWARD_IPV6) == expected


def test_nobody_is_redirected_and_requests_may_come_another_way_than_replies_go():
    parameters = values(service(), interface='eth0.100')
    assert [parameters['net/ipv4/conf/{0}/send_redirects'.format(name)] for name in ('all', 'default', 'eth0.100')] == [0, 0, 0]
    assert parameters['net/ipv4/conf/eth0.100/rp_filter'] == 2


def test_a_host_that_serves_too_sends_nothing_on_that_another_director_sent():
    assert BACKUP_ONLY not in values(service(), own=['192.0.2.10'])
    assert values(service(), own=['192.0.2.21'])[BACKUP_ONLY] == 1


def test_an_override_counts_in_either_spelling_and_none_leaves_the_parameter_alone():
    overrides = {'net.ipv4.conf.eth0/100.rp_filter': 1, 'net/ipv4/vs/expire_nodest_conn': None, 'net.ipv4.vs.sloppy_tcp': 1}
    parameters = values(service(), interface='eth0.100', overrides=overrides)
    assert parameters['net/ipv4/conf/eth0.100/rp_filter'] == 1
    assert 'net/ipv4/vs/expire_nodest_conn' not in parameters
    assert parameters['net/ipv4/vs/sloppy_tcp'] == 1


def test_only_what_belongs_to_ipvs_may_be_missing():
    found = director.parameters([service()], 'eth0')
    assert found['optional'] == [
        'net/ipv4/vs/conn_reuse_mode', 'net/ipv4/vs/expire_nodest_conn', 'net/ipv4/vs/expire_quiescent_template',
    ]


def test_a_port_that_is_used_again_makes_a_new_connection():
    assert values(service())['net/ipv4/vs/conn_reuse_mode'] == 3


def test_directors_that_tell_each_other_of_connections_do_so_by_time():
    assert not [name for name in values(service()) if '/vs/sync' in name]
    parameters = values(service(), synchronised=True)
    assert (parameters['net/ipv4/vs/sync_threshold'], parameters['net/ipv4/vs/sync_refresh_period']) == ('3 0', 10)


@pytest.mark.parametrize('vip, alone, kept', [('2001:db8::100', True, 1), ('2001:db8::100', False, None), ('192.0.2.100', True, None)])
def test_a_card_that_goes_down_keeps_the_vips_unless_they_move(vip, alone, kept):
    found = director.parameters([service(vip)], 'eth0', alone=alone)
    name = 'net/ipv6/conf/eth0/keep_addr_on_down'
    assert found['parameters'].get(name) == kept and (name in found['optional']) == bool(kept)
