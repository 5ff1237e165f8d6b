# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module reads once, writes once, and says what it did."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.command import CommandError
from ansible_collections.lvs.direct_routing.plugins.module_utils.vip.task import AddressError, declare

from .doubles import Ip, vips


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
    assert heard == [('eth0', '02:00:00:00:00:01', ['198.51.100.1', '198.51.100.7'], 3)]


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


def test_two_devices_may_appear_by_themselves_one_after_the_other():
    """The modules ipip and ip6_tunnel are loaded one by one, each as its device is asked for."""
    exists = (2, 'RTNETLINK answers: File exists\nCommand failed -:1\n')
    ip = Ip(exists, exists, exists, links='routes_lo.json')
    wanted = vips('192.0.2.7', '2001:db8::7', interface='tunl0', interface_ipv6='ip6tnl0', create=True)
    with pytest.raises(AddressError, match='File exists'):
        declare(ip, wanted, check=False)
    assert len(ip.written) == 3


def test_each_interface_is_announced_on_with_its_own_vips():
    heard = []
    wanted = vips('198.51.100.1', '2001:db8::7', interface='eth0', announce=3)
    declare(Ip(), wanted, False, lambda *args: heard.append(args))
    assert heard == [('eth0', '02:00:00:00:00:01', ['198.51.100.1', '2001:db8::7'], 3)]
