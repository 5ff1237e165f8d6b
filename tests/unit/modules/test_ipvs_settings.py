# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ipvs_timeouts and ipvs_sync_daemon: what they ask ipvsadm, how often, and what they say."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils import command
from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import kernel
from ansible_collections.lvs.direct_routing.plugins.modules import (
    ipvs_realserver,
    ipvs_sync_daemon,
    ipvs_table,
    ipvs_timeouts,
)

from ..module_utils.ipvs.scripted import DAEMONS, TIMEOUTS, WRITE, reads, refused

FRESH = (TIMEOUTS, 'Timeout (tcp tcpfin udp): 900 120 300\n')
SETTINGS = 'maxlen=1472, group=224.0.0.81, port=8848, ttl=1'
MASTER = {'role': 'master', 'interface': 'lo'}
STARTED = '--start-daemon master --mcast-interface lo --syncid 7'
MIXED = ['-A -t [2001:db8::100]:80 -s rr', '-a -t [2001:db8::100]:80 -r 192.0.2.21:80 -i -w 1']
MIXED_SERVICE = {'address': '2001:db8::100', 'port': 80}
MIXED_SERVER = {'address': '192.0.2.21', 'forward': 'tun'}


def daemons(*lines):
    return DAEMONS, ''.join('{0}, {1})\n'.format(line, SETTINGS) for line in lines)


RUNS = daemons('master sync daemon (mcast=lo, syncid=7')

CASES = [
    # name, module, parameters, replies to the readings, what is written
    ('another timeout', ipvs_timeouts, {'tcp': 7200}, [FRESH], ['--set 7200 0 0']),
    ('the same timeouts', ipvs_timeouts, {'tcp': 900, 'udp': 300}, [FRESH], []),
    ('a new daemon', ipvs_sync_daemon, dict(MASTER, syncid=7), [daemons(), *reads()], [STARTED]),
    ('a daemon that runs', ipvs_sync_daemon, MASTER, [RUNS], []),
    (
        'a daemon with another sync id',
        ipvs_sync_daemon,
        dict(MASTER, syncid=8),
        [RUNS, *reads()],
        [
            '--stop-daemon master',
            '--start-daemon master --mcast-interface lo --syncid 8 --sync-maxlen 1472 --mcast-group 224.0.0.81 '
            '--mcast-port 8848 --mcast-ttl 1',
        ],
    ),
    (
        'a daemon beside one of the other role',
        ipvs_sync_daemon,
        dict(MASTER, syncid=7),
        [daemons('backup sync daemon (mcast=lo, syncid=7'), *reads()],
        [STARTED],
    ),
    ('a daemon that is stopped', ipvs_sync_daemon, {'role': 'master', 'state': 'absent'}, [RUNS], ['--stop-daemon master']),
    ('a daemon that does not run', ipvs_sync_daemon, {'role': 'backup', 'state': 'absent'}, [RUNS], []),
]


