# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every way from what interfaces are to what is declared."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.iproute import MARK, Address, Link
from ansible_collections.lvs.direct_routing.plugins.module_utils.vip.options import AddressError

from .doubles import DUMMY, LINK_LOCAL, LOOPBACK, NIC, TUNNEL, TUNNEL6, having, planned, vips


@pytest.mark.parametrize('wanted, links, routes, commands', [
    pytest.param(vips('192.0.2.100'), [LOOPBACK], (), ['ip address add 192.0.2.100/32 dev lo'], id='new'),
    pytest.param(vips('192.0.2.100'), [having(LOOPBACK, Address('192.0.2.100', 32))], (), [], id='there'),
    pytest.param(vips('2001:DB8::0:100'), [having(LOOPBACK, Address('2001:db8::100', 128))], (), [],
                 id='there in another spelling'),
    pytest.param(vips('2001:db8::100'), [LOOPBACK], (), ['ip address add 2001:db8::100/128 dev lo nodad'], id='IPv6'),
    pytest.param(vips('192.0.2.10'), [having(LOOPBACK, Address('192.0.2.100', 32))], (),
                 ['ip address add 192.0.2.10/32 dev lo'], id='another that begins alike'),
    pytest.param(vips('192.0.2.100', '2001:db8::100', label='lo:0', broadcast='192.0.2.100', host_route=True),
                 [LOOPBACK], (),
                 ['ip address add 192.0.2.100/32 dev lo broadcast 192.0.2.100 label lo:0',
                  'ip address add 2001:db8::100/128 dev lo nodad',
                  'ip route replace 192.0.2.100 dev lo'], id='as in old guides, with an IPv6 VIP beside it'),
    pytest.param(vips('192.0.2.100', host_route=True), [having(LOOPBACK, Address('192.0.2.100', 32))],
                 ['192.0.2.100'], [], id='route there'),
    pytest.param(vips('192.0.2.100', '192.0.2.101', interface='ipvs0', create=True), [LOOPBACK], (), [
        'ip link add dev ipvs0 type dummy',
        'ip link set dev ipvs0 alias lvs.direct_routing',
        'ip link set dev ipvs0 up',
        'ip address add 192.0.2.100/32 dev ipvs0',
        'ip address add 192.0.2.101/32 dev ipvs0',
    ], id='dummy made'),
    pytest.param(vips('192.0.2.100', interface='ipvs0', create=True), [Link('ipvs0', kind='dummy', up=False)], (), [
        'ip link set dev ipvs0 up',
        'ip address add 192.0.2.100/32 dev ipvs0',
    ], id='foreign dummy brought up and not marked'),
    pytest.param(vips('192.0.2.100', prefix=32), [having(LOOPBACK, Address('192.0.2.100', 24))], (), [
        'ip address add 192.0.2.100/32 dev lo',
        'ip address delete 192.0.2.100/24 dev lo',
    ], id='IPv4 prefix length: new before old'),
    pytest.param(vips('2001:db8::100'), [having(LOOPBACK, Address('2001:db8::100', 64))], (), [
        'ip address delete 2001:db8::100/64 dev lo',
        'ip address add 2001:db8::100/128 dev lo nodad',
    ], id='IPv6 prefix length: the kernel has one entry per address'),
    pytest.param(vips('192.0.2.100', label='lo:1'),
                 [having(LOOPBACK, Address('192.0.2.100', 32, label='lo:0', broadcast='192.0.2.100'))], (),
                 ['ip address delete 192.0.2.100/32 dev lo',
                  'ip address add 192.0.2.100/32 dev lo broadcast 192.0.2.100 label lo:1'],
                 id='label changed, broadcast kept'),
    pytest.param(vips('192.0.2.100'),
                 [having(LOOPBACK, Address('192.0.2.100', 32, label='lo:0', broadcast='192.0.2.100'))], (), [],
                 id='what is left out stays'),
    pytest.param(vips('192.0.2.100'),
                 [having(LOOPBACK, Address('192.0.2.100', 24, label='lo:0', broadcast='192.0.2.255'))], (),
                 ['ip address add 192.0.2.100/32 dev lo label lo:0', 'ip address delete 192.0.2.100/24 dev lo'],
                 id='label kept across prefix lengths, broadcast not'),
    pytest.param(vips('2001:db8::bad'), [having(LOOPBACK, Address('2001:db8::bad', 128, dadfailed=True))], (), [
        'ip address delete 2001:db8::bad/128 dev lo',
        'ip address add 2001:db8::bad/128 dev lo nodad',
    ], id='failed duplicate address detection'),
    pytest.param(vips('192.0.2.100'), [having(LOOPBACK, Address('192.0.2.100', 32, valid=60, preferred=30))], (),
                 ['ip address change 192.0.2.100/32 dev lo valid_lft forever preferred_lft forever'], id='expiring'),
    pytest.param(vips('192.0.2.100', state='absent'), [LOOPBACK], (), [], id='absent: not there'),
    pytest.param(vips('192.0.2.100', interface='ipvs0', state='absent'), [LOOPBACK], (), [],
                 id='absent: no interface'),
    pytest.param(vips('192.0.2.100', state='absent'),
                 [having(LOOPBACK, Address('192.0.2.100', 32), Address('192.0.2.101', 32))], ['192.0.2.100'],
                 ['ip route delete 192.0.2.100 dev lo', 'ip address delete 192.0.2.100/32 dev lo'],
                 id='absent: one of two, its route first'),
    pytest.param(vips('192.0.2.100', interface='ipvs0', state='absent'),
                 [having(DUMMY, Address('192.0.2.100', 32), LINK_LOCAL)], (),
                 ['ip address delete 192.0.2.100/32 dev ipvs0', 'ip link delete dev ipvs0'],
                 id='absent: our dummy goes with its last VIP'),
    pytest.param(vips('192.0.2.100', interface='ipvs0', state='absent'),
                 [having(DUMMY, Address('192.0.2.100', 32), Address('198.51.100.9', 32))], (),
                 ['ip address delete 192.0.2.100/32 dev ipvs0'], id='absent: our dummy stays for another address'),
    pytest.param(vips('192.0.2.100', interface='ipvs0', state='absent'), [DUMMY], (), ['ip link delete dev ipvs0'],
                 id='absent: our empty dummy'),
    pytest.param(vips('192.0.2.100', interface='ipvs0', state='absent'),
                 [Link('ipvs0', kind='dummy', addresses=(Address('192.0.2.100', 32),))], (),
                 ['ip address delete 192.0.2.100/32 dev ipvs0'], id='absent: a dummy of someone else stays'),
    pytest.param(vips('192.0.2.100', state='absent'),
                 [having(LOOPBACK, Address('192.0.2.100', 32), Address('192.0.2.100', 24))], (),
                 ['ip address delete 192.0.2.100/32 dev lo', 'ip address delete 192.0.2.100/24 dev lo'],
                 id='absent: whatever the prefix length'),
    pytest.param(vips('192.0.2.100', prefix=24, state='absent'),
                 [having(LOOPBACK, Address('192.0.2.100', 32), Address('192.0.2.100', 24))], (),
                 ['ip address delete 192.0.2.100/24 dev lo'], id='absent: of one prefix length'),
    pytest.param(vips('198.51.100.1', state='absent'),
                 [having(LOOPBACK, Address('198.51.100.1', 32, peer='198.51.100.2'))], (),
                 ['ip address delete 198.51.100.1 peer 198.51.100.2/32 dev lo'], id='absent: point to point'),
    pytest.param(vips('192.0.2.100', '192.0.2.101', broadcast='self'), [LOOPBACK], (), [
        'ip address add 192.0.2.100/32 dev lo broadcast 192.0.2.100',
        'ip address add 192.0.2.101/32 dev lo broadcast 192.0.2.101',
    ], id='each VIP its own broadcast address'),
    pytest.param(vips('2001:db8::100', interface='eth0'), [NIC], (),
                 ['ip address add 2001:db8::100/128 dev eth0 nodad preferred_lft 0'],
                 id='IPv6 on a card: not for connections of the host itself'),
    pytest.param(vips('2001:db8::100', interface='eth0'), [having(NIC, Address('2001:db8::100', 128))], (),
                 ['ip address change 2001:db8::100/128 dev eth0 nodad valid_lft forever preferred_lft 0'],
                 id='IPv6 on a card: put right'),
    pytest.param(vips('2001:db8::100', interface='eth0'), [having(NIC, Address('2001:db8::100', 128, preferred=0))],
                 (), [], id='IPv6 on a card: there'),
    pytest.param(vips('2001:db8::100', interface='eth0', prefix=64), [NIC], (),
                 ['ip address add 2001:db8::100/64 dev eth0 nodad'], id='IPv6 on a card, with a network'),
    pytest.param(vips('192.0.2.100', '2001:db8::100', interface='tunl0', interface_ipv6='ip6tnl0', create=True),
                 [LOOPBACK, TUNNEL, TUNNEL6], (), [
                     'ip link set dev tunl0 alias lvs.direct_routing',
                     'ip link set dev tunl0 up',
                     'ip link set dev ip6tnl0 alias lvs.direct_routing',
                     'ip link set dev ip6tnl0 up',
                     'ip address add 192.0.2.100/32 dev tunl0',
                     'ip address add 2001:db8::100/128 dev ip6tnl0 nodad',
    ], id='tunnels brought up'),
    pytest.param(vips('192.0.2.100', interface='tunl0', interface_ipv6='ip6tnl0', create=True), [LOOPBACK], (), [
        'ip link add dev tunl0 type ipip',
        'ip link set dev tunl0 alias lvs.direct_routing',
        'ip link set dev tunl0 up',
        'ip address add 192.0.2.100/32 dev tunl0',
    ], id='tunnel asked for, that of the other family not'),
    pytest.param(vips('192.0.2.100', interface='tunl0', create=True), [replace(TUNNEL, up=True)], (),
                 ['ip address add 192.0.2.100/32 dev tunl0'], id='tunnel of someone else used'),
    pytest.param(vips('192.0.2.100', interface='tunl0', create=True), [replace(TUNNEL, alias='office')], (),
                 ['ip link set dev tunl0 up', 'ip address add 192.0.2.100/32 dev tunl0'],
                 id='tunnel of someone else not marked'),
    pytest.param(vips('2001:db8::100', interface='ip6tnl0', state='absent'),
                 [having(replace(TUNNEL6, up=True, alias=MARK), Address('2001:db8::100', 128), LINK_LOCAL)], (), [
                     'ip address delete 2001:db8::100/128 dev ip6tnl0',
                     'ip link set dev ip6tnl0 down',
                     'ip link set dev ip6tnl0 alias ""',
    ], id='absent: tunnel set down'),
    pytest.param(vips('192.0.2.100', interface='tunl0', state='absent'),
                 [having(replace(TUNNEL, up=True), Address('192.0.2.100', 32))], ['192.0.2.100'],
                 ['ip route delete 192.0.2.100 dev tunl0', 'ip address delete 192.0.2.100/32 dev tunl0'],
                 id='absent: tunnel of someone else stays up'),
    pytest.param(vips('192.0.2.100', interface='tunl0', state='absent'),
                 [having(replace(TUNNEL, up=True, alias=MARK), Address('192.0.2.100', 32), Address('192.0.2.9', 32))],
                 (), ['ip address delete 192.0.2.100/32 dev tunl0'], id='absent: tunnel stays up for another address'),
])
def test_the_plan(wanted, links, routes, commands):
    assert planned(wanted, *links, routes=routes).commands == commands


