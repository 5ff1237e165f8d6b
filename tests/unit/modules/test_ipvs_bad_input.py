# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever is wrong with the options or the host, the user reads one sentence and nothing is changed."""

from __future__ import annotations

import errno
import json
import os

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils import command
from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import kernel, lock
from ansible_collections.lvs.direct_routing.plugins.modules import (
    ipvs_info,
    ipvs_realserver,
    ipvs_service,
    ipvs_sync_daemon,
    ipvs_table,
    ipvs_timeouts,
)

from ..module_utils.ipvs.scripted import DAEMONS, SAVE, TIMEOUTS, reads

WEB = {'address': '192.0.2.100', 'port': 80}
UDP = dict(WEB, protocol='udp', persistence_timeout=60)
SERVER = {'address': '192.0.2.21'}
TUNNEL = dict(SERVER, forward='tun', tunnel={'type': 'gue', 'port': 6080, 'checksum': 'csum'})

HOSTILE = {
    'shell': '; touch /tmp/x',
    'newline': '\n-C',
    'nul': '\0',
    'long': 'x' * 10240,
    'percent': '%s{0}',
    'not ascii': '\u0661\u2028',
}


def table(service, **server):
    realservers = [dict(SERVER, **server)] if server else []
    return {'services': [dict(service, realservers=realservers)]}


# Each string that a user can give: the module, and the parameters with a hostile text behind a good value.
STRINGS = {
    'service address': (ipvs_service, lambda text: dict(WEB, address='192.0.2.100' + text)),
    'service protocol': (ipvs_service, lambda text: dict(WEB, protocol='tcp' + text)),
    'service family': (ipvs_service, lambda text: {'fwmark': 7, 'family': 'ipv4' + text}),
    'service scheduler': (ipvs_service, lambda text: dict(WEB, scheduler='rr' + text)),
    'service scheduler_flags': (ipvs_service, lambda text: dict(WEB, scheduler='sh', scheduler_flags=['sh-port' + text])),
    'service persistence_netmask': (ipvs_service, lambda text: dict(UDP, persistence_netmask='255.255.255.0' + text)),
    'service persistence_engine': (ipvs_service, lambda text: dict(UDP, persistence_engine='sip' + text)),
    'realserver address': (ipvs_realserver, lambda text: dict(WEB, realserver_address='192.0.2.21' + text)),
    'realserver service': (ipvs_realserver, lambda text: dict(WEB, address='::1' + text, realserver_address='::2')),
    'realserver forward': (ipvs_realserver, lambda text: dict(WEB, realserver_address='192.0.2.21', forward='dr' + text)),
    'table address': (ipvs_table, lambda text: table(dict(WEB, address='192.0.2.100' + text))),
    'table protocol': (ipvs_table, lambda text: table(dict(WEB, protocol='tcp' + text))),
    'table family': (ipvs_table, lambda text: table({'fwmark': 7, 'family': 'ipv4' + text})),
    'table scheduler': (ipvs_table, lambda text: table(dict(WEB, scheduler='rr' + text))),
    'table scheduler_flags': (ipvs_table, lambda text: table(dict(WEB, scheduler='sh', scheduler_flags=['sh-port' + text]))),
    'table persistence_netmask': (ipvs_table, lambda text: table(dict(UDP, persistence_netmask='24' + text))),
    'table persistence_engine': (ipvs_table, lambda text: table(dict(UDP, persistence_engine='sip' + text))),
    'table number': (ipvs_table, lambda text: table(dict(WEB, port='80' + text))),
    'table truth': (ipvs_table, lambda text: table(dict(UDP, one_packet='yes' + text))),
    'table option': (ipvs_table, lambda text: table(dict(WEB, **{'port' + text: 80}))),
    'table realserver address': (ipvs_table, lambda text: table(WEB, address='192.0.2.21' + text)),
    'table forward': (ipvs_table, lambda text: table(WEB, forward='dr' + text)),
    'table tunnel type': (ipvs_table, lambda text: table(WEB, forward='tun', tunnel={'type': 'gre' + text})),
    'table tunnel checksum': (ipvs_table, lambda text: table(WEB, forward='tun', tunnel={'checksum': 'none' + text})),
    'table tunnel option': (ipvs_table, lambda text: table(WEB, forward='tun', tunnel={'type' + text: 'gre'})),
    'table purge': (ipvs_table, lambda text: dict(table(WEB), purge='all' + text)),
    'table ignore': (ipvs_table, lambda text: dict(table(WEB), ignore=[{'address': '192.0.2.0/24' + text}])),
    'table ignore realserver': (ipvs_table, lambda text: dict(table(WEB), ignore=[{'realserver_address': '::1' + text}])),
    'daemon role': (ipvs_sync_daemon, lambda text: {'role': 'master' + text, 'interface': 'lo'}),
    'daemon interface': (ipvs_sync_daemon, lambda text: {'role': 'master', 'interface': 'lo' + text}),
    'daemon group': (ipvs_sync_daemon, lambda text: {'role': 'master', 'interface': 'lo', 'group': '224.0.0.81' + text}),
    'timeout': (ipvs_timeouts, lambda text: {'tcp': '900' + text}),
    'gather': (ipvs_info, lambda text: {'gather': ['services' + text]}),
}


