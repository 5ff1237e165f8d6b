# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each deployment: demonstrated, compared with what it prints, stopped, made by hand and taken over."""

from __future__ import annotations

import collections
import os
import subprocess
import time

import printed
import pytest
import yaml
from nodes import PATIENCE, REALSERVERS, ROOT, Play, on, reboot
from slices import of_the_day
from typed import TYPED

NAMES = os.environ['LVS_SEEDS'].split() if os.environ.get('LVS_SEEDS') else of_the_day(TYPED, 1)
HOSTS = ('director', *REALSERVERS)
# What a host had before us is what the client has, whom nobody touches.
PARAMETERS = 'sysctl net.ipv4.ip_forward net.ipv4.conf.all.send_redirects net.ipv4.conf.{all,lo}.arp_{ignore,announce}'


class Seed:
    """A deployment whose inventory `make demo` has brought up."""

    def __init__(self, name):
        self.name = name
        self.inventory = 'inventories/' + name
        self.typed = TYPED[name]
        self.demo = subprocess.run(
            ['lab/demo'], cwd=ROOT, env=dict(os.environ, INVENTORY=name, ANSIBLE_CONFIG=str(ROOT / 'ansible.cfg')), check=False,
            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE,
        )  # fmt: skip

    def rip(self, host):
        declared = yaml.safe_load((ROOT / self.inventory / 'hosts.yml').read_text(encoding='utf-8'))
        return declared['realservers']['hosts'][host]['lvs_address']


@pytest.fixture(name='seed', scope='module', params=NAMES)
def a_deployment(request, figure):
    begin = time.monotonic()
    seed = Seed(request.param)
    assert seed.demo.returncode == 0, seed.demo.stdout
    figure('{0}: make demo took {1:.0f} s'.format(seed.name, time.monotonic() - begin))
    return seed


def table():
    return on('director', 'ipvsadm -Ln')


def who_answers(seed, requests=10):
    """Return how often each real server answers the client; with persistence each request is that of another client."""
    url = 'curl --silent --max-time 20 http://{0}/'.format(seed.typed.vip)
    if seed.name == 'persistence':
        sources = ['172.28.95.{0}'.format(number) for number in range(231, 231 + requests)]
        on('client', '; '.join('ip address replace {0}/20 dev eth0'.format(source) for source in sources))
        asked = [url + ' --interface ' + source for source in sources]
    else:
        asked = [url] * requests
    return collections.Counter(on('client', '; '.join(asked)).split())


def forget_connections():
    """Wait until none is left: wlc goes by those that have ended, too, and those of IPVS end after two minutes."""
    end = time.monotonic() + PATIENCE
    while on('director', 'ipvsadm -Lnc').count('TCP'):
        assert time.monotonic() < end
        time.sleep(2)


def test_ten_requests_are_answered_five_and_five(seed):
    if seed.name == 'two_networks':
        forget_connections()
    assert who_answers(seed) == {'real1': 5, 'real2': 5}


def test_the_table_is_what_the_deployment_prints(seed):
    live = printed.rows(table())
    assert live and printed.as_printed(live, seed.name) == (printed.table(seed.name) or live)


def test_the_addresses_are_what_the_deployment_prints(seed):
    for host in HOSTS:
        live = printed.addresses(on(host, 'ip address'))
        assert any(address.startswith(seed.typed.vip + '/') for address in live)
        shown = printed.read('{0}.{1}'.format(seed.name, host))
        assert not shown or live == printed.addresses(shown)
    if seed.name == 'host_route':
        assert 'inet {0}/32 brd {0} '.format(seed.typed.vip) in on('director', 'ip address show dev eth0')


def test_all_of_it_is_there_after_a_restart_of_all_hosts(seed):
    if seed.name != 'firewalled':
        pytest.skip('only this deployment promises it')
    before = printed.rows(table())
    reboot(*HOSTS)
    for host in HOSTS:
        assert on(host, 'systemctl is-active firewalld') == 'active\n'
    assert printed.rows(table()) == before
    assert who_answers(seed) == {'real1': 5, 'real2': 5}


def test_the_units_stop_as_its_scripts_do(seed):
    parameters = {host: on(host, "bash -c '{0}'".format(PARAMETERS)) for host in ('client', *HOSTS)}
    assert parameters['real1'] != parameters['client'] or seed.name == 'arptables'
    on('director', 'systemctl stop lvs-director')
    for host in REALSERVERS:
        on(host, 'systemctl stop lvs-realserver')
    assert printed.rows(table()) == []
    for host in HOSTS:
        assert seed.typed.vip not in on(host, 'ip address; ip route show table all')
        assert 'ipvs0' not in on(host, 'ip link')
        assert on(host, "bash -c '{0}'".format(PARAMETERS)) == parameters['client']
    if seed.name == 'arptables':
        for host in REALSERVERS:
            assert seed.typed.vip not in on(host, 'arptables -n -L')


def test_what_was_typed_is_taken_over_without_a_lost_request(seed, site, asking):
    play = Play('playbooks/teardown.yml', inventory=seed.inventory).run()
    assert play.status == 0, play.output
    for host in REALSERVERS:
        on(host, 'REALIP={0}\n{1}'.format(seed.rip(host), seed.typed.realserver))
    on('director', seed.typed.director)
    before = on('director', 'ipvsadm -Sn')
    assert who_answers(seed)
    with asking('take-over of ' + seed.name, at_least=0, vips=[seed.typed.vip]) as figures:
        done = site(inventory=seed.inventory)
    assert figures['failed'] == figures['broken'] == [] and figures['made'] == figures['answered'] > 20
    assert all(done.changed[host] for host in HOSTS)
    assert on('director', 'ipvsadm -Sn') == before
    again = site(inventory=seed.inventory)
    assert not any(again.changed.values()), again.output
