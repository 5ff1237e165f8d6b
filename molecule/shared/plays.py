# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plugin of pytest: fixtures that run the product's playbooks, and make requests meanwhile."""

from __future__ import annotations

import contextlib
import os

import pytest
from nodes import REALSERVERS, ROOT, VIPS, Play, Program, bring, converge, mac, on
from slices import of_the_day

THERE = '/root/lvs-load'
EAR = '/root/lvs-listen'
# How many requests at least while things change.
REQUESTS = int(os.environ.get('LVS_REQUESTS', '1000'))
OURS = 'find /var/lib/lvs /usr/local/lib/lvs /usr/local/sbin/lvs-* /etc/systemd/system/lvs-* /etc/sysctl.d/90-lvs-* -type f'


class Figures(dict):
    """What has become of the requests; before the end `made` returns how many there were so far."""

    def made(self):
        return self['made']


@pytest.fixture(name='site', scope='session')
def run_site_yml():
    """Return a function that converges with these variables, or fails with the play's output."""
    return converge


@pytest.fixture(name='torn_down', scope='module')
def hosts_without_anything_of_ours():
    if any(on(node, OURS + ' 2> /dev/null', check=False) for node in ('director', *REALSERVERS)):
        play = Play('playbooks/teardown.yml').run()
        assert play.status == 0, play.output


@pytest.fixture(name='asking', scope='session')
def asking_the_vips(figure):
    """Return a context manager under which the VIPs are asked; afterwards its value has the figures."""

    @contextlib.contextmanager
    def ask(what, at_least=REQUESTS, vips=VIPS, streams=1, pause=0.1):
        figures = Figures()
        bring('client', THERE, ROOT / 'molecule' / 'shared' / 'node' / 'load.py')
        program = Program('client', THERE, 'load.py', at_least, streams, pause, *vips)
        figures.made = lambda: program.now()['made']
        try:
            yield figures
        finally:
            figures.update(program.end())
            on('client', 'rm -rf ' + THERE)
        assert figures['in_time'] and figures['made'] >= at_least
        figure('{0}: {made} requests, {meanwhile} of them before it was done, {failures} failed, the slowest took {slowest} s; '
               '{held} on {2} held connections, {1} broken'.format(what, len(figures['broken']), streams * len(vips), **figures))

    return ask


@pytest.fixture(name='listening', scope='session')
def listening_on_the_segment():
    """Return a context manager; afterwards `claimed` says who but the directors claimed which VIP."""

    @contextlib.contextmanager
    def listen(directors=('director',)):
        allowed = {mac(director) for director in directors}
        bring('client', EAR, ROOT / 'molecule' / 'shared' / 'node' / 'listen.py', ROOT / 'plugins' / 'module_utils' / 'neighbour.py')
        program = Program('client', EAR, 'listen.py', '192.0.2.200', '2001:db8:2::200', *VIPS)
        heard = {}
        try:
            yield heard
        finally:
            heard.update(program.end())
            on('client', 'rm -rf ' + EAR)
            heard['claimed'] = {vip: sorted(set(macs) - allowed) for vip, macs in heard['heard'].items() if set(macs) - allowed}

    return listen


def pytest_configure(config):
    config.addinivalue_line('markers', 'in_turn: a long test, or file; a third of those of a scenario are run each day')


def turn(item):
    """Return what takes a turn with others: the file of a test, or the test itself. None if it is run every day."""
    if any(mark.name == 'in_turn' for mark in item.getparent(pytest.Module).own_markers):
        return item.path
    return item.nodeid if item.get_closest_marker('in_turn') else None


def pytest_collection_modifyitems(config, items):
    """Leave out those whose turn it is not, and begin with the tests that want hosts without anything of ours: new ones are."""
    # Molecule names every file, and one that is named cannot be ignored.
    in_turn = [one for one in dict.fromkeys(map(turn, items)) if one]
    today = [None, *of_the_day(in_turn, (len(in_turn) + 2) // 3)]
    config.hook.pytest_deselected(items=[item for item in items if turn(item) not in today])
    items[:] = sorted((item for item in items if turn(item) in today), key=lambda item: 'torn_down' not in item.fixturenames)
