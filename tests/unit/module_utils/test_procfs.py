# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What takes effect in a kernel is read from its files; what is missing is no error."""

from __future__ import annotations

import socket

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils import procfs
from ansible_collections.lvs.direct_routing.plugins.module_utils.procfs import Files


@pytest.fixture(name='files')
def kernel(tmp_path):
    """Return the files of a kernel and a function that writes one of them."""
    def write(path, text):
        target = tmp_path / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    for name, values in {'all': (1, 0, 0, 1), 'eth0.100': (0, 2, 1, 0)}.items():
        for parameter, value in zip(procfs.PARAMETERS, values):
            write('proc/sys/net/ipv4/conf/{0}/{1}'.format(name, parameter), '{0}\n'.format(value))
    return Files(str(tmp_path)), write


def test_the_higher_value_of_all_and_the_interface_takes_effect(files):
    assert procfs.effective(files[0], 'eth0.100') == {
        'arp_ignore': 1, 'arp_announce': 2, 'rp_filter': 1, 'send_redirects': 1}


def test_an_interface_that_has_gone_has_no_values(files):
    assert procfs.effective(files[0], 'eth9') is None


def test_modules_of_other_purposes_are_left_out(files):
    read, write = files
    for name in ('ip_vs', 'ip_vs_rr', 'ip_vsx', 'ipip', 'veth'):
        write('sys/module/{0}/refcnt'.format(name), '0')
    assert procfs.modules(read) == ['ip_vs', 'ip_vs_rr', 'ipip']


def test_a_process_is_found_by_its_whole_name(files):
    read, write = files
    write('proc/12/comm', 'firewalld-x\n')
    write('proc/net/comm', 'firewalld\n')
    assert not procfs.runs(read, 'firewalld')
    write('proc/13/comm', 'firewalld\n')
    assert procfs.runs(read, 'firewalld')


@pytest.mark.parametrize('replies, shown', [
    ({procfs.ETHTOOL_GET_GRO: 1, procfs.ETHTOOL_GET_FLAGS: 1 << 15}, {'gro': True, 'lro': True}),
    ({procfs.ETHTOOL_GET_GRO: 0, procfs.ETHTOOL_GET_FLAGS: 1 << 12}, {'gro': False, 'lro': False}),
    ({procfs.ETHTOOL_GET_FLAGS: 0}, {'gro': None, 'lro': False}),
])
def test_offloads_are_told_apart_from_what_the_driver_does_not_say(monkeypatch, replies, shown):
    monkeypatch.setattr(procfs, '_ethtool', lambda _sock, _interface, command: replies.get(command))
    assert procfs.offloads('eth0') == shown


def test_an_interface_that_is_not_there_says_nothing():
    assert 'no-such-nic' not in [name for _index, name in socket.if_nameindex()]
    assert procfs.offloads('no-such-nic') == {'gro': None, 'lro': None}


def test_parameters_of_ipvs_are_those_that_the_kernel_has(files):
    read, write = files
    assert procfs.ipvs(read) == {} and procfs.release(read) == ''
    write('proc/sys/net/ipv4/vs/conn_reuse_mode', '1\n')
    write('proc/sys/kernel/osrelease', '6.1.0-18-amd64\n')
    assert procfs.ipvs(read) == {'conn_reuse_mode': 1} and procfs.release(read) == '6.1.0-18-amd64'


def test_modules_that_could_be_loaded_are_those_of_the_running_kernel(files):
    read, write = files
    write('proc/sys/kernel/osrelease', '6.1.0-18-amd64\n')
    assert procfs.loadable(read) is None
    write('lib/modules/6.1.0-18-amd64/modules.dep', 'kernel/net/netfilter/ipvs/ip_vs_wrr.ko.xz: kernel/net/ip_vs.ko.xz\nkernel/veth.ko:\n')
    assert procfs.loadable(read) == ['ip_vs_wrr']
    write('lib/modules/6.1.0-18-amd64/modules.builtin', 'kernel/net/netfilter/ipvs/ip_vs.ko\n')
    assert procfs.loadable(read) == ['ip_vs', 'ip_vs_wrr']
