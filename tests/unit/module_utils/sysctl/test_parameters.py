# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any kernel parameters: what is refused, what may be missing, what the kernel resets, and the way back."""

from __future__ import annotations

import errno
import os

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.record_file import RecordError
from ansible_collections.lvs.direct_routing.plugins.module_utils.sysctl import arp
from ansible_collections.lvs.direct_routing.plugins.module_utils.sysctl.declaration import SysctlError, parse_settings
from ansible_collections.lvs.direct_routing.plugins.module_utils.sysctl.parameters import (
    DEFAULT_FILE, declare, from_options,
)

from .machine import FILE, Machine, silence


FORWARD, RMEM, SLOPPY = 'net/ipv4/ip_forward', 'net/ipv4/tcp_rmem', 'net/ipv4/vs/sloppy_tcp'
ALL_ACCEPT, ALL_SEND = 'net/ipv4/conf/all/accept_redirects', 'net/ipv4/conf/all/send_redirects'
DEFAULT_RP, ETH0_RP = 'net/ipv4/conf/default/rp_filter', 'net/ipv4/conf/eth0/rp_filter'
RUN_FILE = '/run/lvs-direct-routing/lvs_sysctl%2Fetc%2Fsysctl.d%2F90-lvs-director.conf'


def wanted(parameters=None, **options):
    defaults = {'optional': [], 'persist': True, 'file': DEFAULT_FILE, 'state': 'present'}
    return from_options(dict(defaults, parameters=parameters, **options))


def run(host, parameters=None, check=False, **options):
    return declare(host, wanted(parameters, **options), check)


def written(result):
    return [(value['key'], value['before'], value['after']) for value in result['written']]


def test_values_are_set_and_persisted_whatever_their_keys_look_like(kernel):
    result = run(kernel, {'net.ipv4.conf.eth0/100.rp_filter': 2, 'net/ipv4/conf/all/send_redirects': '0'})
    assert result['changed'] and result['file_changed'] and result['missing'] == []
    assert written(result) == [(ALL_SEND, '1', '0'), ('net/ipv4/conf/eth0.100/rp_filter', '0', '2')]
    assert kernel.content(DEFAULT_FILE).splitlines()[2:] == [
        '# before: net/ipv4/conf/all/send_redirects = 1',
        '# before: net/ipv4/conf/eth0.100/rp_filter = 0',
        'net/ipv4/conf/all/send_redirects = 0',
        'net/ipv4/conf/eth0.100/rp_filter = 2',
    ]
    assert not kernel.there(os.path.dirname(RUN_FILE))


def test_a_second_run_writes_nothing(kernel):
    parameters = {FORWARD: 1, RMEM: '4096 87380 6291456', ALL_ACCEPT: 0}
    run(kernel, parameters)
    kernel.steps.clear()
    assert not run(kernel, parameters)['changed'] and kernel.steps == []


def test_nothing_is_read_but_what_is_declared_and_each_value_once(kernel):
    run(kernel, {FORWARD: 0, ALL_SEND: 0})
    assert sorted(kernel.reads) == [ALL_SEND, FORWARD]


def test_tabs_and_spaces_are_no_difference(kernel):
    kernel.put('/etc/sysctl.d/99-local.conf', 'net.ipv4.tcp_rmem = 4096\t131072   6291456\n')
    result = run(kernel, {RMEM: ' 4096 131072\t\t6291456 '})
    assert result['written'] == [] and result['warnings'] == []
    assert parse_settings(kernel.content(DEFAULT_FILE)) == {RMEM: '4096 131072 6291456'}


def test_drift_is_put_right_on_the_side_where_it_is(kernel):
    run(kernel, {ALL_SEND: 0})
    right = kernel.content(DEFAULT_FILE)
    kernel.set_live(ALL_SEND, 1)
    result = run(kernel, {ALL_SEND: 0})
    assert written(result) == [(ALL_SEND, '1', '0')] and not result['file_changed']
    kernel.put(DEFAULT_FILE, right.replace('send_redirects = 0', 'send_redirects = 2'))
    result = run(kernel, {ALL_SEND: 0})
    assert result['written'] == [] and result['file_changed'] and kernel.content(DEFAULT_FILE) == right


