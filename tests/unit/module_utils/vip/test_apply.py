# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan is run in one process; what fails half-way is taken back."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.command import Result
from ansible_collections.lvs.direct_routing.plugins.module_utils.iproute import Address
from ansible_collections.lvs.direct_routing.plugins.module_utils.vip.apply import apply
from ansible_collections.lvs.direct_routing.plugins.module_utils.vip.options import AddressError
from ansible_collections.lvs.direct_routing.plugins.module_utils.vip.task import declare

from .doubles import NIC, Ip, having, planned, vips


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
        apply(run, what, sysctl=str(tmp_path))
        return seen[0], own.read_text().strip()
    return run_with


@pytest.mark.parametrize('all_value, own_value, during', [('0', '0', '1'), ('1', '0', '0'), ('0', '1', '1')])
def test_promotion_is_on_while_a_primary_is_deleted_and_as_it_was_afterwards(promotion, all_value, own_value, during):
    assert promotion(all_value, own_value) == (during, own_value)
