# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ARP silence by kernel parameters: drift on either side, and the way back."""

from __future__ import annotations

import os

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.record_file import RecordError
from ansible_collections.lvs.direct_routing.plugins.module_utils.sysctl import arp
from ansible_collections.lvs.direct_routing.plugins.module_utils.sysctl.declaration import SysctlError, parse_settings
from ansible_collections.lvs.direct_routing.plugins.module_utils.sysctl.arp import RUN_FILE
from ansible_collections.lvs.direct_routing.plugins.module_utils.sysctl.arp import declare

from .machine import FILE, Machine, silence


ALL_IGNORE, ALL_ANNOUNCE = 'net/ipv4/conf/all/arp_ignore', 'net/ipv4/conf/all/arp_announce'


def test_all_and_the_named_cards_are_set_and_persisted(machine):
    result = declare(machine, silence(interfaces=['eth0', 'eth0.100']), check=False)
    assert result['changed'] and result['file_changed']
    assert [machine.get(name) for name in ('all', 'eth0', 'eth0.100')] == [(1, 2)] * 3
    assert [machine.get(name) for name in ('default', 'lo', 'eth1')] == [(0, 0)] * 3
    assert parse_settings(machine.content(FILE))['net/ipv4/conf/eth0.100/arp_ignore'] == '1'
    assert set(result['effective']) == {'lo', 'eth0', 'eth0.100', 'eth1'}
    assert result['effective']['eth1'] == {'arp_ignore': 1, 'arp_announce': 2}
    assert os.stat(machine.path(FILE)).st_mode & 0o777 == 0o644
    assert os.listdir(machine.path('/etc/sysctl.d')) == ['90-lvs-arp.conf'] and not machine.there(RUN_FILE)


def test_a_second_run_writes_nothing(machine):
    declare(machine, silence(interfaces=['eth0']), check=False)
    machine.steps.clear()
    result = declare(machine, silence(interfaces=['eth0']), check=False)
    assert not result['changed'] and result['written'] == [] and machine.steps == []


def test_each_value_is_read_once(machine):
    declare(machine, silence(interfaces=['eth0']), check=False)
    assert len(machine.reads) == len(set(machine.reads)) == 2 * len(['all', 'lo', 'eth0', 'eth0.100', 'eth1'])


def test_the_kernel_is_silenced_before_the_file_is_written(machine):
    declare(machine, silence(), check=False)
    assert machine.steps == [RUN_FILE, ALL_IGNORE + ' = 1', ALL_ANNOUNCE + ' = 2', FILE, RUN_FILE]


def test_drift_of_the_kernel_is_put_right_though_the_file_is_right(machine):
    declare(machine, silence(), check=False)
    machine.set('all', 0, 2)
    machine.steps.clear()
    result = declare(machine, silence(), check=False)
    assert result['written'] == [{'key': ALL_IGNORE, 'before': '0', 'after': '1'}] and not result['file_changed']
    assert machine.steps == [ALL_IGNORE + ' = 1']


def test_drift_of_the_file_is_put_right_though_the_kernel_is_right(machine):
    declare(machine, silence(), check=False)
    right = machine.content(FILE)
    machine.put(FILE, right.replace('arp_ignore = 1', 'arp_ignore = 0'))
    result = declare(machine, silence(), check=False)
    assert result['changed'] and result['written'] == [] and machine.content(FILE) == right


@pytest.mark.parametrize('first, second', [
    ({}, {}), ({}, {'interfaces': ['eth0', 'eth0.100']}), ({'interfaces': ['eth0']}, {}), ({}, {'persist': False}),
    ({'persist': False}, {}), ({}, {'state': 'absent'}), ({'persist': False}, {'state': 'absent'}),
    ({}, {'arp_ignore': 2, 'arp_announce': 1}),
])
def test_check_mode_predicts_what_is_then_done_and_writes_nothing(machine, first, second):
    declare(machine, silence(**first), check=False)
    machine.steps.clear()
    predicted = declare(machine, silence(**second), check=True)
    assert machine.steps == []
    assert declare(machine, silence(**second), check=False) == predicted
    assert predicted['changed'] == bool(machine.steps)
    for part in predicted['diff'][1:]:
        path = part['after_header']
        assert (machine.content(path) if machine.there(path) else '') == part['after']


@pytest.mark.parametrize('options', [{}, {'persist': False}])
def test_absent_gives_back_what_was_there_before(machine, options):
    machine.set('eth0', 2, 1)
    declare(machine, silence(interfaces=['eth0'], **options), check=False)
    declare(machine, silence(interfaces=['eth0'], arp_ignore=8, **options), check=False)
    assert machine.get('eth0') == (8, 2)
    assert declare(machine, silence(state='absent'), check=False)['changed']
    assert machine.get('all') == (0, 0) and machine.get('eth0') == (2, 1)
    assert not machine.there(FILE) and not machine.there(os.path.dirname(RUN_FILE))
    assert machine.there(os.path.dirname(FILE))
    assert not declare(machine, silence(state='absent'), check=False)['changed']


def test_absent_leaves_what_someone_else_changed_and_says_so(machine):
    declare(machine, silence(), check=False)
    machine.set('all', 2, 2)
    result = declare(machine, silence(state='absent'), check=False)
    assert machine.get('all') == (2, 0) and not machine.there(FILE)
    assert result['warnings'] == [ALL_IGNORE + ' is 2, which is not the value that this module set (1): it is left as '
                                  'it is, not given back as 0']


