# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two directors that are real servers too: what one sends to the other is served there, and not sent on and on."""

from __future__ import annotations

import collections

import pytest
from nodes import REALSERVERS, VIPS, Play, on
from pair import DIRECTORS, PAIR, holder, holds, other, table, tear_down_what_is_there, wait_for

pytestmark = pytest.mark.in_turn
# inventories/pair, and in it both directors as real servers.
BOTH = ('-i', 'molecule/failover/inventories/serving.yml')
EVERYBODY = {*DIRECTORS, *REALSERVERS}
# Of HTTP/1.1, for streams that are held.
SERVE = """
mkdir -p /run/page && hostname > /run/page/index.html && systemd-run --quiet --unit=lvs-page --working-directory=/run/page python3 -c "
from http import server
server.test(server.SimpleHTTPRequestHandler, server.ThreadingHTTPServer, protocol='HTTP/1.1', port=80, bind='::')"
"""


def answers(vip, requests=40):
    url = 'http://{0}/'.format('[' + vip + ']' if ':' in vip else vip)
    return collections.Counter(on('client', '; '.join(['curl --silent --max-time 20 ' + url] * requests), check=False).split())


def forwarded(node):
    """Return how many connections a director has given to real servers since it was asked last."""
    count = sum(int(line.split()[2]) for line in on(node, 'ipvsadm --list --numeric --stats --exact').splitlines() if '->' in line and ':80' in line)
    on(node, 'ipvsadm --zero')
    return count


@pytest.fixture(name='serving', scope='module')
def directors_that_serve():
    tear_down_what_is_there()
    for node in DIRECTORS:
        on(node, SERVE)
    done = Play('playbooks/site.yml', *BOTH, inventory=PAIR).run()
    assert done.status == 0, done.output
    yield
    torn_down = Play('playbooks/teardown.yml', *BOTH, inventory=PAIR).run()
    for node in DIRECTORS:
        on(node, 'systemctl stop lvs-page')
    assert torn_down.status == 0, torn_down.output
    assert not any(vip in on(node, 'ip address') for vip in VIPS for node in EVERYBODY)


def test_everybody_serves_and_nothing_is_sent_on(serving, listening):
    wait_for(holder)
    wait_for(lambda: all(len(table(node)) == 10 for node in DIRECTORS))
    master = holder()
    for node in DIRECTORS:
        forwarded(node)
    with listening(DIRECTORS) as heard:
        assert all(answers(vip) == dict.fromkeys(EVERYBODY, 10) for vip in VIPS)
    assert heard['claimed'] == {}
    # The other one took its own part for itself.
    assert forwarded(other(master)) == 0 and forwarded(master) == 80


def test_the_second_run_changes_nothing(serving):
    again = Play('playbooks/site.yml', *BOTH, inventory=PAIR).run()
    assert again.status == 0 and not any(again.changed.values()), again.output


def test_it_is_healthy(serving):
    verified = Play('playbooks/verify.yml', *BOTH, inventory=PAIR).run()
    assert verified.status == 0, verified.output
    examined = Play('playbooks/doctor.yml', *BOTH, inventory=PAIR).run()
    assert examined.status == 0, examined.output


def test_after_a_failover_everybody_serves_again(serving, asking):
    first = holder()
    with asking('as a director that serves too hands over', at_least=0, streams=10) as figures:
        done = Play('playbooks/failover.yml', *BOTH, inventory=PAIR).run()
    assert done.status == 0, done.output
    assert figures['failed'] == figures['broken'] == []
    assert holder() == other(first) and holds(first) == []
    wait_for(lambda: all(len(table(node)) == 10 for node in DIRECTORS))
    assert all(set(answers(vip)) == EVERYBODY for vip in VIPS)