def test_ip_forward_is_written_first_and_what_it_resets_again_after_it(kernel):
    # Turning it on switches accept_redirects of all off, though that has the value that is wanted.
    result = run(kernel, {ALL_ACCEPT: 1, 'net/ipv4/conf/eth1/forwarding': 0, FORWARD: 1})
    assert written(result) == [(FORWARD, '0', '1'), (ALL_ACCEPT, '1', '1'), ('net/ipv4/conf/eth1/forwarding', '0', '0')]
    assert (kernel.live_value(ALL_ACCEPT), kernel.live_value('net/ipv4/conf/eth1/forwarding')) == ('1', '0')
    assert list(parse_settings(kernel.content(DEFAULT_FILE)))[0] == FORWARD


def test_what_is_given_back_is_not_reset_by_ip_forward_either(kernel):
    for value in (0, 1):
        kernel.set_live(ALL_ACCEPT, value)
        run(kernel, {FORWARD: 1, ALL_ACCEPT: 0})
        run(kernel, state='absent')
        assert (kernel.live_value(FORWARD), kernel.live_value(ALL_ACCEPT)) == ('0', str(value))


def test_what_someone_else_changed_is_not_reset_by_ip_forward_either(kernel):
    run(kernel, {FORWARD: 1, 'net/ipv4/conf/all/rp_filter': 1, 'net/ipv4/conf/eth0/forwarding': 0})
    kernel.set_live('net/ipv4/conf/eth0/forwarding', 2)
    result = run(kernel, state='absent')
    assert kernel.live_value('net/ipv4/conf/eth0/forwarding') == '2' and len(result['warnings']) == 1


def test_an_interface_does_not_inherit_a_new_default_over_its_declared_value(kernel):
    run(kernel, {ETH0_RP: 0, DEFAULT_RP: 1})
    assert (kernel.live_value(DEFAULT_RP), kernel.live_value(ETH0_RP)) == ('1', '0')


@pytest.mark.parametrize('first, second', [
    (({ALL_SEND: 0},), ({ALL_SEND: 0},)),
    (({ALL_SEND: 0},), ({FORWARD: 1, ALL_ACCEPT: 1, ETH0_RP: 2, DEFAULT_RP: 1},)),
    (({FORWARD: 1, ALL_ACCEPT: 1},), ({ALL_ACCEPT: 0},)),
    (({FORWARD: 1, ALL_ACCEPT: 1},), ({ALL_ACCEPT: 1, ETH0_RP: 0, DEFAULT_RP: 2}, {'persist': False})),
    (({FORWARD: 1, ALL_ACCEPT: 0}, {'persist': False}), ({ALL_ACCEPT: 0},)),
    (({FORWARD: 1, ALL_ACCEPT: 1},), ({}, {'state': 'absent'})),
    (({FORWARD: 1, ALL_ACCEPT: 1},), ({},)),
    (({ALL_SEND: 0},), ({ALL_SEND: 0, SLOPPY: 1}, {'optional': [SLOPPY]})),
])
def test_check_mode_predicts_what_is_then_done_and_writes_nothing(kernel, first, second):
    def declared(parameters, options=None):
        return wanted(parameters, **options or {})

    declare(kernel, declared(*first), check=False)
    kernel.steps.clear()
    predicted = declare(kernel, declared(*second), check=True)
    assert kernel.steps == []
    assert declare(kernel, declared(*second), check=False) == predicted
    assert predicted['changed'] == bool(kernel.steps)
    assert [kernel.live_value(key) for key in parse_settings(predicted['diff'][0]['after'])] == \
        list(parse_settings(predicted['diff'][0]['after']).values())
    for part in predicted['diff'][1:]:
        path = part['after_header']
        assert (kernel.content(path) if kernel.there(path) else '') == part['after']
    assert not declare(kernel, declared(*second), check=False)['changed']


@pytest.mark.parametrize('persist', [True, False])
@pytest.mark.parametrize('last', [{'state': 'absent'}, {'parameters': {}}])
def test_absent_or_nothing_declared_gives_back_what_was_there_before(kernel, persist, last):
    run(kernel, {ALL_SEND: 0, RMEM: '4096 87380 6291456'}, persist=persist)
    run(kernel, {ALL_SEND: 0, RMEM: '4096 65536 6291456'}, persist=persist)
    assert run(kernel, **last)['changed']
    assert (kernel.live_value(ALL_SEND), kernel.live_value(RMEM)) == ('1', '4096 131072 6291456')
    assert not kernel.there(DEFAULT_FILE) and not kernel.there(os.path.dirname(RUN_FILE))
    assert not run(kernel, **last)['changed']


