# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ipvs modules: what they ask ipvsadm, how often, and what they say."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import kernel, record
from ansible_collections.lvs.direct_routing.plugins.module_utils import command
from ansible_collections.lvs.direct_routing.plugins.modules import (
    ipvs_realserver,
    ipvs_service,
    ipvs_table,
)

from ..module_utils.ipvs.scripted import IP, LOWER, RAISE, SAVE, THRESHOLDS, WRITE, reads, refused

WEB = '-A -t 192.0.2.100:80 -s rr'
ONE = '-a -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 1'
RESCHEDULED = '-E -t 192.0.2.100:80 -s wrr'
TWO = '-a -t 192.0.2.100:80 -r 192.0.2.22:80 -g -w 1'
THREE = '-a -t 192.0.2.100:80 -r 192.0.2.23:80 -g -w 1'
# A real server goes, and with it a host route to it.
NO_WEB, NO_ONE = '-D -t 192.0.2.100:80', '-d -t 192.0.2.100:80 -r 192.0.2.21:80'
SERVICE = {'address': '192.0.2.100', 'port': 80}
DECLARED = dict(SERVICE, scheduler='rr', realservers=[{'address': '192.0.2.21'}, {'address': '192.0.2.22'}])


CASES = [
    # name, module, parameters, live table, what is written
    ('a new service', ipvs_service, dict(SERVICE, scheduler='rr'), [], [WEB]),
    ('the same service', ipvs_service, dict(SERVICE, scheduler='rr'), [WEB, ONE], []),
    ('a service with nothing but its name', ipvs_service, SERVICE, [WEB], []),
    ('persistence', ipvs_service, dict(SERVICE, persistence_timeout=9), [WEB, ONE], ['-E -t 192.0.2.100:80 -s rr -p 9']),
    ('another scheduler', ipvs_service, dict(SERVICE, scheduler='wrr'), [WEB, ONE], [RESCHEDULED]),
    ('a deleted service', ipvs_service, dict(SERVICE, state='absent'), [WEB, ONE], [NO_WEB]),
    ('a service that is gone already', ipvs_service, dict(SERVICE, state='absent'), [], []),
    ('a new real server', ipvs_realserver, dict(SERVICE, realserver_address='192.0.2.21'), [WEB], [ONE]),
    ('the same real server', ipvs_realserver, dict(SERVICE, realserver_address='192.0.2.21'), [WEB, ONE], []),
    (
        'weight 0',
        ipvs_realserver,
        dict(SERVICE, realserver_address='192.0.2.21', weight=0),
        [WEB, ONE, TWO],
        ['-e -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 0'],
    ),
    (
        'a deleted real server',
        ipvs_realserver,
        dict(SERVICE, realserver_address='192.0.2.21', state='absent'),
        [WEB, ONE, TWO],
        [NO_ONE],
    ),
    (
        'a real server of a service that is gone',
        ipvs_realserver,
        dict(SERVICE, realserver_address='192.0.2.21', state='absent'),
        [],
        [],
    ),
    ('a new table', ipvs_table, {'services': [DECLARED]}, [], [WEB, ONE, TWO]),
    ('the same table', ipvs_table, {'services': [DECLARED]}, [WEB, ONE, TWO], []),
    ('one server more', ipvs_table, {'services': [DECLARED]}, [WEB, ONE], [TWO]),
    ('a foreign service', ipvs_table, {'services': [DECLARED]}, [WEB, ONE, TWO, '-A -f 7 -s rr'], []),
    (
        'a purge that ignores a service',
        ipvs_table,
        {'services': [DECLARED], 'purge': 'all', 'ignore': [{'fwmark': 7}]},
        [WEB, ONE, TWO, '-A -f 7 -s rr'],
        [],
    ),
    (
        'a purge that ignores a real server',
        ipvs_table,
        {'services': [DECLARED], 'purge': 'all', 'ignore': [{'realserver_address': '192.0.2.23/32'}]},
        [WEB, ONE, TWO, THREE, '-A -f 7 -s rr'],
        ['-D -f 7'],
    ),
    (
        'a purged service',
        ipvs_table,
        {'services': [DECLARED], 'purge': 'all'},
        [WEB, ONE, TWO, '-A -f 7 -s rr'],
        ['-D -f 7'],
    ),
]


