# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Timeouts and sync daemons: read, declared, planned and written in ipvsadm's words."""

from __future__ import annotations

import pathlib

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import (
    dump,
    kernel,
    model,
    options,
    rules,
    timeouts_record,
)
from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs.plan import plan_daemon, plan_timeouts
from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs.settings import SyncDaemon, Timeouts

from .scripted import WRITE, ScriptedIpvsadm, refused

GOLDEN = pathlib.Path(__file__).parent / 'golden'
FRESH = Timeouts(900, 120, 300)
MASTER = SyncDaemon('master', 'eth0', 0, 1472, '224.0.0.81', 8848, 1)
BACKUP = SyncDaemon('backup', 'eth0', 255, 1400, '239.1.2.3', 9999, 255)


def test_timeouts_are_read():
    assert dump.parse_timeouts((GOLDEN / 'timeouts.txt').read_text()) == FRESH


def test_daemons_are_read_with_every_setting():
    assert dump.parse_daemons((GOLDEN / 'daemons.txt').read_text()) == {'master': MASTER, 'backup': BACKUP}


def test_where_no_daemon_runs_none_is_read():
    assert dump.parse_daemons('') == {}


def test_an_old_kernel_shows_fewer_settings():
    line = 'backup sync daemon (mcast=eth0.100, syncid=7)\n'
    assert dump.parse_daemons(line) == {'backup': SyncDaemon('backup', 'eth0.100', 7)}


def test_an_ipv6_group_is_read():
    line = 'master sync daemon (mcast=eth0, syncid=1, maxlen=1452, group=ff02::81, port=8848, ttl=1)\n'
    assert dump.parse_daemons(line)['master'].group == 'ff02::81'


@pytest.mark.parametrize(
    ('parse', 'text'),
    [
        (dump.parse_timeouts, ''),
        (dump.parse_timeouts, 'Timeout (tcp tcpfin udp): 900 120\n'),
        (dump.parse_timeouts, 'Timeout (tcp tcpfin udp): 900 120 300 5\n'),
        (dump.parse_timeouts, 'Timeout (tcp tcpfin udp): 900 120 -3\n'),
        (dump.parse_daemons, 'rubbish\n'),
        (dump.parse_daemons, 'master sync daemon (mcast=eth0, syncid=x)\n'),
        (dump.parse_daemons, 'master sync daemon (mcast=eth0, syncid=1, colour=3)\n'),
        (dump.parse_daemons, 'master sync daemon (mcast=eth0, syncid=1, group=all)\n'),
        (dump.parse_daemons, 'master sync daemon (mcast=eth0, syncid=1, ttl)\n'),
    ],
)
def test_what_is_not_understood_is_quoted(parse, text):
    with pytest.raises(dump.DumpError) as caught:
        parse(text)
    assert repr(text.rstrip('\n')) in str(caught.value)


@hypothesis.given(st.text(max_size=60) | st.text(max_size=20).map('master sync daemon (mcast={0}, syncid=1)'.format))
def test_damaged_output_is_read_or_refused_in_our_own_words(text):
    for parse in (dump.parse_timeouts, dump.parse_daemons):
        try:
            parse(text)
        except dump.DumpError:
            pass


class TestTimeouts:
    @pytest.mark.parametrize(
        ('given', 'lines'),
        [
            ({'tcp': 900}, []),
            ({'tcp': 900, 'tcp_fin': 120, 'udp': 300}, []),
            ({'tcp': 7200}, ['--set 7200 0 0']),
            ({'tcp_fin': 60, 'udp': 300}, ['--set 0 60 0']),
            ({'tcp': 1, 'tcp_fin': 2, 'udp': 2147483}, ['--set 1 2 2147483']),
        ],
    )
    def test_what_differs_is_set_and_the_rest_kept(self, given, lines):
        want = timeouts_record.plan(timeouts_record.NOTHING, FRESH, options.timeouts(given)).want
        assert plan_timeouts(FRESH, want) == lines

    @pytest.mark.parametrize('option', ['tcp', 'tcp_fin', 'udp'])
    @pytest.mark.parametrize('value', [0, -1, 2147484])
    def test_what_some_kernel_refuses_is_refused(self, option, value):
        with pytest.raises(model.InvalidEntry) as caught:
            options.timeouts({option: value})
        assert str(caught.value).startswith('{0}: {1} is outside 1..2147483 seconds'.format(option, value))

    def test_a_timeout_of_others_that_we_would_not_set_is_kept(self):
        have = Timeouts(2678400, 120, 300)
        assert timeouts_record.plan(timeouts_record.NOTHING, have, options.timeouts({'udp': 5})).want == (2678400, 120, 5)


