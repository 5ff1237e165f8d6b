# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A director of each engine that serves, with nobody drained."""

from __future__ import annotations

import pytest
from nodes import REALSERVERS, on
from operate import drain, wait_for, weights


@pytest.fixture(name='engine', scope='module')
def a_director_that_serves(request, site):
    site(**request.param)
    for host in REALSERVERS:
        wait_for(lambda host=host: weights(host) == ['1', '1'])
    yield request.param
    if 'drained.json' in on('director', 'ls /var/lib/lvs', check=False):
        assert drain(request.param, 'realservers', state='undrained').status == 0
