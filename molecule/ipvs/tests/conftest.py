# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bring the modules and the cases into the nodes and run them there."""

from __future__ import annotations

import contextlib
import io
import json
import pathlib
import subprocess
import sys
import tarfile
import time

import ansible
import pytest
from nodes import PATIENCE, ROOT, Program

HERE = pathlib.Path(__file__).parent
NODE = HERE.parent / 'node'
TRAFFIC = ROOT / 'molecule' / 'shared' / 'node' / 'traffic.py'
THERE = '/root/lvs-ipvs'

sys.path.insert(0, str(NODE))


def docker(*argv, **options):
    return subprocess.run(
        ('docker',) + argv, check=True, timeout=PATIENCE, stdout=subprocess.PIPE, **options
    ).stdout


def needed(member):
    """Leave out what no module of ours imports."""
    return None if '__pycache__' in member.name else member


def archive():
    """Return a tar file with the collection's modules, Ansible's own part that they import, and the cases."""
    stream = io.BytesIO()
    core = pathlib.Path(ansible.__file__).parent
    with tarfile.open(fileobj=stream, mode='w') as tar:
        for name in ('module_utils', 'modules'):
            tar.add(ROOT / 'plugins' / name, 'ansible_collections/lvs/direct_routing/plugins/' + name, filter=needed)
        tar.add(NODE, 'node', filter=needed)
        tar.add(TRAFFIC, 'node/' + TRAFFIC.name)
        for name in ('__init__.py', 'release.py', '_vendor'):
            tar.add(core / name, 'ansible/' + name, filter=needed)
        for path in (core / 'module_utils').iterdir():
            if path.name not in ('facts', 'csharp', 'powershell'):
                tar.add(path, 'ansible/module_utils/' + path.name, filter=needed)
    return stream.getvalue()


@pytest.fixture(name='nodes', scope='session')
def nodes_with_cases():
    """Install on every node; return a function that runs a script there and gives what it printed as JSON."""
    content = archive()
    for node in ('director', 'real1', 'real2', 'client'):
        script = 'mkdir -p {0} && tar --extract --directory {0}'.format(THERE)
        docker('exec', '-i', node, 'sh', '-c', script, input=content)

    def run(node, script, *arguments):
        return json.loads(docker(*command(node, script, *arguments)))

    yield run
    for node in ('director', 'real1', 'real2', 'client'):
        docker('exec', node, 'rm', '-rf', THERE)


def command(node, script, *arguments):
    path = THERE + '/node/' + script + '.py'
    return ('exec', '-i', '-e', 'PYTHONPATH=' + THERE, node, 'python3', path) + tuple(map(str, arguments))


class Traffic(Program):
    """What runs on the client, and ways to wait until something has come of it."""

    def __init__(self, held_port, port, address):
        super().__init__('client', THERE, 'node/traffic.py', address, held_port, port, 0)

    def later(self):
        """Return the figures once things have gone on, or are known not to."""
        before = now = self.now()
        end = time.monotonic() + 120
        while time.monotonic() < end:
            now = self.now()
            if now.get('broken') or now.get('echoed', before.get('echoed')) != before.get('echoed'):
                break
            time.sleep(0.2)
        return now

    def when_still(self):
        """Return the figures once no echo has come for a second, or the stream is broken."""
        last, since = self.now(), time.monotonic()
        while time.monotonic() - since < 1 and not last['broken']:
            now = self.now()
            if now['echoed'] != last['echoed']:
                since = time.monotonic()
            last = now
            time.sleep(0.05)
        return last


@pytest.fixture(name='traffic', scope='session')
def traffic_from_the_client(nodes):
    """Return a context manager: a held stream to a port of the VIP, requests to another; 0 is none."""

    @contextlib.contextmanager
    def begin(held_port=0, port=0, address='192.0.2.100'):
        traffic = Traffic(held_port, port, address)
        try:
            yield traffic
        finally:
            if not traffic.process.stdin.closed:
                traffic.process.stdin.close()
            traffic.process.wait(PATIENCE)

    return begin


@pytest.fixture(name='ipvsadm', scope='session')
def ipvsadm_on_the_director():
    """Return a function that gives lines to the director's ipvsadm."""

    def write(*lines):
        docker('exec', '-i', 'director', 'ipvsadm', '-R', input=''.join(line + '\n' for line in lines).encode())

    return write


@pytest.fixture(name='held_service', scope='session')
def service_with_an_echo(nodes, ipvsadm):
    """Let the real servers echo what comes to port 7000 of the VIP, and put it into the director's table."""
    for node in ('real1', 'real2'):
        docker('exec', '-d', node, 'python3', THERE + '/node/echo.py', '7000')
        wait = 'until (: < /dev/tcp/127.0.0.1/7000) 2>/dev/null; do sleep 0.1; done'
        docker('exec', node, 'timeout', '120', 'bash', '-c', wait)
    ipvsadm('-A -t 192.0.2.100:7000 -s rr', *SERVERS)
    yield
    ipvsadm('-D -t 192.0.2.100:7000')
    for node in ('real1', 'real2'):
        docker('exec', node, 'sh', '-c', "kill $(ps -e -o pid=,args= | awk '/[e]cho.py/ {print $1}')")


@pytest.fixture(name='counted', scope='module')
def counters_of_the_held_service(held_service):
    """Return a function that gives connections, packets and bytes that the held service has seen."""

    def count():
        listing = docker('exec', 'director', 'ipvsadm', '-Ln', '--stats', '--exact', '-t', '192.0.2.100:7000')
        line = next(line for line in listing.decode().splitlines() if line.startswith('TCP'))
        return [int(word) for word in line.split()[2:]]

    return count


@pytest.fixture(name='expire_orphans', scope='module')
def connections_without_a_real_server():
    """Return a function that says whether connections expire at once when their real server is deleted."""

    def switch(value):
        docker('exec', 'director', 'sysctl', '--quiet', 'net.ipv4.vs.expire_nodest_conn={0:d}'.format(value))

    yield switch
    switch(False)


# The second has no share: what is held is held by the first.
SERVERS = (
    '-a -t 192.0.2.100:7000 -r 192.0.2.21:7000 -g -w 1',
    '-a -t 192.0.2.100:7000 -r 192.0.2.22:7000 -g -w 0',
)


@pytest.fixture(name='missing', scope='session')
def schedulers_the_kernel_lacks(matrix):
    return matrix['missing']


@pytest.fixture(name='matrix', scope='session')
def everything_at_once(nodes, traffic, figure):
    """Run the matrix while a client asks the topology's own service."""
    with traffic(port=80) as requests:
        outcome = nodes('director', 'matrix')
        outcome['requests'] = requests.end()
    figure(
        'matrix: {services} services with {realservers} real servers in one task; {combined} of {possible} combinations '
        'of protocol, family, scheduler, flags and way to a real server'.format(**outcome)
    )
    figure('schedulers that this kernel lacks: {0}'.format(', '.join(outcome['missing']) or 'none'))
    figure('requests meanwhile: {made} made, {failures} failed'.format(**outcome['requests']))
    return outcome
