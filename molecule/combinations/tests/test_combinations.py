# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each deployment with each service: converged, asked, drained and put back under load, run again, examined, removed."""

from __future__ import annotations

import contextlib
import difflib
import json
import pathlib
import random
import subprocess
import time

import crossed
import pairwise
import pytest
from nodes import REALSERVERS, ROOT, VIPS, Play, Program, bring, examine, on

NODE = pathlib.Path(__file__).parent.parent / 'node'
THERE = '/root/lvs-combinations'
HOSTS = ('director', *REALSERVERS)
# How often each service is asked at least while something is done.
REQUESTS = 4
# Seconds after which no connection of a client that has closed it is left.
CLOSED_WITHIN = 5
STATE = ROOT / 'molecule' / 'shared' / 'state.sh'
SERVICES = crossed.services()
PORTS = crossed.port(0), crossed.port(len(SERVICES) - 1)


def firewalld(wanted):
    """Run firewalld on all hosts, or on none. What carries a tunnel (protocols 4 and 41) is not the roles' to open."""
    for host in HOSTS:
        if not wanted:
            on(host, 'systemctl disable --quiet --now firewalld', check=False)
            continue
        on(host, 'command -v firewall-cmd > /dev/null || DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet firewalld > /dev/null')
        on(host, 'systemctl enable --quiet --now firewalld && firewall-cmd --quiet --permanent --add-protocol=4 --add-protocol=41 && '
                 'firewall-cmd --quiet --reload')


def state(host):
    """Return what there is on a host of what the collection could have touched."""
    return subprocess.run(
        ['docker', 'exec', '-i', host, 'sh', '-s', '/root/state-now'], input=STATE.read_text(), check=True, text=True, timeout=300,
    ) and on(host, 'cat /root/state-now')  # fmt: skip


class Deployment:
    """Hosts with all services, and what clients have seen of them."""

    def __init__(self, row, services):
        self.row = row
        self.services = services
        self.variables = crossed.variables(row, services)
        self.made = 0
        self.failed = {}

    def play(self, name, **variables):
        play = Play('playbooks/{0}.yml'.format(name), **{**self.variables, **variables}).run()
        assert play.status == 0, play.output
        return play

    @contextlib.contextmanager
    def asking(self, when):
        """Ask all services meanwhile; note each that failed."""
        program = Program('client', THERE, 'ask.py', REQUESTS, THERE + '/endpoints.json')
        try:
            yield
        finally:
            figures = program.end()
        assert figures['in_time']
        self.made += sum(one['made'] for one in figures['services'])
        for number, one in zip(self.services, figures['services']):
            if one['failed']:
                self.failed[when, number] = '{0} of {1}: {2}'.format(len(one['failed']), one['made'], one['failed'][0])


@pytest.fixture(scope='module', autouse=True)
def programs():
    bring('client', THERE, NODE / 'ask.py')
    for host in REALSERVERS:
        bring(host, THERE, NODE / 'serve.py')
        on(host, 'systemctl reset-failed lvs-combinations 2> /dev/null; systemd-run --quiet --unit=lvs-combinations '
                 'python3 {0}/serve.py {1} {2} {3}'.format(THERE, crossed.port(0), len(SERVICES), ' '.join(VIPS)))
    yield
    for host in (*REALSERVERS, 'client'):
        on(host, 'systemctl stop lvs-combinations 2> /dev/null; rm -rf ' + THERE)


@pytest.fixture(name='deployment', scope='module', params=enumerate(crossed.deployments()), ids=lambda param: ', '.join(param[1].values()))
def a_deployment(request, figure, tmp_path_factory):
    turn, row = request.param
    deployment = Deployment(row, crossed.share(SERVICES, turn))
    endpoints = tmp_path_factory.mktemp('endpoints') / 'endpoints.json'
    endpoints.write_text(json.dumps([crossed.endpoint(number, row) for number, row in deployment.services.items()]))
    bring('client', THERE, NODE / 'ask.py', endpoints)
    # Connections that a deployment before this one has left are not its own.
    for host in REALSERVERS:
        on(host, 'systemctl restart lvs-combinations')
    firewalld(row['firewall'] == 'firewalld')
    before = {host: state(host) for host in HOSTS}
    deployment.play('site')
    yield deployment
    deployment.play('teardown')
    after = {host: state(host) for host in HOSTS}
    firewalld(False)
    figure('{0}: seed {1}, {2} services, {3} requests'.format(', '.join(row.values()), crossed.SEED, len(deployment.services), deployment.made))
    for name in crossed.KNOWN:
        hurt = {number for when, number in deployment.failed if name in crossed.explained(when, deployment.row, SERVICES[number])}
        figure('    known: {0}: {1} services{2}'.format(name, len(hurt), ''.join(
            ', ' + scheduling for scheduling in sorted({SERVICES[number]['scheduling'] for number in hurt}))))
    assert {host: list(difflib.unified_diff(before[host].splitlines(), after[host].splitlines(), lineterm='', n=0)) for host in HOSTS} == (
        dict.fromkeys(HOSTS, []))


@pytest.mark.parametrize('factors', [crossed.DEPLOYMENTS, crossed.SERVICES], ids=['deployments', 'services'])
def test_each_pair_of_values_is_in_a_row(factors):
    for seed in range(3):
        rows = pairwise.rows(factors, random.Random(seed))
        assert set().union(*map(pairwise.pairs, rows)) == pairwise.all_pairs(factors)
        assert len(rows) <= 1.5 * max(len(one) * len(other) for one in factors.values() for other in factors.values() if one is not other)


def unexplained(deployment):
    """Return the failures that are no known fault, each with its deployment and service."""
    return [
        '{0}, {1}, {2}: {3}'.format(when, deployment.row, SERVICES[number], failure)
        for (when, number), failure in deployment.failed.items()
        if not crossed.explained(when, deployment.row, SERVICES[number])
    ]


def test_every_service_answers(deployment):
    with deployment.asking('served'):
        time.sleep(5)
    assert unexplained(deployment) == []


def test_no_request_fails_while_a_real_server_is_drained_and_put_back(deployment):
    # Without force it refuses to, because of the schedulers that do.
    drained = {'drain_hosts': 'real1', 'drain_timeout': 5, 'drain_ignore_timeout': True, 'drain_force': True}
    with deployment.asking('drained'):
        deployment.play('drain', **drained)
    with deployment.asking('put back'):
        deployment.play('drain', drain_state='undrained', **drained)
    assert unexplained(deployment) == []


def test_no_connection_outlives_its_client(deployment):
    with deployment.asking('closed'):
        pass
    time.sleep(CLOSED_WITHIN)
    for host in REALSERVERS:
        for line in on(host, 'ss --no-header --tcp --numeric state established "( sport >= :{0} and sport <= :{1} )"'.format(*PORTS)).splitlines():
            number = int(line.split()[2].rpartition(':')[2]) - crossed.port(0)
            deployment.failed['left', number] = host + ': ' + line
    assert unexplained(deployment) == []


def test_the_second_run_changes_nothing(deployment):
    again = deployment.play('site')
    assert not any(again.changed.values()), again.output


def test_the_doctor_finds_nothing(deployment, tmp_path):
    status, findings = examine(tmp_path, **deployment.variables)
    assert (status, findings) == (0, [])