# AnsibleModule looks at choices and numbers outside lists itself, and has its own words.
ANSIBLES = {
    'service protocol', 'service family', 'realserver forward', 'table purge', 'daemon role', 'gather', 'timeout',
}


@pytest.fixture(name='untouched')
def host_that_only_reads(run, monkeypatch, tmp_path):
    """Return `untouched(module, params, check) -> result` on a host that answers readings and takes no write."""

    def runner(_module):
        said = {'--timeout': 'Timeout (tcp tcpfin udp): 900 120 300\n', '-Sn': '-A -t [::1]:80 -s rr\n'}

        def reading(argv, stdin=None):
            assert stdin is None, 'something was written'
            return command.Result(tuple(argv), 0, said.get(argv[-1], ''), '')

        return reading

    def untouched(module, params, check=False):
        result, _written = run(module, params, check=check, runner=runner)
        assert [path for path in tmp_path.iterdir() if path.name != 'lock'] == []
        return result

    return untouched


@pytest.mark.parametrize(
    ('field', 'hostile'),
    # Ansible takes the digits of every script.
    [(field, hostile) for field in STRINGS for hostile in HOSTILE if (field, hostile) != ('timeout', 'not ascii')],
)
def test_a_hostile_text_in_any_field_is_refused(untouched, field, hostile):
    module, params = STRINGS[field]
    result = untouched(module, params(HOSTILE[hostile]))
    assert result['failed']
    assert 'Traceback' not in result['msg'] and 'exception' not in result
    assert field in ANSIBLES or result['msg'].isprintable()


@pytest.mark.parametrize('field', sorted(STRINGS.keys() - ANSIBLES))
def test_a_long_text_is_not_repeated_in_full(untouched, field):
    module, params = STRINGS[field]
    assert len(untouched(module, params(HOSTILE['long']))['msg']) < 1000


@pytest.mark.parametrize('check', [False, True])
@pytest.mark.parametrize('hostile', ['newline', 'nul', 'long'])
def test_a_hostile_path_of_a_record_is_refused(untouched, tmp_path, hostile, check):
    params = dict(table(WEB), record=str(tmp_path / 'lvs' / ('record' + HOSTILE[hostile])))
    result = untouched(ipvs_table, params, check)
    assert result['failed']
    assert 'record' in result['msg']
    assert len(result['msg']) < 1000


NUMBERS = [
    (ipvs_service, dict(WEB, port=65536), 'port: 65536 is outside 0..65535'),
    (ipvs_service, {'fwmark': 2**32}, 'fwmark: 4294967296 is outside 1..4294967295'),
    (ipvs_service, dict(WEB, persistence_timeout=2678401), 'persistence_timeout: 2678401 is outside 0..2678400'),
    (ipvs_service, dict(WEB, one_packet=True), 'one_packet: True is only for udp services, not tcp'),
    (ipvs_service, dict(WEB, protocol='sctp', one_packet=True), 'one_packet: True is only for udp services, not sctp'),
    (ipvs_service, dict(WEB, fwmark=7), "address: '192.0.2.100' does not go with fwmark"),
    (ipvs_realserver, dict(WEB, realserver_address='192.0.2.21', weight=65536), 'weight: 65536 is outside 0..65535'),
    (ipvs_realserver, dict(WEB, realserver_address='192.0.2.21', realserver_port=81), 'realserver_port: 81 is not the port'),
    (ipvs_realserver, dict(WEB, realserver_address='224.0.0.1'), "realserver_address: '224.0.0.1' is multicast"),
    (ipvs_realserver, dict(WEB, realserver_address='2001:db8::21'), 'only forward: tun may mix families'),
    (ipvs_realserver, dict(WEB, realserver_address='192.0.2.21', lower_threshold=5), 'lower_threshold: 5 needs an upper'),
    (ipvs_table, {'services': [WEB, WEB]}, 'first as services[0]'),
    (ipvs_table, {'services': [dict(WEB, realservers=[SERVER, SERVER])]}, 'realservers[1] address: '),
    (ipvs_sync_daemon, {'role': 'master', 'interface': 'lo', 'syncid': 256}, 'syncid: 256 is outside 0..255'),
    (ipvs_timeouts, {'tcp': 0}, 'tcp: 0 is outside 1..2147483'),
]