def test_what_is_declared_no_longer_gets_back_what_it_had_unless_someone_else_changed_it(kernel):
    run(kernel, {ALL_SEND: 0, ETH0_RP: 2, DEFAULT_RP: 2})
    kernel.set_live(ETH0_RP, 1)
    result = run(kernel, {ALL_SEND: 0})
    assert (kernel.live_value(DEFAULT_RP), kernel.live_value(ETH0_RP)) == ('0', '1')
    assert result['warnings'] == [ETH0_RP + ' is 1, which is not the value that this module set (2): it is left as it '
                                  'is, not given back as 0']
    assert parse_settings(kernel.content(DEFAULT_FILE)) == {ALL_SEND: '0'}


def test_what_was_empty_before_is_empty_again(kernel):
    ports = 'net/ipv4/ip_local_reserved_ports'
    kernel.set_live(ports, '')
    run(kernel, {ports: 8080})
    kernel.put('/proc/sys/' + ports, '8080\n')
    run(kernel, state='absent')
    # The kernel takes no notice of a write without a byte.
    assert kernel.content('/proc/sys/' + ports) == '\n'


def test_an_optional_parameter_that_is_missing_is_persisted_only_and_reported(kernel):
    result = run(kernel, {ALL_SEND: 0, SLOPPY: 1}, optional=['net.ipv4.vs.sloppy_tcp'])
    assert result['missing'] == [SLOPPY] and written(result) == [(ALL_SEND, '1', '0')]
    assert kernel.content(DEFAULT_FILE).splitlines()[-1] == '-{0} = 1'.format(SLOPPY)
    assert not run(kernel, {ALL_SEND: 0, SLOPPY: 1}, optional=[SLOPPY])['changed']
    assert run(kernel, state='absent')['warnings'] == []


def test_an_optional_parameter_that_appears_is_set_and_given_back(kernel):
    run(kernel, {SLOPPY: 1}, optional=[SLOPPY])
    kernel.set_live(SLOPPY, 0)
    result = run(kernel, {SLOPPY: 1}, optional=[SLOPPY])
    assert written(result) == [(SLOPPY, '0', '1')] and result['missing'] == []
    run(kernel, state='absent')
    assert kernel.live_value(SLOPPY) == '0'


def test_an_optional_parameter_that_goes_and_comes_again_keeps_what_was_before(kernel):
    kernel.set_live(SLOPPY, 0)
    run(kernel, {SLOPPY: 1}, optional=[SLOPPY])
    os.unlink(kernel.path('/proc/sys/' + SLOPPY))
    assert not run(kernel, {SLOPPY: 1}, optional=[SLOPPY])['changed']
    kernel.set_live(SLOPPY, 1)
    run(kernel, state='absent')
    assert kernel.live_value(SLOPPY) == '0'


@pytest.mark.parametrize('name, message', [
    (SLOPPY, 'this kernel has no net/ipv4/vs/sloppy_tcp. Correct the name, load the module'),
    ('net.ipv4.conf.eth0.100.rp_filter', 'this kernel has no net/ipv4/conf/eth0/100/rp_filter'),
    ('net.ipv4.ip_forward.at_all', 'this kernel has no net/ipv4/ip_forward/at_all'),
    ('net.ipv4.conf.all', 'net/ipv4/conf/all is a folder of kernel parameters'),
])
def test_a_parameter_that_is_missing_is_refused_before_anything_is_written(kernel, name, message):
    with pytest.raises(SysctlError) as error:
        run(kernel, {ALL_SEND: 0, name: 1})
    assert message in str(error.value) and kernel.steps == []