class TestDaemon:
    @pytest.mark.parametrize(
        ('given', 'line'),
        [
            ({}, '--start-daemon master --mcast-interface eth1 --syncid 0'),
            ({'syncid': 255}, '--start-daemon master --mcast-interface eth1 --syncid 255'),
            (
                {'syncid': 7, 'maxlen': 1400, 'group': 'FF02:0::81', 'port': 8849, 'ttl': 2},
                '--start-daemon master --mcast-interface eth1 --syncid 7 --sync-maxlen 1400 --mcast-group ff02::81 '
                '--mcast-port 8849 --mcast-ttl 2',
            ),
        ],
    )
    def test_a_new_one_is_started_with_its_sync_id_and_what_is_given(self, given, line):
        wanted = options.daemon(dict(given, role='master', interface='eth1'))
        assert plan_daemon(None, wanted) == [line]

    @pytest.mark.parametrize(
        'given',
        [{}, {'syncid': 255}, {'maxlen': 1400, 'group': '239.1.2.3', 'port': 9999, 'ttl': 255}],
    )
    def test_one_that_runs_as_declared_stays(self, given):
        wanted = options.daemon(dict(given, role='backup', interface='eth0'), BACKUP)
        assert plan_daemon(BACKUP, wanted) == []

    @pytest.mark.parametrize(
        ('given', 'expected'),
        [
            ({'syncid': 7}, BACKUP._replace(syncid=7)),
            ({'ttl': 1}, BACKUP._replace(ttl=1)),
            ({'maxlen': 1500}, BACKUP._replace(maxlen=1500)),
            # The length came from the interface and the group.
            ({'interface': 'eth1'}, BACKUP._replace(interface='eth1', maxlen=0)),
            ({'group': 'ff05::81'}, BACKUP._replace(group='ff05::81', maxlen=0)),
            ({'interface': 'eth1', 'maxlen': 1400}, BACKUP._replace(interface='eth1')),
        ],
    )
    def test_one_with_other_settings_is_stopped_and_started(self, given, expected):
        wanted = options.daemon(dict({'role': 'backup', 'interface': 'eth0'}, **given), BACKUP)
        assert wanted == expected
        assert plan_daemon(BACKUP, wanted) == ['--stop-daemon backup', rules.start_daemon_rule(expected)]

    def test_one_that_shall_not_run_is_stopped(self):
        assert plan_daemon(MASTER, None) == ['--stop-daemon master']
        assert plan_daemon(None, None) == []

    @pytest.mark.parametrize(
        ('given', 'message'),
        [
            ({'syncid': -1}, 'syncid: -1 is outside 0..255'),
            ({'syncid': 256}, 'syncid: 256 is outside 0..255'),
            ({'maxlen': 0}, 'maxlen: 0 is no value'),
            ({'maxlen': 65508}, 'maxlen: 65508 is outside 1..65507'),
            ({'maxlen': 65488, 'group': 'ff02::81'}, 'maxlen: 65488 is outside 1..65487'),
            ({'maxlen': 1023, 'role': 'backup'}, 'maxlen: 1023 is outside 1024..65507, the range of a backup'),
            ({'port': 0}, 'port: 0 is no value'),
            ({'port': 65536}, 'port: 65536 is outside 1..65535'),
            ({'ttl': 0}, 'ttl: 0 is no value'),
            ({'ttl': 256}, 'ttl: 256 is outside 1..255'),
            ({'group': '192.0.2.1'}, "group: '192.0.2.1' is not a multicast address"),
            ({'group': 'fd00::1'}, "group: 'fd00::1' is not a multicast address"),
            ({'group': 'all'}, "group: 'all' is not a literal"),
            ({'group': '224.0.0.81\n-C'}, 'is not a literal'),
            ({'group': '1' * 10240}, '(10242 characters)'),
            ({'interface': ''}, "interface: '' is not the name"),
            ({'interface': 'sixteen-letters-'}, 'is not the name of a network interface'),
            ({'interface': 'eth0 --ttl 9'}, 'is not the name'),
            ({'interface': 'eth0\n-C'}, 'is not the name'),
            ({'interface': 'eth0\0'}, 'is not the name'),
            ({'interface': 'eth\u0661'}, 'is not the name'),
            ({'interface': 'eth0; touch /tmp/x'}, 'is not the name'),
            ({'interface': 'e' * 10240}, '(10242 characters)'),
        ],
    )
    def test_what_the_kernel_refuses_or_quietly_changes_is_refused(self, given, message):
        with pytest.raises(model.InvalidEntry) as caught:
            options.daemon(dict({'role': 'master', 'interface': 'eth0'}, **given))
        assert message in str(caught.value)


class TestRefusal:
    lines = ['--stop-daemon master', '--start-daemon master --mcast-interface eth1 --syncid 0']

    def configure(self, undo, *replies):
        ipvsadm = ScriptedIpvsadm(*replies)
        with pytest.raises(kernel.ApplyError) as caught:
            kernel.Kernel(ipvsadm).configure(self.lines, lambda: undo)
        assert not ipvsadm.replies
        return str(caught.value), ipvsadm.written

    def test_what_runs_before_runs_again_when_the_new_one_is_refused(self):
        start = rules.start_daemon_rule(MASTER)
        message, written = self.configure([start], refused('Network is unreachable'), (WRITE,))
        assert written == [self.lines, [start]]
        assert 'Network is unreachable' in message
        assert 'What was changed has been undone.' in message
        assert 'has to be up' in message

    def test_without_a_change_nothing_is_undone(self):
        message, written = self.configure([], refused('Daemon has already run'))
        assert written == [self.lines]
        assert 'Nothing had to be undone' in message

    def test_a_complaint_with_exit_status_0_is_a_refusal(self):
        message, _written = self.configure([], refused('No daemon is running', rc=0))
        assert 'No daemon is running' in message

    def test_when_undoing_fails_too_the_message_says_what_was_tried(self):
        message, _written = self.configure(['--start-daemon master'], refused('Oops'), refused('No memory'))
        assert 'Undoing it with `--start-daemon master` failed too (No memory).' in message