@pytest.mark.parametrize(
    ('module', 'params', 'replies', 'written'), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_check_mode_foretells_what_is_done_and_nothing_is_written_without_need(run, module, params, replies, written):
    foretold, written_in_check_mode = run(module, params, *replies, check=True)
    done, really_written = run(module, params, *replies, *([(WRITE,)] if written else []))
    assert written_in_check_mode == []
    assert really_written == done['commands'] == written
    assert done['changed'] is bool(written)
    assert (done['diff']['before'] != done['diff']['after']) is bool(written)
    for part in ('changed', 'commands', 'diff'):
        assert foretold[part] == done[part]


def test_the_diff_of_timeouts_names_all_three_before_and_after(run):
    result, _written = run(ipvs_timeouts, {'udp': 30}, FRESH, check=True)
    assert result['diff']['before'] == '--set 900 120 300\n'
    assert result['diff']['after'] == '--set 900 120 30\n'
    assert result['timeouts'] == {'tcp': 900, 'tcp_fin': 120, 'udp': 30}


def test_at_least_one_timeout_is_required(run):
    result, _written = run(ipvs_timeouts, {})
    assert 'any of the following are missing: tcp, tcp_fin, udp' in result['msg']


def test_a_daemon_needs_an_interface(run):
    result, _written = run(ipvs_sync_daemon, {'role': 'master'})
    assert 'interface' in result['msg']


@pytest.mark.parametrize('check', [False, True])
def test_an_interface_that_does_not_exist_is_refused_before_anything(run, check):
    result, _written = run(ipvs_sync_daemon, dict(MASTER, interface='nosuch0'), daemons(), check=check)
    assert result['msg'].startswith("interface: 'nosuch0' does not exist on this host; there are ")
    assert 'lo' in result['msg']


@pytest.mark.parametrize('check', [False, True])
def test_no_daemon_is_started_beside_mixed_families(run, check):
    result, _written = run(ipvs_sync_daemon, MASTER, daemons(), *reads(*MIXED), check=check)
    assert 'the table has 192.0.2.21:80 of tcp [2001:db8::100]:80 of another address family' in result['msg']


@pytest.mark.parametrize('check', [False, True])
@pytest.mark.parametrize(
    ('module', 'params'),
    [
        (ipvs_table, {'services': [dict(MIXED_SERVICE, scheduler='rr', realservers=[MIXED_SERVER])]}),
        (ipvs_realserver, dict(MIXED_SERVICE, realserver_address='192.0.2.21', forward='tun')),
    ],
)
def test_no_mixed_families_are_added_beside_a_daemon(run, module, params, check):
    result, _written = run(module, params, *reads(*MIXED[:1]), RUNS, check=check)
    assert 'a sync daemon runs on this host' in result['msg']
    assert '192.0.2.21:80 of tcp [2001:db8::100]:80' in result['msg']


def test_mixed_families_are_added_where_no_daemon_runs(run):
    params = {'services': [dict(MIXED_SERVICE, scheduler='rr', realservers=[MIXED_SERVER])]}
    result, written = run(ipvs_table, params, *reads(*MIXED[:1]), daemons(), (WRITE,))
    assert written == [MIXED[1] + ' --tun-type ipip']


def test_mixed_families_that_are_there_cost_no_third_reading(run):
    params = {'services': [dict(MIXED_SERVICE, scheduler='rr', realservers=[MIXED_SERVER])]}
    result, _written = run(ipvs_table, params, *reads(*MIXED))
    assert not result['changed']


def test_an_edit_of_mixed_families_costs_no_third_reading(run):
    params = dict(MIXED_SERVICE, realserver_address='192.0.2.21', weight=7)
    result, written = run(ipvs_realserver, params, *reads(*MIXED), (WRITE,))
    assert written == [MIXED[1].replace('-a', '-e', 1).replace('-w 1', '-w 7') + ' --tun-type ipip']


def test_a_daemon_that_cannot_start_leaves_the_one_that_ran(run):
    result, written = run(
        ipvs_sync_daemon,
        dict(MASTER, syncid=8),
        RUNS,
        *reads(),
        refused('Network is unreachable'),
        daemons(),
        (WRITE,),
    )
    assert result['failed']
    assert written[-1] == STARTED + ' --sync-maxlen 1472 --mcast-group 224.0.0.81 --mcast-port 8848 --mcast-ttl 1'
    assert 'What was changed has been undone' in result['msg']


def test_timeouts_that_are_refused_are_set_back(run):
    result, written = run(
        ipvs_timeouts,
        {'tcp': 7200},
        FRESH,
        refused('Invalid operation'),
        (TIMEOUTS, 'Timeout (tcp tcpfin udp): 7200 120 300\n'),
        (WRITE,),
    )
    assert result['failed']
    assert written == ['--set 7200 0 0', '--set 900 0 0']


@pytest.mark.parametrize(
    ('module', 'params', 'commands'),
    [(ipvs_timeouts, {'tcp': 7200}, ['--set 7200 0 0']), (ipvs_sync_daemon, dict(MASTER, syncid=7), [STARTED])],
)
def test_check_mode_foretells_what_happens_once_ipvsadm_is_installed(run, monkeypatch, module, params, commands):
    def missing(_module):
        def runner(argv, stdin=None):
            raise command.NotInstalled(argv)

        return runner

    monkeypatch.setattr(kernel.Kernel, 'has_services', lambda: False)
    result, _written = run(module, params, check=True, runner=missing)
    assert result['commands'] == commands
    assert 'not installed' in result['warnings'][0]
    result, _written = run(module, params, runner=missing)
    assert result['failed']