@pytest.mark.parametrize('check', [False, True])
@pytest.mark.parametrize(('module', 'params', 'message'), NUMBERS)
def test_each_module_refuses_in_check_mode_what_it_refuses_in_earnest(untouched, module, params, message, check):
    result = untouched(module, params, check)
    assert result['failed']
    assert message in result['msg']


MODULES = [
    (ipvs_service, WEB, SAVE),
    (ipvs_realserver, dict(WEB, realserver_address='192.0.2.21'), SAVE),
    (ipvs_realserver, dict(WEB, realserver_address='192.0.2.21', state='drained'), SAVE),
    (ipvs_table, table(WEB), SAVE),
    (ipvs_timeouts, {'tcp': 900}, TIMEOUTS),
    (ipvs_sync_daemon, {'role': 'master', 'interface': 'lo'}, DAEMONS),
    (ipvs_info, {}, SAVE),
]
HOSTS = {
    "Can't initialize ipvs: Protocol not available\nAre you sure that IP Virtual Server is built in the kernel or as module?": (
        'load the module ip_vs'
    ),
    "Can't initialize ipvs: Permission denied (you must be root)\nAre you sure that IP Virtual Server is built in": 'use become',
}


@pytest.mark.parametrize('check', [False, True])
@pytest.mark.parametrize('stderr', HOSTS)
@pytest.mark.parametrize(('module', 'params', 'reading'), MODULES)
def test_a_host_without_ipvs_or_root_is_said_with_what_to_do(run, module, params, reading, stderr, check):
    result, _written = run(module, params, (reading, 2, '', stderr), check=check)
    assert result['failed']
    assert stderr.partition('\n')[0] in result['msg']
    assert HOSTS[stderr] in result['msg']


@pytest.mark.parametrize('check', [False, True])
@pytest.mark.parametrize(('module', 'params', 'reading'), MODULES)
def test_a_host_without_ipvsadm_but_with_services_is_said_with_what_to_do(run, monkeypatch, module, params, reading, check):
    def missing(_module):
        def runner(argv, stdin=None):
            raise command.NotInstalled(argv)

        return runner

    monkeypatch.setattr(kernel.Kernel, 'has_services', lambda: True)
    result, _written = run(module, params, check=check, runner=missing)
    assert 'not installed. Install the package that provides ipvsadm' in result['msg']


@pytest.mark.parametrize('check', [False, True])
def test_a_user_who_may_not_take_the_lock_is_told_to_use_become(run, monkeypatch, check):
    def denied(_path):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(lock, '_locked', denied)
    result, _written = run(ipvs_service, WEB, check=check)
    assert 'Permission denied' in result['msg'] and 'use become' in result['msg']


class TestRecord:
    @staticmethod
    def params(path):
        return dict(table(WEB), purge='owned', record=str(path))

    @pytest.mark.parametrize('check', [False, True])
    @pytest.mark.parametrize(
        ('content', 'message'),
        [
            ('rubbish\n', 'is not a record of this collection'),
            ('# lvs.direct_routing ruleset, version 1\n-A -t\n', 'is damaged'),
            ('# lvs.direct_routing ruleset, version 2\n', 'Use the newer collection'),
        ],
    )
    def test_one_that_cannot_be_trusted_stops_the_task(self, run, tmp_path, content, message, check):
        path = tmp_path / 'record'
        path.write_text(content)
        result, _written = run(ipvs_table, self.params(path), check=check)
        assert message in result['msg'] and str(path) in result['msg']
        assert path.read_text() == content

    @pytest.mark.parametrize('check', [False, True])
    def test_a_symbolic_link_stops_the_task(self, run, tmp_path, check):
        path = tmp_path / 'record'
        os.symlink(tmp_path / 'elsewhere', path)
        result, _written = run(ipvs_table, self.params(path), check=check)
        assert 'is a symbolic link' in result['msg']
        assert not (tmp_path / 'elsewhere').exists()

    @pytest.mark.parametrize('check', [False, True])
    def test_a_place_that_is_not_writable_stops_the_task(self, run, tmp_path, monkeypatch, check):
        monkeypatch.setattr(os, 'access', lambda _path, _mode: False)
        result, _written = run(ipvs_table, self.params(tmp_path / 'record'), check=check)
        assert result['msg'] == 'record: {0} is not writable'.format(tmp_path / 'record')


def test_the_table_as_it_is_passes(run):
    # The negative control of this file: what is good is not refused.
    service = dict(UDP, persistence_engine='sip', realservers=[TUNNEL])
    result, _written = run(ipvs_table, {'services': [service]}, *reads(), check=True)
    assert not result.get('failed'), json.dumps(result)
    assert len(result['commands']) == 2
