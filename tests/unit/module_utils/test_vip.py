# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""VIPs on an interface: what is refused, planned, run and taken back. `ip_json/` holds what iproute2 6.1 printed."""

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.command import CommandError, Result
from ansible_collections.lvs.direct_routing.plugins.module_utils.iproute import MARK, Address, Link
from ansible_collections.lvs.direct_routing.plugins.module_utils.vip import (
    AddressError, Vips, apply, declare, plan,
)

GOLDEN = pathlib.Path(__file__).parent / 'ip_json'
LOOPBACK = Link('lo', link_type='loopback', addresses=(Address('127.0.0.1', 8, scope='host'),))
NIC = Link('eth0', mac='02:00:00:00:00:01', addresses=(Address('192.0.2.11', 24, label='eth0'),))
DUMMY = Link('ipvs0', kind='dummy', arp=False, alias=MARK)
LINK_LOCAL = Address('fe80::1', 64, scope='link')


def vips(*address, interface='lo', **options):
    return Vips.from_options(dict(options, address=list(address), interface=interface))


def planned(wanted, *links, routes=()):
    return plan({link.name: link for link in links}, frozenset(routes), wanted)


def having(link, *addresses):
    return Link(**dict(vars(link), addresses=link.addresses + addresses))


class Ip:
    """A runner that answers with golden output and remembers what it was asked."""

    def __init__(self, *batches, links='addresses.json', routes='routes_lo.json'):
        self.batches = list(batches)
        self.files = {'address': links, 'route': routes}
        self.calls = []
        self.written = []

    def __call__(self, argv, stdin=None):
        self.calls.append(' '.join(argv))
        if '-batch' in argv:
            self.written.append(stdin.splitlines())
            rc, stderr = self.batches.pop(0) if self.batches else (0, '')
            return Result(tuple(argv), rc, '', stderr)
        name = self.files['address' if 'address' in argv else 'route']
        return Result(tuple(argv), 0, (GOLDEN / name).read_text(), '')


@pytest.mark.parametrize('options, message', [
    ({'address': []}, 'address: the list is empty'),
    ({'address': ['192.0.2.1', 'web.example.com']}, "address[1]: 'web.example.com' is not a literal IPv4 or IPv6"),
    ({'address': ['192.0.2.100/24']}, "address[0]: '192.0.2.100/24' carries a prefix length; write the address as"),
    ({'address': ['192.0.2.010']}, "address[0]: '192.0.2.010' is not a literal"),
    ({'address': ['fe80::1%eth0']}, "address[0]: 'fe80::1%eth0' is not a literal"),
    ({'address': ['2001:db8::1', '192.0.2.1', '2001:DB8:0::1']},
     "address[2]: '2001:DB8:0::1' is already there as address[0]"),
    ({'address': ['224.0.0.18']}, "'224.0.0.18' is a multicast address"),
    ({'address': ['0.0.0.0']}, "'0.0.0.0' is the unspecified address"),
    ({'address': ['127.0.0.2']}, "'127.0.0.2' is a loopback address"),
    ({'address': ['::1']}, "'::1' is a loopback address"),
    ({'address': ['255.255.255.255']}, "'255.255.255.255' is the broadcast address"),
    ({'address': ['::ffff:192.0.2.1']}, '(write 192.0.2.1)'),
    ({'prefix': 33}, 'prefix: 33 is out of range for IPv4: 1 to 32'),
    ({'prefix': 0}, 'prefix: 0 is out of range for IPv4'),
    ({'address': ['2001:db8::1'], 'prefix': 129}, 'prefix: 129 is out of range for IPv6: 1 to 128'),
    ({'address': ['192.0.2.1', '2001:db8::1'], 'prefix': 32}, 'prefix: 32 cannot serve IPv4 and IPv6 at once'),
    ({'address': ['192.0.2.0'], 'prefix': 24}, "'192.0.2.0' is the network address of 192.0.2.0/24"),
    ({'address': ['192.0.2.255'], 'prefix': 24}, "'192.0.2.255' is the broadcast address of 192.0.2.0/24"),
    ({'interface': 'lo:0'}, "interface: 'lo:0' is not the name of an interface"),
    ({'interface': 'a' * 16}, 'is not the name of an interface: 1 to 15 characters'),
    ({'interface': 'lo\nlink delete eth0'}, 'is not the name of an interface'),
    ({'label': 'eth0:1'}, "label: 'eth0:1' does not fit the interface"),
    ({'label': 'lo'}, "label: 'lo' does not fit"),
    ({'label': 'lo:'}, "label: 'lo:' does not fit"),
    ({'label': 'lo:1234567890123'}, 'at most 15 characters'),
    ({'label': 'lo:a b'}, "label: 'lo:a b' does not fit"),
    ({'address': ['2001:db8::1'], 'label': 'lo:0'}, "label: 'lo:0' belongs to an IPv4 address"),
    ({'address': ['2001:db8::1'], 'broadcast': '192.0.2.1'}, "broadcast: '192.0.2.1' belongs to an IPv4 address"),
    ({'broadcast': '+'}, "broadcast: '+' is not a literal IPv4 address"),
    ({'announce': -1}, 'announce: -1 is out of range'),
])
def test_a_bad_option_is_refused_by_name_and_value(options, message):
    with pytest.raises(AddressError) as error:
        Vips.from_options(dict({'address': ['192.0.2.100'], 'interface': 'lo'}, **options))
    assert message in str(error.value)


