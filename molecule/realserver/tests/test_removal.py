# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is not ours stays, one VIP goes without the other, and teardown is silent too."""

from __future__ import annotations

import pytest
from nodes import REALSERVERS, VIPS, Play, on
from test_ways import holders, parameters
from ways import FIRST, Way, declaration

MAKE = """
echo 'net.ipv4.conf.all.log_martians = 1' > /etc/sysctl.d/50-foreign.conf
ip address add 203.0.113.5/32 dev lo
ip link add dev foreign0 type dummy && ip link set dev foreign0 up
ip address add 203.0.113.6/32 dev foreign0
apt-get install --yes --quiet arptables > /dev/null
arptables -A INPUT -s 203.0.113.7 -j DROP
"""
LOOK = """
cat /etc/sysctl.d/50-foreign.conf
ip -brief address show dev lo
ip -brief address show dev foreign0
arptables -n -L
"""
UNMAKE = """
rm /etc/sysctl.d/50-foreign.conf
ip address delete 203.0.113.5/32 dev lo
ip link delete dev foreign0
arptables -D INPUT -s 203.0.113.7 -j DROP
"""


@pytest.fixture(name='foreign', scope='module', autouse=True)
def what_others_have_on_the_host(torn_down):
    on('real1', MAKE)
    yield on('real1', LOOK)
    on('real1', UNMAKE)


def test_one_vip_comes_and_goes_and_the_others_are_not_touched(site, requesting, listening):
    method = 'arptables'
    both = declaration(FIRST)['lvs_virtual_services']
    site(lvs_virtual_services=both, realserver_arp_method=method)
    more = both + [dict(both[0], name='more', vip='192.0.2.101')]
    with listening() as heard, requesting() as figures:
        site(lvs_virtual_services=more, realserver_arp_method=method)
        assert '192.0.2.101/32' in on('real1', 'ip -brief address show dev lo')
        site(lvs_virtual_services=both, realserver_arp_method=method)
    assert heard['claimed'] == {}
    assert [counted['failed'] for counted in figures.values()] == [[]] * 4
    for node in REALSERVERS:
        assert '192.0.2.101' not in on(node, 'ip -brief address; grep -r 192.0.2.101 /var/lib/lvs /etc/sysctl.d || true')
        assert holders(node) == {vip: ['lo'] for vip in VIPS}


def test_what_is_not_ours_survives_converge_and_teardown(site, listening, foreign):
    with listening() as heard:
        site(**declaration(Way('arptables', 'ipvs0', 'dr')))
        foretold = Play('playbooks/teardown.yml', '--check').run()
        play = Play('playbooks/teardown.yml').run()
    assert play.status == 0, play.output
    assert foretold.changed == play.changed
    assert heard['claimed'] == {}
    assert on('real1', LOOK) == foreign
    for node in REALSERVERS:
        assert holders(node) == {vip: [] for vip in VIPS}
        assert parameters(node) == ['0', '0']
        left = on(node, 'ls /etc/systemd/system/lvs* /usr/local/sbin/lvs* /var/lib/lvs/* /etc/sysctl.d/90-lvs*', check=False)
        assert 'No such file' in left and '\n/' not in '\n' + left, left
    again = Play('playbooks/teardown.yml').run()
    assert again.status == 0, again.output
    assert not any(again.changed.values()), again.output