@pytest.mark.parametrize('parameters, options, message', [
    ({'vm.swappiness': 1}, {}, "parameters: 'vm.swappiness' is not a kernel parameter of the network"),
    ({'net': 1}, {}, "'net' is not a kernel parameter"),
    ({'': 1}, {}, "'' is not a kernel parameter"),
    ({'net/ipv4/../../kernel/panic': 1}, {}, 'is not a kernel parameter'),
    ({'net.ipv4.//.ip_forward': 1}, {}, 'is not a kernel parameter'),
    ({'net/./ipv4/ip_forward': 1}, {}, 'is not a kernel parameter'),
    ({'net..ip_forward': 1}, {}, 'is not a kernel parameter'),
    ({'net.ipv4.ip_forward.': 1}, {}, 'is not a kernel parameter'),
    ({'/net/ipv4/ip_forward': 1}, {}, 'is not a kernel parameter'),
    ({'-net.ipv4.ip_forward': 1}, {}, 'is not a kernel parameter'),
    ({'net.ipv4.conf.*.rp_filter': 1}, {}, 'is not a kernel parameter'),
    ({'net.ipv4.ip_forward = 1': 1}, {}, 'is not a kernel parameter'),
    ({'net.ipv4.ip_forward\n': 1}, {}, 'is not a kernel parameter'),
    ({'net.ipv4.ip_forward': 1, 'net/ipv4/ip_forward': 1}, {},
     "parameters: 'net.ipv4.ip_forward' and 'net/ipv4/ip_forward' are the same parameter, net/ipv4/ip_forward"),
    ({'net.ipv4.conf.all.forwarding': 1, 'net.ipv4.ip_forward': 1}, {},
     "'net.ipv4.conf.all.forwarding' and 'net.ipv4.ip_forward' are the same parameter"),
    ({'net.ipv4.ip_forward': True}, {}, 'net.ipv4.ip_forward is True, but the kernel takes numbers here; write 1 or 0'),
    ({'net.ipv4.ip_forward': 'False'}, {}, 'net.ipv4.ip_forward is False, but the kernel takes numbers'),
    ({'net.ipv4.ip_forward': None}, {}, 'net.ipv4.ip_forward is None, which is neither a whole number nor a line'),
    ({'net.ipv4.ip_forward': 1.5}, {}, 'is 1.5, which is neither'),
    ({'net.ipv4.ip_forward': [1]}, {}, 'is [1], which is neither'),
    ({'net.ipv4.ip_forward': ' '}, {}, "is ' ', which is neither"),
    ({'net.ipv4.ip_forward': '1\nnet.ipv4.tcp_sack = 0'}, {}, 'which is not one line of printable text'),
    ({'net.ipv4.ip_forward': '1\x00'}, {}, 'which is not one line of printable text'),
    ({'net.ipv4.ip_forward': 1}, {'optional': ['net.ipv4.ip_forwad']},
     "optional[0]: 'net.ipv4.ip_forwad' is not among the parameters"),
    ({'net.ipv4.ip_forward': 1}, {'optional': ['vm.swappiness']}, "optional[0]: 'vm.swappiness' is not a kernel parameter"),
    ({'net.ipv4.ip_forward': 1}, {'file': 'lvs.conf'}, "file: 'lvs.conf' is not an absolute path"),
])
def test_a_bad_option_is_refused_without_a_look_at_the_host(parameters, options, message):
    with pytest.raises((SysctlError, RecordError)) as error:
        wanted(parameters, **options)
    assert message in str(error.value)


def test_the_options_of_a_declaration_do_no_harm_when_it_is_absent(kernel):
    assert not run(kernel, state='absent', optional=[SLOPPY])['changed']
    assert not run(kernel, {SLOPPY: 1, 'net.ipv4.conf.all': 1}, state='absent')['changed']


def test_files_of_either_module_are_foreign_to_the_other_one(kernel):
    arp.declare(kernel, silence(), check=False)
    with pytest.raises(SysctlError, match='90-lvs-arp.conf was not written by this module'):
        run(kernel, {ALL_SEND: 0}, file=FILE)
    assert not run(kernel, state='absent', file=FILE)['changed'] and kernel.there(FILE)
    run(kernel, {ALL_SEND: 0})
    with pytest.raises(SysctlError, match='90-lvs-director.conf was not written by this module'):
        arp.declare(kernel, silence(file=DEFAULT_FILE), check=False)


def test_a_file_that_is_not_ours_and_a_symbolic_link_are_refused(kernel):
    kernel.put(DEFAULT_FILE, 'net.ipv4.ip_forward = 1\n')
    with pytest.raises(SysctlError, match='was not written by this module'):
        run(kernel, {ALL_SEND: 0})
    os.rename(kernel.path(DEFAULT_FILE), kernel.path('/elsewhere'))
    os.symlink(kernel.path('/elsewhere'), kernel.path(DEFAULT_FILE))
    with pytest.raises(RecordError, match='is a symbolic link'):
        run(kernel, {ALL_SEND: 0})
    assert kernel.steps == []


