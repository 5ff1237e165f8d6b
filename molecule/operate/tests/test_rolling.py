# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every real server is restarted, one after the other, and no client notices; the first that fails ends it."""

from __future__ import annotations

import os

from nodes import REALSERVERS, ROOT, on
from operate import drain, engines, play, weights

pytestmark = engines
REQUESTS = int(os.environ.get('LVS_REQUESTS', '1000'))
# To each VIP.
STREAMS = 25
# How a stream ends that its server has closed between two requests.
CLOSED = ('RemoteDisconnected', 'ConnectionResetError', 'BrokenPipeError')


def rolling(engine, tasks, **variables):
    return play('rolling_update', rolling_tasks=str(tasks), drain_timeout=5, drain_ignore_timeout=True, **variables, **engine)


def boots():
    return {host: on(host, 'systemctl show --property=UserspaceTimestampMonotonic --value').strip() for host in REALSERVERS}


def test_no_request_fails_while_all_real_servers_are_restarted(engine, asking, figure):
    times = 0
    with asking('while all real servers are restarted, again and again', at_least=0, streams=STREAMS, pause=0.02) as figures:
        while figures.made() < REQUESTS:
            before = boots()
            done = rolling(engine, ROOT / 'molecule/operate/tasks/work.yml')
            assert done.status == 0, done.output
            assert all(boots()[host] != before[host] for host in REALSERVERS)
            times += 1
    figure('all real servers were restarted {0} times'.format(times))
    assert figures['failed'] == []
    assert all(any(kind in broken for kind in CLOSED) for broken in figures['broken']), figures['broken']
    assert all(weights(host) == ['1', '1'] for host in REALSERVERS)
    assert 'real2: done and back in, 2 of 2 real servers' in done.output


def test_who_cannot_serve_stays_out_and_the_rest_serves(engine, asking, tmp_path):
    tasks = tmp_path / 'tasks.yml'
    tasks.write_text('- ansible.builtin.command: systemctl stop nginx\n')
    with asking('while a rolling update fails', at_least=0) as figures:
        stopped = rolling(engine, tasks, rolling_retries=2)
    assert stopped.status != 0
    assert 'real1: does not answer director at 192.0.2.100 port 80 (web): 3 refused' in stopped.output
    assert 'real1 stays drained, the rest serves, and nothing was done on real2.' in stopped.output
    assert figures['failed'] == []
    assert weights('real2') == ['1', '1'] and '1' not in weights('real1')
    on('real1', 'systemctl start nginx')
    tasks.write_text('- ansible.builtin.command: "true"\n')
    done = rolling(engine, tasks)
    assert done.status == 0, done.output
    assert all(weights(host) == ['1', '1'] for host in REALSERVERS)


def test_it_does_not_begin_while_another_real_server_is_out(engine, tmp_path):
    tasks = tmp_path / 'tasks.yml'
    tasks.write_text('- ansible.builtin.command: "true"\n')
    assert drain(engine, 'real2', drain_timeout=0).status == 0
    refused = rolling(engine, tasks)
    assert refused.status != 0 and 'without real1, web (tcp 192.0.2.100:80) has no real server left: real2 is drained' in refused.output
    assert weights('real1') == ['1', '1']
    assert drain(engine, 'real2', state='undrained').status == 0


def test_nothing_is_left(engine):
    removed = play('teardown', **engine)
    assert removed.status == 0, removed.output
    assert 'drained.json' not in on('director', 'ls /var/lib/lvs', check=False)
