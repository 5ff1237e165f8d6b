# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the playbooks with other variables, and meanwhile listen on the segment and make requests."""

from __future__ import annotations

import contextlib
import pathlib

import pytest
from nodes import ROOT, VIPS, Program, bring, mac, on

HERE = pathlib.Path(__file__).parent
THERE = '/root/lvs-realserver'
# None that the kernel chooses, and an IPv6 socket has its port in IPv4 as well.
SAME_PORTS = dict(zip(VIPS, (20000, 20001)))
BROUGHT = (
    HERE.parent / 'node' / 'listen.py',
    ROOT / 'molecule' / 'shared' / 'node' / 'traffic.py',
    ROOT / 'plugins' / 'module_utils' / 'neighbour.py',
)


@pytest.fixture(scope='session', autouse=True)
def programs_on_the_client():
    bring('client', THERE, *BROUGHT)
    yield
    on('client', 'rm -rf ' + THERE)


@pytest.fixture(name='listening', scope='session')
def listening_on_the_segment():
    """Return a context manager; afterwards `claimed` says who but the director claimed which VIP."""

    @contextlib.contextmanager
    def listen():
        director = mac('director')
        program = Program('client', THERE, 'listen.py', '192.0.2.200', '2001:db8:2::200', *VIPS)
        heard = {}
        try:
            yield heard
        finally:
            heard.update(program.end())
            heard['claimed'] = {
                vip: sorted(set(macs) - {director}) for vip, macs in heard['heard'].items() if set(macs) - {director}
            }

    return listen


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