@pytest.mark.parametrize('options', [{}, {'state': 'absent'}])
def test_an_address_that_a_network_depends_on_is_not_taken_for_a_vip(options):
    with pytest.raises(AddressError, match=r'only address of 192\.0\.2\.0/24 there.*say prefix: 24'):
        planned(vips('192.0.2.11', interface='eth0', **options), NIC)


def test_the_prefix_length_says_that_it_is_meant_all_the_same():
    wanted = vips('192.0.2.11', interface='eth0', prefix=24, state='absent')
    assert planned(wanted, NIC).commands == ['ip address delete 192.0.2.11/24 dev eth0']


def test_addresses_that_hang_on_a_primary_are_promoted_when_it_goes():
    secondary = Address('192.0.2.12', 24, secondary=True)
    doomed = vips('192.0.2.11', interface='eth0', prefix=24, state='absent')
    assert planned(doomed, having(NIC, secondary)).promote
    assert not planned(doomed, NIC).promote


def test_secondaries_go_before_the_primary_that_would_take_them_along():
    wanted = vips('192.0.2.11', '192.0.2.12', interface='eth0', prefix=24, state='absent')
    what = planned(wanted, having(NIC, Address('192.0.2.12', 24, secondary=True)))
    assert what.commands == ['ip address delete 192.0.2.12/24 dev eth0', 'ip address delete 192.0.2.11/24 dev eth0']
    assert not what.promote