@pytest.mark.parametrize(
    ('module', 'params', 'live', 'written'), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_check_mode_foretells_what_is_done_and_nothing_is_written_without_need(run, module, params, live, written):
    foretold, written_in_check_mode = run(module, params, *reads(*live), check=True)
    writing = [(WRITE,)] if written else []
    if RESCHEDULED in written:
        writing = [(RAISE['ipv4'],), (WRITE,), (LOWER['ipv4'],)]
    if written in ([NO_WEB], [NO_ONE]):
        writing.append((IP,))
    done, really_written = run(module, params, *reads(*live), *writing)
    assert written_in_check_mode == []
    assert really_written == done['commands'] == written
    assert done['changed'] is bool(written)
    for part in ('changed', 'commands', 'diff'):
        assert foretold[part] == done[part]


class TestAnotherScheduler:
    params = dict(SERVICE, scheduler='wrr')
    before = reads(WEB, ONE)

    def test_each_family_has_a_rule_of_its_own_while_it_is_written(self, run):
        live = [WEB, '-A -f 7 -s rr', '-A -f 7 -6 -s rr', '-A -u [2001:db8::100]:53 -s rr']
        marks = [{'fwmark': 7, 'family': family, 'scheduler': 'sh'} for family in ('ipv4', 'ipv6')]
        result, _written = run(
            ipvs_table,
            {'services': [dict(self.params), *marks]},
            *reads(*live),
            (RAISE['ipv4'],),
            (RAISE['ipv6'],),
            (WRITE,),
            (LOWER['ipv4'],),
            (LOWER['ipv6'],),
        )
        assert result['commands'] == ['-E -f 7 -s sh', '-E -f 7 -6 -s sh', RESCHEDULED]
        assert not result['warnings']

    def test_the_rule_is_there_until_a_refused_change_is_undone_and_then_goes(self, run):
        params = {'services': [dict(self.params, realservers=[{'address': '192.0.2.21', 'weight': 5}])]}
        result, written = run(
            ipvs_table,
            params,
            *self.before,
            (RAISE['ipv4'],),
            refused('No space', rc=0),
            *reads(WEB.replace('rr', 'wrr'), ONE),
            (WRITE,),
            (LOWER['ipv4'],),
        )
        assert written[-1] == RESCHEDULED.replace('wrr', 'rr')
        assert result['msg'].startswith('ipvsadm refused a change: No space')

    def test_a_host_without_such_rules_makes_the_change_and_warns(self, run):
        said = 'Error: argument "ipproto" is wrong: Failed to parse rule type\n'
        result, written = run(ipvs_service, self.params, *self.before, (RAISE['ipv4'], 255, '', said), (WRITE,))
        assert written == [RESCHEDULED]
        (warning,) = result['warnings']
        assert warning.startswith('While the scheduler changes, new ipv4 connections may be refused for a moment: `ip -4')
        assert 'argument "ipproto" is wrong' in warning


class TestKilledBefore:
    """A task was killed while it changed the scheduler of an IPv6 service."""

    @pytest.fixture(autouse=True)
    def note(self, tmp_path):
        path = tmp_path / 'lock'
        path.write_text('ipv6')
        return path

    def test_the_next_one_first_removes_its_rule_even_if_it_changes_nothing(self, run, note):
        result, _written = run(ipvs_service, SERVICE, (LOWER['ipv6'],), *reads(WEB))
        assert not result['changed'] and not result['warnings']
        assert not note.exists()

    def test_a_rule_that_was_not_made_yet_is_no_trouble(self, run, note):
        gone = (LOWER['ipv6'], 2, '', 'RTNETLINK answers: No such file or directory\n')
        result, _written = run(ipvs_service, SERVICE, gone, *reads(WEB))
        assert not result['warnings']
        assert not note.exists()

    def test_a_rule_that_cannot_be_removed_is_left_to_the_next_one_and_a_warning_says_so(self, run, note):
        failed = (LOWER['ipv6'], 2, '', 'RTNETLINK answers: Operation not permitted\n')
        result, _written = run(ipvs_service, SERVICE, failed, *reads(WEB))
        (warning,) = result['warnings']
        assert warning.startswith('`ip -6 rule delete pref 1 ipproto 58 dport 260 blackhole` failed: RTNETLINK answers: Op')
        assert note.read_text() == 'ipv6'

    def test_check_mode_leaves_rule_and_note(self, run, note):
        run(ipvs_service, SERVICE, *reads(WEB), check=True)
        assert note.read_text() == 'ipv6'


def test_the_diff_is_the_ruleset_of_the_service_before_and_after(run):
    result, _written = run(
        ipvs_realserver,
        dict(SERVICE, realserver_address='192.0.2.22', upper_threshold=9),
        *reads(WEB, ONE, '-A -f 7 -s rr'),
        check=True,
    )
    assert result['diff']['before'] == WEB + '\n' + ONE + '\n'
    assert result['diff']['after'] == WEB + '\n' + ONE + '\n' + TWO + ' -x 9 -y 0\n'


def test_a_table_that_changes_has_one_diff_and_one_that_does_not_has_none(run):
    changed, _written = run(ipvs_table, {'services': [DECLARED]}, *reads(WEB, ONE), (WRITE,))
    assert [(diff['before'], diff['after']) for diff in changed['diff']] == [
        (WEB + '\n' + ONE + '\n', WEB + '\n' + ONE + '\n' + TWO + '\n'),
    ]
    same, _written = run(ipvs_table, {'services': [DECLARED]}, *reads(WEB, ONE, TWO))
    assert same['diff'] == []


def test_the_result_says_how_the_module_was_called_without_the_whole_table(run):
    result, _written = run(ipvs_table, {'services': [DECLARED], 'purge': 'none'}, *reads(WEB, ONE, TWO))
    assert result['invocation'] == {'module_args': {'purge': 'none', 'ignore': [], 'record': None}}
    result, _written = run(ipvs_service, SERVICE, *reads(WEB))
    assert result['invocation']['module_args'].items() >= SERVICE.items()


def test_a_real_server_needs_its_service(run):
    params = dict(SERVICE, realserver_address='192.0.2.21')
    result, _written = run(ipvs_realserver, params, *reads())
    assert result['failed']
    assert 'there is no service tcp 192.0.2.100:80' in result['msg']


def test_check_mode_cannot_know_that_an_earlier_task_adds_the_service(run):
    params = dict(SERVICE, realserver_address='192.0.2.21')
    result, _written = run(ipvs_realserver, params, *reads(), check=True)
    assert result['changed']
    assert 'there is no service' in result['warnings'][0]


@pytest.mark.parametrize('module', [ipvs_service, ipvs_realserver])
def test_a_bad_value_names_the_option_of_this_module_and_nothing_is_written(run, module):
    params, replies = {
        ipvs_service: (dict(SERVICE, scheduler='dr'), reads(WEB)),
        ipvs_realserver: (dict(SERVICE, realserver_address='web1'), ()),
    }[module]
    result, written = run(module, params, *replies)
    assert result['failed']
    assert result['msg'].startswith({ipvs_service: 'scheduler', ipvs_realserver: 'realserver_address'}[module])
    assert not written


def test_a_bad_pattern_is_refused_before_the_kernel_is_asked(run):
    result, _written = run(ipvs_table, {'services': [DECLARED], 'ignore': [{'address': 'web1'}]})
    assert result['msg'].startswith("ignore[0] address: 'web1' is neither")


class TestDrained:
    params = dict(SERVICE, realserver_address='192.0.2.21', state='drained', drain_timeout=0)
    drained_one = ONE.replace('-w 1', '-w 0')
    edit = drained_one.replace('-a', '-e', 1)

    @staticmethod
    def live(*lines, active=0, inactive=0):
        """Return the replies of a first reading of the table, with connections of the real server."""
        listed = 'TCP  192.0.2.100:80 rr\n  -> 192.0.2.21:80  0 0 {0} {1}\n'.format(active, inactive)
        return (SAVE, ''.join(line + '\n' for line in lines)), (THRESHOLDS, listed)

    @staticmethod
    def look(active=0, inactive=0, words=('-t', '192.0.2.100:80')):
        """Return the reply of one look at the service."""
        listed = 'TCP  192.0.2.100:80 rr\n  -> 192.0.2.21:80  0 0 {0} {1}\n'.format(active, inactive)
        return THRESHOLDS + words, listed

    def test_it_is_an_edit_to_weight_0_and_a_look_at_what_is_left(self, run):
        result, written = run(ipvs_realserver, self.params, *self.live(WEB, ONE), (WRITE,), self.look(3, 4))
        assert written == result['commands'] == [self.edit]
        assert result['changed']
        assert result['connections'] == {'active': 3, 'inactive': 4}
        assert result['drained'] is False
        assert not result['warnings']

    def test_with_nothing_left_it_is_drained(self, run):
        result, _written = run(
            ipvs_realserver, dict(self.params, drain_timeout=300), *self.live(WEB, ONE), (WRITE,), self.look()
        )
        assert result['drained'] is True

    def test_the_second_run_reads_the_table_and_nothing_else(self, run):
        result, written = run(ipvs_realserver, self.params, *self.live(WEB, self.drained_one))
        assert not result['changed'] and not written
        assert result['drained'] is True

    def test_the_second_run_waits_as_well(self, run):
        params = dict(self.params, drain_timeout=300)
        result, _written = run(ipvs_realserver, params, *self.live(WEB, self.drained_one, active=1), self.look())
        assert not result['changed']
        assert result['drained'] is True

    def test_check_mode_foretells_the_edit_and_does_not_wait(self, run):
        params = dict(self.params, drain_timeout=300)
        result, written = run(ipvs_realserver, params, *self.live(WEB, ONE, active=2), check=True)
        assert result['commands'] == [self.edit]
        assert not written
        assert result['connections'] == {'active': 2, 'inactive': 0}
        assert not result['warnings']

    def test_all_other_settings_stay_as_they_are(self, run):
        live = ONE.replace('-g', '-i') + ' --tun-type gue --tun-port 6080'
        params = dict(self.params, forward='dr', weight=7, upper_threshold=5)
        result, written = run(ipvs_realserver, params, *self.live(WEB, live), (WRITE,), self.look())
        assert written == [live.replace('-a', '-e', 1).replace('-w 1', '-w 0') + ' --tun-nocsum']

    @pytest.mark.parametrize('live', [[], [WEB], [WEB, TWO]])
    def test_what_is_not_there_is_as_good_as_drained(self, run, live):
        result, _written = run(ipvs_realserver, self.params, *reads(*live))
        assert not result['changed']
        assert result['drained'] is True
        assert result['connections'] == {'active': 0, 'inactive': 0}

    @pytest.mark.parametrize(
        ('identity', 'live', 'option'),
        [
            (dict(SERVICE, protocol='udp'), '-A -u 192.0.2.100:80 -s rr', '-u 192.0.2.100:80'),
            ({'fwmark': 7}, '-A -f 7 -s rr -o', '-f 7'),
        ],
    )
    def test_what_has_no_connections_that_end_is_not_waited_for(self, run, identity, live, option):
        port = identity.get('port', 0)
        server = '-a {0} -r 192.0.2.21:{1} -g -w 1'.format(option, port)
        kind = 'UDP  192.0.2.100:80' if port else 'FWM  7'
        listed = (THRESHOLDS, '{0} rr\n  -> 192.0.2.21:{1}  0 0 0 9\n'.format(kind, port))
        params = dict(identity, realserver_address='192.0.2.21', state='drained')
        result, written = run(ipvs_realserver, params, (SAVE, live + '\n' + server + '\n'), listed, (WRITE,))
        assert written == [server.replace('-a', '-e', 1).replace('-w 1', '-w 0')]
        assert result['drained'] is True
        assert result['connections'] == {'active': 0, 'inactive': 9}

    def test_it_is_taken_back_by_an_edit_of_the_weight(self, run):
        params = dict(SERVICE, realserver_address='192.0.2.21')
        result, written = run(ipvs_realserver, params, *reads(WEB, self.drained_one))
        assert not result['changed'] and not written
        result, written = run(ipvs_realserver, dict(params, weight=1), *reads(WEB, self.drained_one), (WRITE,))
        assert written == [ONE.replace('-a', '-e', 1)]

    @pytest.mark.parametrize(
        ('option', 'value'), [('drain_timeout', -1), ('drain_timeout', 86401), ('drain_interval', 0), ('drain_interval', 3601)]
    )
    def test_times_out_of_range_are_refused_before_anything(self, run, option, value):
        result, _written = run(ipvs_realserver, dict(self.params, **{option: value}))
        assert result['msg'].startswith('{0}: {1} is outside'.format(option, value))


def missing_ipvsadm(_module):
    def run(argv, stdin=None):
        raise command.NotInstalled(argv)

    return run


@pytest.mark.parametrize('check', [False, True])
def test_a_missing_ipvsadm_is_said(run, monkeypatch, check):
    monkeypatch.setattr(kernel.Kernel, 'has_services', lambda: True)
    result, _written = run(ipvs_table, {'services': [DECLARED]}, check=check, runner=missing_ipvsadm)
    assert 'not installed. Install the package that provides ipvsadm' in result['msg']


def test_check_mode_foretells_what_happens_once_ipvsadm_is_installed(run, monkeypatch):
    monkeypatch.setattr(kernel.Kernel, 'has_services', lambda: False)
    result, _written = run(ipvs_table, {'services': [DECLARED]}, check=True, runner=missing_ipvsadm)
    assert result['commands'] == [WEB, ONE, TWO]
    assert 'not installed' in result['warnings'][0]


@pytest.mark.parametrize('check', [False, True])
def test_where_there_is_nothing_to_remove_no_ipvsadm_is_needed(run, monkeypatch, check):
    monkeypatch.setattr(kernel.Kernel, 'has_services', lambda: False)
    result, _written = run(ipvs_table, {'services': []}, check=check, runner=missing_ipvsadm)
    assert not result.get('failed')
    assert not result['changed']
    assert result['warnings'] == []


def test_a_bad_table_is_refused_before_the_kernel_is_asked(run):
    result, _written = run(ipvs_table, {'services': [DECLARED, dict(SERVICE, port=81, scheduler='dr')]})
    assert result['failed']
    assert result['msg'].startswith('services[1] (tcp 192.0.2.100:81) scheduler')


class TestRecord:
    @pytest.fixture(name='path')
    def path_of_the_record(self, tmp_path):
        return tmp_path / 'record'

    def params(self, path, *services):
        return {'services': list(services), 'purge': 'owned', 'record': str(path)}

    def test_what_was_applied_is_recorded(self, run, path):
        run(ipvs_table, self.params(path, DECLARED), *reads(), (WRITE,))
        assert path.read_text().splitlines()[1:] == [WEB, ONE, TWO]

    def test_the_second_run_changes_neither_kernel_nor_record(self, run, path):
        run(ipvs_table, self.params(path, DECLARED), *reads(), (WRITE,))
        before = path.stat()
        result, _written = run(ipvs_table, self.params(path, DECLARED), *reads(WEB, ONE, TWO))
        assert not result['changed']
        assert path.stat() == before

    def test_what_is_recorded_and_no_longer_declared_goes_and_the_foreign_stays(self, run, path):
        run(ipvs_table, self.params(path, DECLARED), *reads(), (WRITE,))
        foreign = '-A -f 7 -s rr'
        result, written = run(ipvs_table, self.params(path), *reads(WEB, ONE, TWO, foreign), (WRITE,), (IP,))
        assert written == [NO_WEB]
        assert not path.exists()

    def test_entries_that_are_there_already_are_adopted(self, run, path):
        result, written = run(ipvs_table, self.params(path, DECLARED), *reads(WEB, ONE, TWO))
        assert result['changed']
        assert result['commands'] == written == []
        assert path.read_text().splitlines()[1:] == [WEB, ONE, TWO]

    def test_check_mode_foretells_the_record_and_leaves_it(self, run, path):
        foretold, _written = run(ipvs_table, self.params(path, DECLARED), *reads(), check=True)
        assert not path.exists()
        done, _written = run(ipvs_table, self.params(path, DECLARED), *reads(), (WRITE,))
        assert foretold['diff'] == done['diff']

    def test_while_the_kernel_is_written_the_record_holds_what_was_and_what_will_be_ours(self, run, path, monkeypatch):
        run(ipvs_table, self.params(path, DECLARED), *reads(), (WRITE,))
        seen = []
        monkeypatch.setattr(kernel.Kernel, 'apply', lambda *_arguments: seen.append(record.read(str(path))))
        other = dict(DECLARED, port=81)
        run(ipvs_table, self.params(path, other), *reads(WEB, ONE, TWO))
        assert {key.number for key in seen[0].services} == {80, 81}

    def test_a_refused_change_leaves_the_record_as_it_was(self, run, path):
        run(ipvs_table, self.params(path, DECLARED), *reads(), (WRITE,))
        before = path.read_text()
        result, _written = run(
            ipvs_table,
            self.params(path, DECLARED, dict(SERVICE, port=81)),
            *reads(WEB, ONE, TWO),
            refused('No space'),
            *reads(WEB, ONE, TWO),
        )
        assert result['failed']
        assert path.read_text() == before

    def test_what_could_not_be_undone_stays_recorded_as_ours(self, run, path):
        other = '-A -t 192.0.2.100:81 -s wlc'
        result, _written = run(
            ipvs_table,
            self.params(path, dict(SERVICE, port=81), dict(SERVICE, port=82)),
            *reads(),
            refused('No space'),
            *reads(other),
            refused('No memory'),
            *reads(other),
        )
        assert 'Undoing it failed too' in result['msg']
        assert other in path.read_text()

    def test_a_damaged_record_stops_the_task_before_the_kernel_is_asked(self, run, path):
        path.write_text('rubbish\n')
        result, _written = run(ipvs_table, self.params(path, DECLARED))
        assert 'is not a record of this collection' in result['msg']
