# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each way to be a real server, and each switch from one to the next on live hosts: silent, and no request is lost."""

from __future__ import annotations

import contextlib
import re

import pytest
from nodes import REALSERVERS, VIPS, Play, on, reboot
from ways import THOROUGH, WAYS, declaration

ADDRESSES = {'real1': '192.0.2.21', 'real2': '192.0.2.22'}


@pytest.fixture(scope='module', autouse=True)
def one_front_end_of_arptables_each():
    """The role installs legacy arptables on the first real server; the second one has that of nft."""
    on('real2', 'DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet arptables iptables > /dev/null')
    on('real2', 'update-alternatives --quiet --set arptables /usr/sbin/arptables-nft')
    yield
    on('real2', 'update-alternatives --quiet --auto arptables')


def holders(node):
    """Return the interfaces that have each VIP."""
    found = {vip: [] for vip in VIPS}
    for line in on(node, 'ip -oneline address show').splitlines():
        words = line.split()
        address = words[3].split('/')[0]
        if address in found:
            found[address].append(words[1])
    return found


def rules(node):
    """Return the rules of arptables about the VIP, without what the front ends print beside them."""
    listed = on(node, 'if command -v arptables > /dev/null; then arptables -n -L; fi')
    return sorted(re.sub(r' -[io] \*|\s*,.*|\s+$', '', line) for line in listed.splitlines() if VIPS[0] in line)


def parameters(node):
    return [on(node, 'cat /proc/sys/net/ipv4/conf/all/' + name).strip() for name in ('arp_ignore', 'arp_announce')]


def is_up(node, device):
    return 'UP' in re.findall(r'[\w]+', on(node, 'ip -brief link show dev ' + device).partition('<')[2])


def check_kernel(node, way):
    assert holders(node) == {VIPS[0]: [way.device], VIPS[1]: [way.device_ipv6]}
    if way.method == 'arptables':
        assert parameters(node) == ['0', '0']
        assert rules(node) == [
            '-j DROP -d 192.0.2.100',
            '-j mangle -s 192.0.2.100 --mangle-ip-s ' + ADDRESSES[node],
        ]
    else:
        assert parameters(node) == ['1', '2']
        assert rules(node) == []
    assert ('ipvs0' in on(node, 'ip -brief link')) == (way.device == 'ipvs0')
    for device in ('tunl0', 'ip6tnl0'):
        assert is_up(node, device) == (way.forward == 'tun')
    assert on(node, 'cat /proc/sys/net/ipv4/conf/tunl0/rp_filter').strip() == ('2' if way.forward == 'tun' else '0')
    assert on(node, 'systemctl is-active lvs-realserver; systemctl is-enabled lvs-realserver') == 'active\nenabled\n'


def check_answers():
    for vip in VIPS:
        url = 'http://{0}/'.format('[' + vip + ']' if ':' in vip else vip)
        assert {on('client', 'curl --silent --max-time 20 ' + url).strip() for _request in range(4)} == set(REALSERVERS)


@pytest.mark.parametrize('number', range(len(WAYS)), ids=[way.name for way in WAYS])
def test_a_switch_is_foretold_and_silent_and_loses_nothing(torn_down, site, listening, requesting, figure, number):
    way = WAYS[number]
    if number in THOROUGH:
        foretold = Play('playbooks/site.yml', '--check', **declaration(way)).run()
        assert foretold.status == 0, foretold.output
    # Before the first one there is nobody to answer.
    with listening() as heard, requesting() if number else contextlib.nullcontext({}) as figures:
        done = site(**declaration(way))
    assert heard['claimed'] == {}
    if number in THOROUGH:
        assert foretold.changed == done.changed
    assert all(done.changed[node] for node in REALSERVERS)
    for asked, counted in figures.items():
        assert (asked, counted['failed']) == (asked, [])
        assert counted['made'] > 10
    for node in REALSERVERS:
        check_kernel(node, way)
    check_answers()
    figure(
        '{0}: {1} rounds of questions, no wrong answer; {2} requests, none lost'.format(
            way.name, heard['asked'], sum(counted['made'] for counted in figures.values())
        )
    )

    if number not in THOROUGH:
        return
    again = site(**declaration(way))
    assert not any(again.changed.values()), again.output
    if way.method == 'arptables':
        # Docker has its name server in there as well, until the restart below.
        for node in REALSERVERS:
            on(node, 'command -v nft > /dev/null || DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet nftables > /dev/null; '
                     'systemctl start nftables; systemctl restart nftables')
            check_kernel(node, way)
            on(node, 'systemctl stop nftables')
            check_kernel(node, way)
    with listening() as heard:
        for node in REALSERVERS:
            on(node, 'systemctl restart lvs-realserver')
            check_kernel(node, way)
            reboot(node)
            check_kernel(node, way)
    assert heard['claimed'] == {}
    check_answers()


def test_nothing_but_a_few_modules_runs_where_nothing_changes(site):
    """The modules are counted on the hosts, where each leaves its file behind."""
    site(ansible_remote_tmp='/root/counted', **declaration(WAYS[-1]), environment={
        'ANSIBLE_KEEP_REMOTE_FILES': '1', 'ANSIBLE_PIPELINING': '0',
    })
    for node in REALSERVERS:
        modules = on(node, "find /root/counted -name 'AnsiballZ_*' -printf '%f\\n'; rm -rf /root/counted").split()
        assert 0 < len(modules) <= 8, modules
