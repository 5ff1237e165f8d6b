# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What tests of taking real servers out and in share."""

from __future__ import annotations

import time

import pytest
from nodes import Play, on

RIP = {'real1': '192.0.2.21', 'real2': '192.0.2.22'}
RIP6 = {'real1': '[2001:db8:2::21]', 'real2': '[2001:db8:2::22]'}
ENGINES = {'static': {'director_engine': 'static'}, 'keepalived': {'director_engine': 'keepalived'}}
engines = pytest.mark.parametrize('engine', ENGINES.values(), ids=ENGINES, indirect=True, scope='module')


def play(playbook, *arguments, **variables):
    return Play('playbooks/{0}.yml'.format(playbook), *arguments, **variables).run()


def drain(engine, host, *arguments, state='drained', **variables):
    return play('drain', *arguments, drain_hosts=host, drain_state=state, **variables, **engine)


def weights(host):
    """Return the weight of a real server in each of its services."""
    lines = on('director', 'ipvsadm -Sn').splitlines()
    return [line.split()[-1] for line in lines if any('-r {0}:'.format(rip[host]) in line for rip in (RIP, RIP6))]


def connections(host):
    """Return how many active connections a real server has in all its services."""
    lines = on('director', 'ipvsadm -Ln').splitlines()
    return sum(int(line.split()[-2]) for line in lines if any('-> {0}:'.format(rip[host]) in line for rip in (RIP, RIP6)))


def wait_for(condition):
    begin = time.monotonic()
    while not condition():
        assert time.monotonic() - begin < 300
        time.sleep(0.2)
