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
from nodes import VIPS, Program, bring, on

HERE = pathlib.Path(__file__).parent
THERE = '/root/lvs-director'
# How many requests at least while things change.
REQUESTS = int(os.environ.get('LVS_REQUESTS', '1000'))

sys.path.insert(0, str(HERE))


@pytest.fixture(scope='session', autouse=True)
def programs_on_the_client():
    bring('client', THERE, HERE.parent / 'node' / 'load.py')
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
        assert figures['in_time'] and figures['made'] >= at_least
        figure('{0}: {made} requests, {meanwhile} of them before it was done, {failures} failed, the slowest took {slowest} s; '
               '{held} on held connections, {1} broken'.format(what, len(figures['broken']), **figures))

    return ask
