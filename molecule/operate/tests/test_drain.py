# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A real server is taken out without hurting anyone, stays out whatever is run, and comes back."""

from __future__ import annotations

import collections
import re

from nodes import REALSERVERS, VIPS, on, reboot
from operate import connections, drain, engines, play, wait_for, weights

pytestmark = engines


def answers(requests=10):
    url = 'http://{0}/'.format(VIPS[0])
    return collections.Counter(on('client', '; '.join(['curl --silent --max-time 20 ' + url] * requests), check=False).split())


def pid():
    return on('director', 'systemctl show --property=MainPID --value keepalived', check=False)


def test_it_is_foretold_no_request_fails_and_the_second_time_nothing_changes(engine, asking):
    before = pid()
    foretold = drain(engine, 'real1', '--check')
    assert foretold.status == 0 and weights('real1') == ['1', '1'], foretold.output
    with asking('while a real server is drained') as figures:
        done = drain(engine, 'real1', drain_timeout=1, drain_ignore_timeout=True, drain_reason='new disks')
        assert done.status == 0, done.output
        assert done.changed == foretold.changed and done.changed['director']
        wait_for(lambda: weights('real1') == ['0', '0'])
    assert figures['failed'] == figures['broken'] == []
    assert pid() == before
    again = drain(engine, 'real1')
    assert again.status == 0 and not any(again.changed.values()), again.output
    assert 'real1 is drained since' in again.output and '(new disks)' in again.output
    assert set(answers()) == {'real2'}


def test_it_stays_out_whatever_is_run_and_after_a_restart(engine, site):
    assert not any(site(**engine).changed.values())
    assert weights('real1') == ['0', '0']
    verified = play('verify', **engine)
    assert verified.status == 0, verified.output
    reboot('director')
    wait_for(lambda: weights('real1') == ['0', '0'])
    wait_for(lambda: set(answers()) == {'real2'})
    assert not any(site(**engine).changed.values())


def test_the_last_real_server_stays_in_unless_it_is_forced(engine):
    refused = drain(engine, 'real2')
    assert refused.status != 0 and 'has no real server left: real1 is drained since' in refused.output
    assert weights('real2') == ['1', '1']


def test_it_comes_back_and_held_streams_go_on(engine, asking):
    with asking('while a real server is put back') as figures:
        back = drain(engine, 'real1', state='undrained')
        assert back.status == 0 and 'real1 back in with weight' in back.output, back.output
        assert weights('real1') == ['1', '1']
    assert figures['failed'] == figures['broken'] == []
    assert set(answers()) == set(REALSERVERS)
    assert not any(drain(engine, 'real1', state='undrained').changed.values())


def test_a_held_stream_is_said_and_goes_on(engine, asking):
    with asking('while a stream outlasts the time', at_least=0) as figures:
        wait_for(lambda: any(connections(host) for host in REALSERVERS))
        host = max(REALSERVERS, key=connections)
        out = drain(engine, host, drain_timeout=15)
        assert out.status != 0, out.output
        assert 'director: {0} has '.format(host) in out.output and 's of at most 15 s' in out.output
        assert '{0} gets no new connections and stays drained'.format(host) in out.output
        assert drain(engine, host, state='undrained').status == 0
    assert figures['failed'] == figures['broken'] == []


def test_a_client_of_a_persistent_service_goes_elsewhere(engine, site):
    services = [{'name': 'web', 'vip': VIPS[0], 'port': 80, 'scheduler': 'rr', 'realservers': 'realservers', 'persistence_timeout': 300}]
    site(lvs_virtual_services=services, **engine)
    (host,) = answers(5)
    out = drain(engine, host, lvs_virtual_services=services)
    assert out.status == 0, out.output
    assert set(answers(5)) == set(REALSERVERS) - {host}
    assert drain(engine, host, state='undrained', lvs_virtual_services=services).status == 0
    site(**engine)


def test_datagrams_are_not_waited_for(engine, site):
    services = [{'name': 'names', 'vip': VIPS[0], 'port': 53, 'protocol': 'udp', 'scheduler': 'rr', 'realservers': 'realservers',
                 'check': {'type': 'ping'}}]
    site(lvs_virtual_services=services, **engine)
    on('client', "bash -c 'for n in 1 2 3 4; do echo > /dev/udp/{0}/53; done'".format(VIPS[0]))
    out = drain(engine, 'real1', drain_timeout=60, lvs_virtual_services=services)
    assert out.status == 0 and not re.search(r'real1 has \d+ connection', out.output), out.output
    assert drain(engine, 'real1', state='undrained', lvs_virtual_services=services).status == 0
    site(**engine)
