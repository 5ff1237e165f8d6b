# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernel's table is read in two processes and written in one, and a failure leaves it as it was."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.command import CommandError
from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import dump, kernel
from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs.plan import plan

from .scripted import SAVE, WRITE, ScriptedIpvsadm, reads, refused

WEB = '-A -t 192.0.2.100:80 -s rr'
ONE = '-a -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 1'
TWO = '-a -t 192.0.2.100:80 -r 192.0.2.22:80 -g -w 1'


def table(*lines):
    return dump.parse_table('\n'.join(lines))


def apply(have, want, *replies, removable=lambda key: True):
    ipvsadm = ScriptedIpvsadm(*replies)
    changes = plan(table(*have), table(*want), removable)
    kernel.Kernel(ipvsadm).apply(table(*have), changes)
    assert not ipvsadm.replies
    return ipvsadm.written


def failed_apply(have, want, *replies):
    ipvsadm = ScriptedIpvsadm(*replies)
    changes = plan(table(*have), table(*want), lambda key: True)
    with pytest.raises(kernel.ApplyError) as caught:
        kernel.Kernel(ipvsadm).apply(table(*have), changes)
    assert not ipvsadm.replies
    return str(caught.value), ipvsadm.written


def test_a_table_is_read_in_two_processes():
    ipvsadm = ScriptedIpvsadm(*reads(WEB, ONE))
    assert kernel.Kernel(ipvsadm).read() == table(WEB, ONE)
    assert not ipvsadm.replies


def test_many_changes_are_one_process():
    assert apply([], [WEB, ONE, TWO], (WRITE,)) == [[WEB, ONE, TWO]]


def test_what_was_added_before_a_refused_line_is_taken_back():
    message, written = failed_apply(
        [WEB],
        [WEB, ONE, TWO],
        # The kernel refused the first line and took the last: ipvsadm says 0.
        refused('Memory allocation problem', rc=0),
        *reads(WEB, TWO),
        (WRITE,),
    )
    assert 'Memory allocation problem' in message
    assert 'Not applied: ' + ONE in message
    assert 'Applied: ' + TWO in message
    assert 'has been undone' in message
    assert written[-1] == ['-d -t 192.0.2.100:80 -r 192.0.2.22:80']


def test_an_edit_that_took_is_edited_back_with_everything_it_had():
    heavy = ONE.replace('-w 1', '-w 10')
    message, written = failed_apply(
        [WEB, ONE], [WEB, heavy, TWO], refused('No space'), *reads(WEB, heavy), (WRITE,)
    )
    assert written[-1] == [ONE.replace('-a', '-e', 1)]


def test_a_deleted_service_comes_back_with_its_real_servers():
    other = '-A -t 192.0.2.100:81 -s rr'
    message, written = failed_apply(
        [WEB, ONE], [other], refused('No such module', rc=0), *reads(), (WRITE,)
    )
    assert written[-1] == [WEB, ONE]


def test_entries_of_others_are_no_part_of_the_undoing():
    foreign = '-A -u 192.0.2.200:53 -s rr'
    message, written = failed_apply(
        [WEB], [WEB, ONE, TWO], refused('No space'), *reads(WEB, ONE, foreign), (WRITE,)
    )
    assert written[-1] == ['-d -t 192.0.2.100:80 -r 192.0.2.21:80']


def test_when_undoing_fails_too_the_message_says_what_is_left():
    message, written = failed_apply(
        [WEB], [WEB, ONE, TWO], refused('No space'), *reads(WEB, ONE), refused('No memory'), *reads(WEB, ONE)
    )
    assert 'Undoing it failed too (No memory); not as before: 192.0.2.21:80 of tcp 192.0.2.100:80' in message


@pytest.mark.parametrize(
    ('stderr', 'advice'),
    [
        ("Can't initialize ipvs: Protocol not available", 'load the module ip_vs'),
        ("Can't initialize ipvs: Permission denied (you must be root)", 'use become'),
        ('Operation not permitted', 'CAP_NET_ADMIN'),
    ],
)
def test_an_unreadable_table_is_said_with_what_to_do(stderr, advice):
    with pytest.raises(CommandError) as caught:
        kernel.Kernel(ScriptedIpvsadm((SAVE, 2, '', stderr))).read()
    assert stderr in str(caught.value)
    assert advice in str(caught.value)


def test_a_scheduler_that_the_kernel_lacks_is_said_with_what_to_do():
    message, _written = failed_apply([], [WEB], refused('Scheduler or persistence engine not found'), *reads())
    assert 'could not load the module of the scheduler' in message


def test_an_address_that_is_a_broadcast_address_here_is_said_with_what_to_do():
    said = 'Invalid operation.  Possibly wrong module version, address not unicast, ...\n'
    message, _written = failed_apply([WEB], [WEB, ONE], refused(said), *reads(WEB))
    assert 'address not unicast. Not applied' in message
    assert message.endswith('is a broadcast address of a network of this host, or the like.')


@pytest.mark.parametrize(('services', 'expected'), [('', False), ('TCP  C0000264:0050 rr\n', True)])
def test_without_ipvsadm_the_kernel_still_says_whether_it_has_services(tmp_path, services, expected):
    path = tmp_path / 'ip_vs'
    path.write_text(
        'IP Virtual Server version 1.2.1 (size=4096)\n'
        'Prot LocalAddress:Port Scheduler Flags\n'
        '  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n' + services
    )
    assert kernel.Kernel.has_services(str(path)) is expected
    assert kernel.Kernel.has_services(str(tmp_path / 'none')) is False