def test_the_vip_on_another_interface_is_reported_and_left():
    what = planned(vips('192.0.2.100'), LOOPBACK, having(NIC, Address('192.0.2.100', 24)))
    assert what.elsewhere == ({'address': '192.0.2.100', 'prefix': 24, 'interface': 'eth0'},)
    assert what.commands == ['ip address add 192.0.2.100/32 dev lo']


def test_the_difference_shows_these_vips_and_the_interface():
    what = planned(vips('192.0.2.100', interface='ipvs0', create=True, host_route=True), LOOPBACK)
    assert what.before == ''
    assert what.after == ('interface ipvs0 (dummy, up, made by lvs.direct_routing)\n'
                          '192.0.2.100/32 dev ipvs0\nroute 192.0.2.100 dev ipvs0\n')


@pytest.mark.parametrize('wanted, links, message', [
    (vips('192.0.2.100', interface='eth9'), [LOOPBACK, NIC], "'eth9' does not exist on this host; there are lo, eth0"),
    (vips('192.0.2.100', interface='eth0', create=True), [NIC], "create: 'eth0' exists and is a network card"),
    (vips('192.0.2.100', create=True), [LOOPBACK], "create: 'lo' exists and is the loopback, not a dummy"),
    (vips('192.0.2.100', announce=1), [LOOPBACK], "announce: 1 is refused on 'lo', which is the loopback"),
    (vips('192.0.2.100', interface='ipvs0', announce=1), [DUMMY], "'ipvs0', which is a dummy"),
    (vips('192.0.2.100', interface='ipvs0', create=True, announce=1), [LOOPBACK], "'ipvs0', which is a dummy"),
    (vips('192.0.2.100', interface='tunl0', create=True), [NIC, Link('tunl0', kind='dummy')],
     "create: 'tunl0' exists and is a dummy, not a tunnel device"),
    (vips('192.0.2.100', '2001:db8::1', interface='lo', interface_ipv6='ip6tnl0'), [LOOPBACK],
     "interface_ipv6: 'ip6tnl0' does not exist on this host; there are lo. Name one of these, or say create: true for "
     "a tunnel device of that name"),
    (vips('192.0.2.100', interface='tunl0', create=True, announce=1), [TUNNEL], "'tunl0', which is of kind ipip"),
    (vips('192.0.2.100', interface='tun0', announce=1), [Link('tun0', kind='tun', link_type='none')], 'of kind tun'),
    (vips('192.0.2.100', interface='eth0', announce=1), [Link('eth0', up=False)], 'announce: eth0 is down'),
])
def test_what_an_interface_cannot_do_is_refused(wanted, links, message):
    with pytest.raises(AddressError) as error:
        planned(wanted, *links)
    assert message in str(error.value)


def test_an_interface_that_is_down_is_warned_of():
    assert 'eth0 is down' in planned(vips('192.0.2.100', interface='eth0'), Link('eth0', up=False)).warnings[0]
