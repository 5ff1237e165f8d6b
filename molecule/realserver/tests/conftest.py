# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the playbooks with other variables, and meanwhile make requests."""

from __future__ import annotations

import contextlib

import pytest
from nodes import ROOT, VIPS, Program, bring, on

THERE = '/root/lvs-realserver'
# None that the kernel chooses, and an IPv6 socket has its port in IPv4 as well.
SAME_PORTS = dict(zip(VIPS, (20000, 20001)))


@pytest.fixture(scope='session', autouse=True)
def programs_on_the_client():
    bring('client', THERE, ROOT / 'molecule' / 'shared' / 'node' / 'traffic.py')
    yield
    on('client', 'rm -rf ' + THERE)


@pytest.fixture(name='requesting', scope='session')
def requesting_from_the_vips():
    """Return a context manager that makes requests to both VIPs; afterwards its value has their figures.

    To each VIP some come from ports that the kernel chooses, and some all from the same, by a VIP and that port.
    """

    @contextlib.contextmanager
    def request():
        figures = {}
        programs = {
            (vip, port): Program('client', THERE, 'traffic.py', vip, 0, 80, port) for vip in VIPS for port in (0, SAME_PORTS[vip])
        }
        try:
            yield figures
        finally:
            figures.update((way, program.end()) for way, program in programs.items())

    return request
