# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make requests from the client while the director is changed."""

from __future__ import annotations

import contextlib
import os
import pathlib
import sys

import pytest
from nodes import ROOT, VIPS, Play, Program, bring, converge, on

HERE = pathlib.Path(__file__).parent
THERE = '/root/lvs-director'
BROUGHT = (HERE.parent / 'node' / 'load.py', ROOT / 'molecule' / 'shared' / 'node' / 'traffic.py')
# How many requests at least while things change.
REQUESTS = int(os.environ.get('LVS_REQUESTS', '1000'))

sys.path.insert(0, str(HERE))


@pytest.fixture(scope='session', autouse=True)
def programs_on_the_client():
    bring('client', THERE, *BROUGHT)
    yield
    on('client', 'rm -rf ' + THERE)


@pytest.fixture(name='asking', scope='session')
def asking_the_vips(figure):
    """Return a context manager under which the VIPs are asked; afterwards its value has the figures."""

    @contextlib.contextmanager
    def ask(what, at_least=REQUESTS, vips=VIPS):
        figures = {}
        program = Program('client', THERE, 'load.py', at_least, *vips)
        try:
            yield figures
        finally:
            figures.update(program.end())
        figure('{0}: {made} requests, {failures} failed, the slowest took {slowest} s'.format(what, **figures))

    return ask


@pytest.fixture(name='site', scope='session')
def run_site_yml():
    """Return a function that converges with these variables, or fails with the play's output."""
    return converge


@pytest.fixture(name='torn_down', scope='module')
def hosts_without_anything_of_ours():
    play = Play('playbooks/teardown.yml').run()
    assert play.status == 0, play.output