@pytest.mark.parametrize('address, prefix', [('192.0.2.0', None), ('192.0.2.0', 31), ('2001:db8::', 64)])
def test_the_ends_of_a_network_are_vips_where_they_are_hosts(address, prefix):
    assert vips(address, prefix=prefix).addresses == (address,)


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
    (vips('192.0.2.100', interface='tun0', announce=1), [Link('tun0', kind='tun', link_type='none')], 'of kind tun'),
    (vips('192.0.2.100', interface='eth0', announce=1), [Link('eth0', up=False)], 'announce: eth0 is down'),
])
def test_what_an_interface_cannot_do_is_refused(wanted, links, message):
    with pytest.raises(AddressError) as error:
        planned(wanted, *links)
    assert message in str(error.value)


def test_an_interface_that_is_down_is_warned_of():
    assert 'eth0 is down' in planned(vips('192.0.2.100', interface='eth0'), Link('eth0', up=False)).warnings[0]


def test_any_number_of_vips_takes_one_reading_and_one_writing():
    ip = Ip()
    result = declare(ip, vips(*('198.51.100.{0}'.format(n) for n in range(1, 200))), check=False)
    assert ip.calls == ['ip -json -details address show', 'ip -batch -']
    assert ip.written[0] == [command[len('ip '):] for command in result['commands']] and len(ip.written[0]) == 199


def test_nothing_is_written_where_nothing_changes():
    ip = Ip()
    result = declare(ip, vips('192.0.2.100', label='lo:0', broadcast='192.0.2.100', host_route=True), check=False)
    assert not result['changed'] and result['commands'] == []
    assert ip.calls == ['ip -json -details address show', 'ip -json -4 route show table main dev lo']


def test_check_mode_predicts_what_is_then_done_and_writes_nothing():
    check, real = Ip(), Ip()
    wanted = vips('192.0.2.7', '192.0.2.101', interface='ipvs0')
    assert declare(check, wanted, check=True) == declare(real, wanted, check=False)
    assert check.written == [] and real.written == [['address add 192.0.2.7/32 dev ipvs0']]


def test_only_what_was_added_is_announced():
    heard = []
    wanted = vips('198.51.100.1', '198.51.100.7', interface='eth0', announce=3, prefix=32)
    ip = Ip(links='addresses.json')
    there = vips('192.0.2.11', interface='eth0', prefix=24, host_route=True, announce=3)
    assert declare(ip, there, False, lambda *args: heard.append(args))['changed'] and heard == []
    declare(ip, wanted, False, lambda *args: heard.append(args))
    assert heard == [('eth0', '02:00:00:00:00:01', ('198.51.100.1', '198.51.100.7'), 3)]


def test_a_failure_half_way_is_taken_back_in_reverse():
    ip = Ip((1, 'RTNETLINK answers: Permission denied\nCommand failed -:5\n'))
    wanted = vips('192.0.2.7', '2001:db8::7', interface='vip1', create=True)
    with pytest.raises(AddressError) as error:
        declare(ip, wanted, check=False)
    assert ip.written[1] == ['address delete 192.0.2.7/32 dev vip1', 'link delete dev vip1']
    assert error.value.details['left'] == []
    assert error.value.details['done'][-1] == 'ip address add 192.0.2.7/32 dev vip1'
    assert str(error.value) == (
        '`ip address add 2001:db8::7/128 dev vip1 nodad` failed: RTNETLINK answers: Permission denied. IPv6 is '
        'switched off there: see net.ipv6.conf.vip1.disable_ipv6. What had been done was taken back')


