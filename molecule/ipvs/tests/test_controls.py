# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The held stream would notice a real server that is deleted and added again, and the counters a service that is."""

from __future__ import annotations

import pytest

DELETE = '-d -t 192.0.2.100:7000 -r 192.0.2.21:7000'
ADD = '-a -t 192.0.2.100:7000 -r 192.0.2.21:7000 -g -w 1'
DELETE_SERVICE = '-D -t 192.0.2.100:7000'
ADD_SERVICE = ('-A -t 192.0.2.100:7000 -s rr', ADD, '-a -t 192.0.2.100:7000 -r 192.0.2.22:7000 -g -w 0')


@pytest.fixture(name='stream')
def held_stream(held_service, traffic):
    with traffic(held_port=7000) as stream:
        assert stream.later()['broken'] == ''
        yield stream


def test_a_held_stream_stands_still_while_its_real_server_is_deleted_and_goes_on_after(stream, ipvsadm, expire_orphans):
    """The kernel keeps the connections of a deleted real server for one that is added with the same address."""
    expire_orphans(False)
    ipvsadm(DELETE)
    still = stream.when_still()
    ipvsadm(ADD)
    after = stream.later()
    assert after['broken'] == ''
    assert after['echoed'] > still['echoed']


def test_a_held_stream_is_reset_if_connections_without_a_real_server_expire(stream, ipvsadm, expire_orphans):
    expire_orphans(True)
    ipvsadm(DELETE)
    broken = stream.when_still()['broken']
    ipvsadm(ADD)
    assert 'ConnectionResetError' in broken


def test_a_service_that_is_deleted_and_added_begins_to_count_anew(stream, ipvsadm, counted):
    before = counted()
    ipvsadm(DELETE_SERVICE, *ADD_SERVICE)
    assert before[0] > 0
    assert counted()[0] == 0


def test_the_kernel_refuses_new_connections_while_it_changes_a_scheduler(ipvsadm, traffic, nodes):
    """For a moment the service has none (ip_vs_edit_service), which no edit can avoid; an established one does not care."""
    with traffic(port=80) as client:
        ipvsadm(*('-E -t 192.0.2.100:80 -s ' + scheduler for scheduler in ('wlc', 'wrr') * 200))
        figures = client.end()
    assert figures['failures'] > 0
    assert 'Connection refused' in figures['failed'][0]


def test_other_edits_of_a_service_refuse_nobody(ipvsadm, traffic, nodes):
    edits = ('-E -t 192.0.2.100:80 -s wrr -p 300', '-E -t 192.0.2.100:80 -s wrr') * 1000
    weights = ('-e -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 10', '-e -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 1') * 1000
    with traffic(port=80) as client:
        ipvsadm(*edits + weights)
        figures = client.end()
    assert figures['made'] > 0
    assert figures['failed'] == []