def test_records_of_different_files_and_modules_do_not_mix(kernel):
    other = '/etc/sysctl.d/91-other.conf'
    arp.declare(kernel, silence(persist=False), check=False)
    run(kernel, {ALL_SEND: 0}, persist=False)
    run(kernel, {ETH0_RP: 2}, persist=False, file=other)
    assert len(os.listdir(kernel.path('/run/lvs-direct-routing'))) == 3
    run(kernel, state='absent')
    assert (kernel.live_value(ALL_SEND), kernel.live_value(ETH0_RP), kernel.get('all')) == ('1', '2', (1, 2))
    run(kernel, state='absent', file=other)
    assert (kernel.live_value(ETH0_RP), kernel.get('all')) == ('0', (1, 2))
    arp.declare(kernel, silence(state='absent'), check=False)
    assert kernel.get('all') == (0, 0) and not kernel.there('/run/lvs-direct-routing')


def test_a_run_that_was_killed_at_any_step_still_knows_what_was_before(tmp_path):
    class Killed(BaseException):
        pass

    class Dying(Machine):
        left = 0

        def step(self):
            if not self.left:
                raise Killed
            self.left -= 1

        def write(self, name, value):
            self.step()
            super().write(name, value)

        def replace(self, path, text):
            self.step()
            super().replace(path, text)

    parameters = {'net/ipv4/conf/all/arp_ignore': 1, 'net/ipv4/conf/eth0/arp_announce': 2}
    for steps in range(5):
        folder = tmp_path / str(steps)
        folder.mkdir()
        dying = Dying(folder)
        dying.left = steps
        with pytest.raises(Killed):
            run(dying, parameters)
        dying.left = 99
        run(dying, parameters)
        assert dying.get('all') == (1, 0) and dying.get('eth0') == (0, 2)
        run(dying, state='absent')
        assert dying.get('all') == (0, 0) and dying.get('eth0') == (0, 0)


def test_a_file_that_wins_at_boot_is_warned_of_by_whatever_name(kernel):
    kernel.put('/etc/sysctl.d/99-router.conf', 'net.ipv4.conf.all.forwarding = 1\n-net.ipv4.vs.sloppy_tcp = 0\n')
    warnings = run(kernel, {FORWARD: 0, SLOPPY: 1}, optional=[SLOPPY])['warnings']
    assert [warning.split(' after ')[0] for warning in warnings] == [
        '/etc/sysctl.d/99-router.conf sets net/ipv4/ip_forward = 1',
        '/etc/sysctl.d/99-router.conf sets net/ipv4/vs/sloppy_tcp = 0',
    ]


def test_a_kernel_that_cannot_be_read_says_which_parameter(kernel, monkeypatch):
    def refuse(_name):
        raise PermissionError(13, 'Permission denied')

    monkeypatch.setattr(kernel, 'read', refuse)
    with pytest.raises(SysctlError, match='Cannot read net/ipv4/ip_forward: Permission denied'):
        run(kernel, {FORWARD: 0})


@pytest.mark.parametrize('number, hint', [(errno.EINVAL, 'The kernel does not take this value'), (errno.EROFS, 'needs root')])
def test_a_kernel_that_refuses_a_value_says_why_and_what_it_has_by_now(kernel, monkeypatch, number, hint):
    real = open

    def refuse(path, mode='r', **options):
        if mode == 'w' and str(path).endswith(ETH0_RP):
            raise OSError(number, 'No')
        return real(path, mode, **options)

    monkeypatch.setattr('builtins.open', refuse)
    with pytest.raises(SysctlError) as error:
        run(kernel, {ETH0_RP: 7, FORWARD: 1})
    assert 'Cannot set net/ipv4/conf/eth0/rp_filter to 7: No. ' in str(error.value) and hint in str(error.value)
    assert str(error.value).endswith('The running kernel has net/ipv4/ip_forward = 1 by now, and keeps it')
    monkeypatch.undo()
    run(kernel, state='absent')
    assert kernel.live_value(FORWARD) == '0'