def test_a_replaced_entry_comes_back_with_all_its_attributes():
    ip = Ip((1, 'RTNETLINK answers: No buffer space available\nCommand failed -:2\n'))
    with pytest.raises(AddressError):
        declare(ip, vips('192.0.2.100', label='lo:9'), check=False)
    assert ip.written[1] == ['address add 192.0.2.100/32 dev lo broadcast 192.0.2.100 label lo:0']


def test_what_cannot_be_taken_back_is_named():
    ip = Ip((1, 'Error: no\nCommand failed -:3\n'), (1, 'Error: no\nCommand failed -:1\n'))
    with pytest.raises(AddressError) as error:
        declare(ip, vips('198.51.100.1', '198.51.100.2', '198.51.100.3'), check=False)
    assert error.value.details == {
        'done': ['ip address add 198.51.100.1/32 dev lo', 'ip address add 198.51.100.2/32 dev lo'],
        'undone': ['ip address delete 198.51.100.1/32 dev lo'],
        'left': ['ip address delete 198.51.100.2/32 dev lo'],
    }
    assert 'still to be run: ip address delete 198.51.100.2/32 dev lo' in str(error.value)


def test_a_vip_that_cannot_be_announced_is_not_kept():
    def announce(*args):
        raise PermissionError(1, 'Operation not permitted')

    ip = Ip()
    with pytest.raises(AddressError, match='Cannot announce 203.0.113.9 on eth0: Operation not permitted'):
        declare(ip, vips('203.0.113.9', interface='eth0', announce=1), False, announce)
    assert ip.written == [['address add 203.0.113.9/32 dev eth0'], ['address delete 203.0.113.9/32 dev eth0']]


def test_a_first_step_that_fails_leaves_nothing_to_take_back():
    ip = Ip((2, 'RTNETLINK answers: Operation not permitted\nCommand failed -:1\n'))
    with pytest.raises(AddressError, match='needs root.*Nothing was changed'):
        declare(ip, vips('192.0.2.7'), check=False)
    assert len(ip.written) == 1


def test_a_dummy_that_appears_by_itself_as_its_module_loads_is_used():
    """The module `dummy` makes dummy0 when it is loaded, which is while ours is being asked for."""
    # Before the module is there, no interface is listed that matters here: the routes serve as such a list.
    ip = Ip((2, 'RTNETLINK answers: File exists\nCommand failed -:1\n'), links='routes_lo.json')

    def run(argv, stdin=None):
        result = ip(argv, stdin)
        if '-batch' in argv:
            ip.files['address'] = 'addresses.json'
        return result

    declare(run, vips('192.0.2.7', interface='ipvs0', create=True), check=False)
    assert ip.written[1] == ['address add 192.0.2.7/32 dev ipvs0']


def test_without_iproute2_the_message_says_so():
    def run(argv, stdin=None):
        raise CommandError(argv, 127, 'not installed', 'Install the package that provides ip')

    with pytest.raises(CommandError, match='Install the package that provides ip'):
        declare(run, vips('192.0.2.100'), check=False)


@pytest.fixture
def promotion(tmp_path):
    """Return a function that sets promote_secondaries and returns what it was while the plan ran, and afterwards."""
    def run_with(all_value, own_value):
        for name, value in (('all', all_value), ('eth0', own_value)):
            (tmp_path / 'net/ipv4/conf' / name).mkdir(parents=True)
            (tmp_path / 'net/ipv4/conf' / name / 'promote_secondaries').write_text(value + '\n')
        own = tmp_path / 'net/ipv4/conf/eth0/promote_secondaries'
        seen = []

        def run(argv, stdin=None):
            seen.append(own.read_text().strip())
            return Result(tuple(argv), 0, '', '')

        what = planned(vips('192.0.2.11', interface='eth0', prefix=24, state='absent'),
                       having(NIC, Address('192.0.2.12', 24, secondary=True)))
        apply(run, what, 'eth0', sysctl=str(tmp_path))
        return seen[0], own.read_text().strip()
    return run_with


@pytest.mark.parametrize('all_value, own_value, during', [('0', '0', '1'), ('1', '0', '0'), ('0', '1', '1')])
def test_promotion_is_on_while_a_primary_is_deleted_and_as_it_was_afterwards(promotion, all_value, own_value, during):
    assert promotion(all_value, own_value) == (during, own_value)
