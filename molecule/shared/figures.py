# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plugin of pytest: the fixture `figure` notes what is printed at the end."""

from __future__ import annotations

import pytest

FIGURES = pytest.StashKey()


def pytest_configure(config):
    config.stash[FIGURES] = []


def pytest_terminal_summary(terminalreporter, config):
    terminalreporter.section('figures')
    for line in config.stash[FIGURES]:
        terminalreporter.line(line)


@pytest.fixture(name='figure', scope='session')
def print_figures(pytestconfig):
    """Return a function that notes a line to be printed at the end."""
    return pytestconfig.stash[FIGURES].append
