# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The doctor finds nothing where nothing is wrong, and what is broken on purpose where it is broken."""

from __future__ import annotations

import json
import time

import pytest
from nodes import Play, on

WEB = '-t 192.0.2.100:80 -r 192.0.2.21:80 -g'
# Kind, severity, host, how it is broken, how it is mended.
FAULTS = [
    ('arp', 'error', 'real1', 'sysctl -qw net.ipv4.conf.{all,eth0}.arp_ignore=0', 'sysctl -qw net.ipv4.conf.{all,eth0}.arp_ignore=1'),
    ('vip_missing', 'error', 'real2', 'ip address delete 192.0.2.100/32 dev lo', 'ip address add 192.0.2.100/32 dev lo'),
    ('vip_on_card', 'error', 'real1', 'ip address add 192.0.2.100/32 dev eth0', 'ip address delete 192.0.2.100/32 dev eth0'),
    ('listener', 'error', 'real2', 'systemctl stop nginx', 'systemctl start nginx'),
    ('unit', 'warning', 'real1', 'systemctl disable --quiet lvs-realserver', 'systemctl enable --quiet lvs-realserver'),
    ('unit', 'warning', 'director', 'systemctl disable --quiet lvs-director', 'systemctl enable --quiet lvs-director'),
    ('settings', 'error', 'director', 'ipvsadm -e {0} -w 5'.format(WEB), 'ipvsadm -e {0} -w 1'.format(WEB)),
    ('server_missing', 'error', 'director', 'ipvsadm -d {0}'.format(WEB[:-3]), 'ipvsadm -a {0} -w 1'.format(WEB)),
    ('foreign', 'warning', 'director', 'ipvsadm -A -u 192.0.2.77:53 -s rr', 'ipvsadm -D -u 192.0.2.77:53'),
    ('no_master', 'error', 'director', 'ip address delete 2001:db8:2::100/128 dev eth0', 'systemctl reload lvs-director'),
]


def examine(tmp_path):
    """Return the exit status of the doctor, and its findings."""
    play = Play('playbooks/doctor.yml', doctor_dest=str(tmp_path / 'findings.json')).run()
    assert (tmp_path / 'findings.json').exists(), play.output
    return play.status, json.loads((tmp_path / 'findings.json').read_text())


@pytest.fixture(name='healthy', scope='module')
def a_healthy_topology(site):
    site()
    time.sleep(2)


def test_nothing_is_found_where_nothing_is_wrong(healthy, tmp_path):
    assert examine(tmp_path) == (0, [])


@pytest.mark.parametrize('kind, severity, host, broken, mended', FAULTS, ids=['{0} {2}'.format(*fault) for fault in FAULTS])
def test_a_fault_is_found_where_it_is(healthy, tmp_path, kind, severity, host, broken, mended):
    on(host, "bash -c '{0}'".format(broken))
    try:
        status, findings = examine(tmp_path)
    finally:
        on(host, "bash -c '{0}'".format(mended))
        # Clients go on sending to whoever has answered wrongly, and that would be found as well.
        on('client', 'ip neigh flush dev eth0')
    assert {(one['kind'], one['severity'], one['host']) for one in findings} == {(kind, severity, host)}, findings
    assert status == (2 if severity == 'error' else 0)
