# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ipvs_timeouts with a record: kept for boot, given back, and safe at every step."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.command import NotInstalled, Result
from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import kernel
from ansible_collections.lvs.direct_routing.plugins.modules import ipvs_timeouts

MARKER = '# lvs.direct_routing timeouts, version 1'


class Ipvsadm:
    """An ipvsadm that holds timeouts; `seen` is the record whenever it was given something to write."""

    def __init__(self, path):
        self.path = path
        self.live = [900, 120, 300]
        self.seen, self.calls, self.refuses = [], 0, 0

    def __call__(self, argv, stdin=None):
        self.calls += 1
        if argv[1] != '-R':
            return Result(argv, 0, 'Timeout (tcp tcpfin udp): {0} {1} {2}\n'.format(*self.live), '')
        self.seen.append(self.path.read_text().splitlines() if self.path.exists() else None)
        if self.refuses:
            self.refuses -= 1
            self.live[0] = 1
            return Result(argv, 255, '', 'Invalid operation')
        for line in stdin.splitlines():
            command, *seconds = line.split()
            assert command == '--set'
            self.live = [int(given) or live for given, live in zip(seconds, self.live)]
        return Result(argv, 0, '', '')


class Host:
    def __init__(self, run, path):
        self.run, self.path = run, path
        self.ipvsadm = Ipvsadm(path)

    def task(self, check=False, **params):
        params.setdefault('record', str(self.path))
        return self.run(ipvs_timeouts, params, check=check, runner=lambda _module: self.ipvsadm)[0]

    @property
    def recorded(self):
        return self.path.read_text().splitlines() if self.path.exists() else None


@pytest.fixture
def host(run, tmp_path):
    return Host(run, tmp_path / 'lvs' / 'director.timeouts')


def test_timeouts_are_set_and_kept_with_those_before(host):
    result = host.task(tcp=7200, udp=30)
    assert result['commands'] == ['--set 7200 0 30'] and host.ipvsadm.live == [7200, 120, 30]
    assert host.recorded == [MARKER, '# before: --set 900 0 300', '--set 7200 0 30']
    assert host.path.stat().st_mode & 0o777 == 0o600


def test_what_was_before_is_recorded_before_the_kernel_changes_and_until_it_is_given_back(host):
    host.task(tcp=7200)
    host.task(udp=30)
    host.task(state='absent')
    assert host.ipvsadm.seen == [
        [MARKER, '# before: --set 900 0 0', '--set 7200 0 0'],
        [MARKER, '# before: --set 900 0 300', '--set 7200 0 30'],
        [MARKER, '# before: --set 0 0 300', '--set 0 0 30'],
    ]


def test_a_timeout_that_is_left_out_later_is_given_back(host):
    host.task(tcp=7200, udp=30)
    assert host.task(udp=60)['commands'] == ['--set 900 0 60']
    assert host.recorded == [MARKER, '# before: --set 0 0 300', '--set 0 0 60']


def test_absent_gives_back_what_was_before_and_removes_the_record(host):
    host.ipvsadm.live = [1000, 2000, 3000]
    host.task(tcp=7200, tcp_fin=60)
    result = host.task(state='absent')
    assert result['changed'] and result['timeouts'] == {'tcp': 1000, 'tcp_fin': 2000, 'udp': 3000}
    assert host.ipvsadm.live == [1000, 2000, 3000] and not host.path.parent.exists()
    assert not host.task(state='absent')['changed']


def test_absent_without_a_record_asks_nobody(host):
    assert host.task(state='absent')['changed'] is False
    assert host.ipvsadm.calls == 0


def test_absent_leaves_what_someone_else_changed_with_a_warning(host):
    host.task(tcp=7200, udp=30)
    host.ipvsadm.live[0] = 1200
    result = host.task(state='absent')
    assert host.ipvsadm.live == [1200, 120, 300] and host.recorded is None
    assert result['warnings'] == [
        'tcp is 1200 s, which is not what this module set (7200): it is left as it is, not given back as 900']


def test_a_second_run_reads_once_and_writes_nothing(host):
    host.task(tcp=7200)
    calls, inode = host.ipvsadm.calls, host.path.stat().st_ino
    result = host.task(tcp=7200)
    assert not result['changed'] and result['commands'] == result['diff'] == []
    assert host.ipvsadm.calls == calls + 1 and host.path.stat().st_ino == inode


