# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a client gets."""

from __future__ import annotations

import pytest

testinfra_hosts = ['ansible://clients']


@pytest.mark.parametrize('url', ['http://192.0.2.100/', 'http://[2001:db8:2::100]/'])
def test_answers_alternate(host, url):
    answers = [host.check_output('curl --silent --fail --max-time 10 %s', url) for _request in range(6)]
    assert sorted(answers[:2]) == ['real1', 'real2']
    assert answers == answers[:2] * 3
