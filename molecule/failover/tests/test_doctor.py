# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong between two directors, broken on purpose, is what the doctor finds, and nothing else."""

from __future__ import annotations

import pytest
from nodes import VIPS, examine, on
from pair import DIRECTORS, PAIR, healed, holder, holds, other, run, wait_for

pytestmark = pytest.mark.in_turn
BOTH = 'director, director2'
DEAF = 'nft "add table inet deaf; add chain inet deaf in { type filter hook prerouting priority 0; }; add rule inet deaf in meta l4proto 112 drop"'
DAEMON = 'ipvsadm --stop-daemon backup; ipvsadm --stop-daemon master'


@pytest.fixture(name='healthy', scope='module')
def a_healthy_pair(site):
    run(site)
    for node in DIRECTORS:
        on(node, 'systemctl start keepalived')
    healed()


@pytest.fixture(name='mended')
def what_is_broken_is_mended_in_the_end():
    yield
    for node in DIRECTORS:
        on(node, 'nft delete table inet deaf; systemctl enable --now --quiet keepalived', check=False)
    # Whoever lost a part of it gets all of it.
    healed()


def kinds(findings):
    return {(one['kind'], one['host']) for one in findings}


def test_nothing_is_found_where_nothing_is_wrong(healthy, tmp_path):
    assert examine(tmp_path, PAIR) == (0, [])


def test_two_that_do_not_hear_each_other(healthy, mended, tmp_path):
    for node in DIRECTORS:
        on(node, DEAF)
    wait_for(lambda: all(len(holds(node)) == len(VIPS) for node in DIRECTORS))
    status, findings = examine(tmp_path, PAIR)
    assert status == 2 and ('two_masters', BOTH) in kinds(findings), findings
    # What both claim, clients hear from both.
    assert kinds(findings) <= {('two_masters', BOTH), ('neighbour', 'client'), *(('duplicate', node) for node in DIRECTORS)}, findings


def test_a_master_that_is_alone(healthy, mended, tmp_path):
    gone = other(holder())
    on(gone, 'systemctl disable --now --quiet keepalived')
    status, findings = examine(tmp_path, PAIR)
    assert status == 2 and {host for _kind, host in kinds(findings)} == {gone} and ('unit', gone) in kinds(findings), findings


def test_no_master(healthy, mended, tmp_path):
    for node in DIRECTORS:
        on(node, 'systemctl stop keepalived')
    status, findings = examine(tmp_path, PAIR)
    assert status == 2 and ('no_master', BOTH) in kinds(findings), findings


@pytest.mark.parametrize(('kind', 'broken', 'mending'), [
    ('unequal', 'ipvsadm -d -t 192.0.2.100:80 -r 192.0.2.21:80', 'ipvsadm -a -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 1'),
    ('sync_missing', DAEMON, 'systemctl restart keepalived'),
    ('sync_apart', DAEMON + '; ipvsadm --start-daemon backup --mcast-interface eth0 --syncid 99', 'systemctl restart keepalived'),
], ids=['unequal', 'sync_missing', 'sync_apart'])  # fmt: skip
def test_they_are_not_alike(healthy, tmp_path, kind, broken, mending):
    second = other(holder())
    on(second, broken)
    try:
        _status, findings = examine(tmp_path, PAIR)
    finally:
        on(second, mending)
        healed()
    assert kinds(findings) == {(kind, BOTH if kind == 'sync_apart' else second)}, findings