def test_timeouts_that_are_right_already_are_only_recorded(host):
    result = host.task(tcp=900)
    assert result['changed'] and result['commands'] == [] and len(result['diff']) == 1
    assert host.recorded == [MARKER, '# before: --set 900 0 0', '--set 900 0 0']


def test_timeouts_that_a_boot_reset_are_set_again_and_the_record_stays(host):
    host.task(tcp=7200)
    inode = host.path.stat().st_ino
    host.ipvsadm.live = [900, 120, 300]
    assert host.task(tcp=7200)['commands'] == ['--set 7200 0 0']
    assert host.path.stat().st_ino == inode


@pytest.mark.parametrize('first', [{}, {'tcp': 7200}, {'tcp': 7200, 'udp': 30}])
@pytest.mark.parametrize('second', [{'tcp': 7200}, {'udp': 60}, {'tcp': 900}, {'state': 'absent'}])
def test_check_mode_foretells_what_is_done_and_writes_nothing(host, first, second):
    if first:
        host.task(**first)
    live, recorded, written = list(host.ipvsadm.live), host.recorded, len(host.ipvsadm.seen)
    foretold = host.task(check=True, **second)
    assert (host.ipvsadm.live, host.recorded, len(host.ipvsadm.seen)) == (live, recorded, written)
    done = host.task(**second)
    for part in ('changed', 'commands', 'diff', 'timeouts'):
        assert foretold.get(part) == done.get(part)
    assert done['changed'] == bool(done['diff'])
    for part in done['diff']:
        if part['after_header'] == str(host.path):
            assert part['after'].splitlines() == (host.recorded or [])


def test_what_ipvsadm_refuses_leaves_the_record_as_it_was(host):
    host.ipvsadm.refuses = 1
    result = host.task(tcp=7200)
    assert 'What was changed has been undone' in result['msg']
    assert host.recorded is None and host.ipvsadm.live == [900, 120, 300]


def test_what_could_not_be_undone_stays_recorded(host):
    host.ipvsadm.refuses = 2
    assert 'Undoing it with `--set 900 0 0` failed too' in host.task(tcp=7200)['msg']
    assert host.recorded == [MARKER, '# before: --set 900 0 0', '--set 7200 0 0']


@pytest.mark.parametrize(('params', 'message'), [
    ({'state': 'absent', 'tcp': 7200}, 'tcp: 7200 does not go with state=absent'),
    ({'state': 'absent', 'record': None}, 'record: None is missing; without it nobody knows'),
    ({'tcp': 0}, 'tcp: 0 is outside 1..2147483 seconds'),
    ({'tcp': 7200, 'record': 'relative'}, "record: 'relative' is not an absolute path"),
    ({'tcp': 7200, 'record': '/no/such/place/record'}, 'which is not a folder'),
])
@pytest.mark.parametrize('check', [True, False])
def test_bad_input_is_one_sentence_and_changes_nothing(host, params, message, check):
    assert message in host.task(check=check, **params)['msg']
    assert host.ipvsadm.seen == []


@pytest.mark.parametrize('params', [{'tcp': 7200}, {'state': 'absent'}])
def test_a_file_of_someone_else_is_left_alone(host, params):
    host.path.parent.mkdir()
    host.path.write_text('mine\n')
    assert 'is not a record of this collection' in host.task(**params)['msg']
    assert host.recorded == ['mine'] and host.ipvsadm.calls == 0


@pytest.mark.parametrize('check', [True, False])
def test_what_was_before_is_not_forgotten_where_ipvsadm_is_missing(host, monkeypatch, check):
    host.task(tcp=7200)
    recorded = host.recorded

    def missing(argv, stdin=None):
        raise NotInstalled(argv)

    monkeypatch.setattr(kernel.Kernel, 'has_services', lambda: False)
    host.ipvsadm = missing
    assert 'Install the package that provides ipvsadm' in host.task(check=check, state='absent')['msg']
    assert host.recorded == recorded


def test_without_a_record_no_file_is_made(host):
    result = host.task(record=None, tcp=7200)
    assert result['diff']['after'] == '--set 7200 120 300\n' and not pathlib.Path(host.path.parent).exists()