def test_absent_without_a_record_changes_nothing(machine):
    machine.set('all', 1, 2)
    machine.put(FILE, 'net.ipv4.conf.all.arp_ignore = 1\n')
    assert not declare(machine, silence(state='absent'), check=False)['changed']
    assert machine.get('all') == (1, 2) and machine.there(FILE)


def test_absent_skips_an_interface_that_is_gone(machine):
    declare(machine, silence(interfaces=['eth0.100']), check=False)
    for parameter in arp.PARAMETERS:
        os.unlink(machine.path('/proc/sys/' + arp.key('eth0.100', parameter)))
    os.rmdir(machine.path('/proc/sys/net/ipv4/conf/eth0.100'))
    assert declare(machine, silence(state='absent'), check=False)['warnings'] == []
    assert machine.get('all') == (0, 0)


def test_a_card_that_is_named_no_longer_gets_back_what_it_had(machine):
    machine.set('eth1', 0, 1)
    declare(machine, silence(interfaces=['eth0', 'eth1']), check=False)
    declare(machine, silence(interfaces=['eth0']), check=False)
    assert machine.get('eth1') == (0, 1) and 'eth1' not in machine.content(FILE)


@pytest.mark.parametrize('first, second', [(True, False), (False, True)])
def test_persisting_or_not_can_be_changed_without_losing_what_was_before(machine, first, second):
    declare(machine, silence(persist=first), check=False)
    declare(machine, silence(persist=second), check=False)
    assert (machine.there(FILE), machine.there(RUN_FILE)) == (second, not second)
    declare(machine, silence(state='absent'), check=False)
    assert machine.get('all') == (0, 0)


def test_a_run_that_was_killed_before_the_file_was_written_still_knows_what_was_before(machine):
    class Killed(BaseException):
        pass

    class Dying(Machine):
        def replace(self, path, text):
            if path == FILE:
                raise Killed
            super().replace(path, text)

    dying = machine
    dying.__class__ = Dying
    with pytest.raises(Killed):
        declare(dying, silence(), check=False)
    machine.__class__ = Machine
    assert machine.get('all') == (1, 2)
    declare(machine, silence(), check=False)
    declare(machine, silence(state='absent'), check=False)
    assert machine.get('all') == (0, 0)


def test_a_file_that_cannot_be_written_leaves_the_kernel_silent_and_says_so(machine):
    os.mkdir(machine.path('/etc/sysctl.d/90-lvs-arp.conf'))
    with pytest.raises(RecordError, match='is a directory or device'):
        declare(machine, silence(), check=False)
    assert machine.get('all') == (0, 0)
    with pytest.raises(SysctlError, match='cannot write .*/no/such/place.conf.*keeps it'):
        declare(machine, silence(file='/no/such/place.conf'), check=False)
    assert machine.get('all') == (1, 2)


def test_a_kernel_that_refuses_says_which_value(machine, monkeypatch):
    os.chmod(machine.path('/proc/sys/' + ALL_IGNORE), 0o444)
    real = open

    def refuse(path, mode='r', **options):
        if mode == 'w' and str(path).endswith(ALL_IGNORE):
            raise OSError(30, 'Read-only file system')
        return real(path, mode, **options)

    monkeypatch.setattr('builtins.open', refuse)
    with pytest.raises(SysctlError, match='Cannot set net/ipv4/conf/all/arp_ignore to 1: Read-only file system'):
        declare(machine, silence(), check=False)


def test_a_file_that_is_not_ours_is_refused_before_anything_is_written(machine):
    machine.put(FILE, 'vm.swappiness = 1\n')
    with pytest.raises(SysctlError, match='was not written by this module'):
        declare(machine, silence(), check=False)
    assert machine.steps == [] and machine.content(FILE) == 'vm.swappiness = 1\n'


def test_a_file_that_is_not_ours_is_no_matter_where_nothing_is_persisted(machine):
    machine.put(FILE, 'vm.swappiness = 1\n')
    declare(machine, silence(persist=False), check=False)
    assert machine.content(FILE) == 'vm.swappiness = 1\n' and machine.get('all') == (1, 2)


@pytest.mark.parametrize('state', ['present', 'absent'])
def test_a_symbolic_link_is_refused(machine, state):
    machine.put('/elsewhere', arp.MARKER + '\n')
    os.symlink(machine.path('/elsewhere'), machine.path(FILE))
    with pytest.raises(RecordError, match='is a symbolic link'):
        declare(machine, silence(state=state), check=False)


@pytest.mark.parametrize('options, message', [
    ({'interfaces': ['eth0', 'eth9']},
     "interfaces[1]: 'eth9' does not exist on this host; there are eth0, eth0.100, eth1"),
    ({'interfaces': ['../../all']}, "interfaces[0]: '../../all' does not exist"),
    ({'interfaces': ['all']}, "interfaces[0]: 'all' is not an interface; all is always set"),
    ({'interfaces': ['default']}, "interfaces[0]: 'default' is not an interface"),
    ({'interfaces': ['eth0', 'eth1', 'eth0']}, "interfaces[2]: 'eth0' is already there as interfaces[0]"),
    ({'file': 'lvs.conf'}, "file: 'lvs.conf' is not an absolute path"),
])
def test_a_bad_option_is_refused_before_anything_is_written(machine, options, message):
    with pytest.raises((SysctlError, RecordError)) as error:
        declare(machine, silence(**options), check=False)
    assert message in str(error.value) and machine.steps == []
