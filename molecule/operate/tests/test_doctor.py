# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The doctor finds nothing where nothing is wrong, and what is broken on purpose where it is broken."""

from __future__ import annotations

import contextlib
import subprocess
import time

import pytest
from declared import web
from nodes import ROOT, bring, examine, on
from operate import drain
from slices import EVERY, of_the_day

VIP, WEB = '192.0.2.100', '-t 192.0.2.100:80 -r 192.0.2.21:80 -g'
RECORD = '/var/lib/lvs/director.rules'
CLAIMS = '/root/lvs-claims'


def parameters(**values):
    return 'sysctl -qw ' + ' '.join('net.ipv4.conf.{0}={1}'.format(name.replace('__', '.'), value) for name, value in values.items())


def firewall(rule):
    return 'nft "add table inet shut; add chain inet shut in {{ type filter hook input priority 0; }}; add rule inet shut in {0} drop"'.format(rule)


def listen(*words):
    """Return the command that has another web server than nginx."""
    return 'systemctl stop nginx && systemd-run --quiet --unit=lvs-other python3 -m http.server ' + ' '.join(words)


def claim(mac):
    """Return the command that goes on to claim the VIP for a MAC address."""
    return ('cd {0}; setsid python3 -c "import neighbour; neighbour.announce(\'eth0\', \'{1}\', [\'{2}\'], 10000, 0.1)" > /dev/null 2>&1 & '
            'echo $! > {0}/pid').format(CLAIMS, mac, VIP)


def hidden(rules):
    """Return the command that drops what these match, and waits until keepalived has noticed at least its last check."""
    return 'nft "add table inet shut; add chain inet shut out {{ type filter hook output priority 0; }}; {0}" && sleep 30'.format(rules)


NOT_SHUT = 'nft delete table inet shut'
NGINX = 'systemctl stop lvs-other; systemctl start nginx'
NO_CLAIM = 'kill $(cat {0}/pid)'.format(CLAIMS)
ROUTE = "ip route show default > /run/default"
ROUTE_BACK = 'ip route replace $(cat /run/default)'
# What it is called, on which host it is found, how it is broken and mended.
FAULTS = [
    ('arp', 'real1', parameters(all__arp_ignore=0, eth0__arp_ignore=0), parameters(all__arp_ignore=1, eth0__arp_ignore=1)),
    ('arp', 'real2', parameters(all__arp_announce=0, eth0__arp_announce=1), parameters(all__arp_announce=2, eth0__arp_announce=2)),
    ('vip_missing', 'real2', 'ip address delete 192.0.2.100/32 dev lo', 'ip address add 192.0.2.100/32 dev lo'),
    ('vip_missing', 'real1', 'ip address delete 2001:db8:2::100/128 dev lo', 'ip address add 2001:db8:2::100/128 dev lo nodad'),
    ('vip_prefix', 'real2', 'ip address delete 192.0.2.100/32 dev lo; ip address add 192.0.2.100/31 dev lo',
     'ip address delete 192.0.2.100/31 dev lo; ip address add 192.0.2.100/32 dev lo'),
    ('vip_on_card', 'real1', 'ip address add 192.0.2.100/32 dev eth0', 'ip address delete 192.0.2.100/32 dev eth0'),
    ('no_master', 'director', 'ip address delete 2001:db8:2::100/128 dev eth0', 'systemctl reload lvs-director'),
    ('no_master', 'director', 'ip address delete 192.0.2.100/32 dev eth0; ip address add 192.0.2.100/32 dev lo',
     'ip address delete 192.0.2.100/32 dev lo; systemctl reload lvs-director'),
    ('silent_director', 'director', parameters(all__arp_ignore=8), parameters(all__arp_ignore=0)),
    ('duplicate', 'real1', claim('$(cat /sys/class/net/eth0/address)'), NO_CLAIM),
    ('stranger', 'client', None, None),
    ('neighbour', 'client', 'ip neighbour replace 192.0.2.100 lladdr 02:00:5e:00:53:01 dev eth0 nud permanent',
     'ip neighbour delete 192.0.2.100 dev eth0'),
    ('rp_filter', 'real1', ROUTE + '; ip link add x0 type dummy; ip link set x0 up; ip route replace default dev x0; '
     + parameters(eth0__rp_filter=1), ROUTE_BACK + '; ip link delete x0; ' + parameters(eth0__rp_filter=0)),
    ('gateway', 'real2', ROUTE + '; ip route replace default via 192.0.2.10', ROUTE_BACK),
    ('neighbour', 'client', 'ip neighbour replace 2001:db8:2::100 lladdr 02:00:5e:00:53:01 dev eth0 nud permanent',
     'ip neighbour delete 2001:db8:2::100 dev eth0'),
    ('gateway', 'real1', 'ip route add default via 2001:db8:2::10 dev eth0 metric 1', 'ip route delete default via 2001:db8:2::10 dev eth0 metric 1'),
    ('segment', 'real1', 'ip route add 192.0.2.10/32 via 192.0.2.22', 'ip route delete 192.0.2.10/32'),
    ('mtu', 'real2', 'ip link set eth0 mtu 1400', 'ip link set eth0 mtu 1500'),
    ('listener', 'real2', 'systemctl stop nginx', 'systemctl start nginx'),
    ('listener', 'real1', listen('--bind', '192.0.2.21', '80'), NGINX),
    ('listener', 'real2', listen('8080'), NGINX),
    ('firewall', 'director', firewall('tcp dport 80'), NOT_SHUT),
    ('listener', 'real2', listen('--bind', '0.0.0.0', '80'), NGINX),
    ('firewall', 'director', 'nft "add table inet shut; add chain inet shut in { type filter hook input priority 0; policy drop; }; '
     'add rule inet shut in ct state vmap { established : accept, related : accept, invalid : drop }; '
     'add rule inet shut in meta l4proto ipv6-icmp accept"', NOT_SHUT),
    ('firewall', 'real1', firewall('ip daddr 192.0.2.100'), NOT_SHUT),
    ('unit', 'real1', 'systemctl disable --quiet lvs-realserver', 'systemctl enable --quiet lvs-realserver'),
    ('unit', 'director', 'systemctl disable --quiet lvs-director', 'systemctl enable --quiet lvs-director'),
    ('settings', 'director', 'ipvsadm -e {0} -w 5'.format(WEB), 'ipvsadm -e {0} -w 1'.format(WEB)),
    ('settings', 'director', 'ipvsadm -E -t 192.0.2.100:80 -s rr', 'ipvsadm -E -t 192.0.2.100:80 -s wrr'),
    ('server_missing', 'director', 'ipvsadm -d {0}'.format(WEB[:-3]), 'ipvsadm -a {0} -w 1'.format(WEB)),
    ('server_undeclared', 'director', 'ipvsadm -a -t 192.0.2.100:80 -r 192.0.2.23:80 -g', 'ipvsadm -d -t 192.0.2.100:80 -r 192.0.2.23:80'),
    ('service_missing', 'director', 'ipvsadm -D -t [2001:db8:2::100]:80', 'systemctl reload lvs-director'),
    # The kernel loads them again for the asking; it is that of all nodes, and only directors need them.
    ('scheduler', 'director', 'ipvsadm -D -t 192.0.2.100:80 && rmmod ip_vs_wrr', 'systemctl reload lvs-director'),
    ('ip_vs', 'director', "ipvsadm --clear && rmmod xt_ipvs; rmmod $(lsmod | sed -n 's/^\\(ip_vs_[a-z_]*\\) .*/\\1/p') ip_vs",
     'systemctl reload lvs-director'),
    ('foreign', 'director', 'ipvsadm -A -u 192.0.2.77:53 -s rr', 'ipvsadm -D -u 192.0.2.77:53'),
    ('leftover', 'director', 'cp {0} /run/record; echo "-A -u 192.0.2.77:53 -s rr" | tee -a {0} | ipvsadm -R'.format(RECORD),
     'cp /run/record {0}; ipvsadm -D -u 192.0.2.77:53'.format(RECORD)),
    ('record', 'director', 'cp {0} /run/record; sed -i "s/-w 1$/-w 9/" {0}'.format(RECORD), 'cp /run/record ' + RECORD),
    ('record', 'director', 'mv {0} /run/record'.format(RECORD), 'mv /run/record ' + RECORD),
    ('kube_proxy', 'director', 'ip link add kube-ipvs0 type dummy', 'ip link delete kube-ipvs0'),
    ('docker', 'director', 'ip link add docker0 type dummy; systemd-run --quiet --unit=lvs-other python3 -m http.server 80',
     'systemctl stop lvs-other; ip link delete docker0'),
]
# Found beside what is wrong elsewhere in the same round, but for these: they change what is seen of other hosts.
ALONE = ('duplicate', 'stranger', 'no_master', 'silent_director', 'ip_vs', 'scheduler')
WARNINGS = ('unit', 'foreign', 'leftover', 'record', 'kube_proxy', 'docker', 'drain', 'dead')
# What a fault brings along, and is as true.
BESIDE = {'duplicate': {('neighbour', 'error', 'client')}, 'stranger': {('neighbour', 'error', 'client')}}
# A topology in which nothing is wrong, as variables of site.yml, and what only there can be.
HEALTHY = {
    'keepalived': ({'director_engine': 'keepalived'}, [
        ('settings', 'director', 'ipvsadm -e {0} -w 5'.format(WEB), 'ipvsadm -e {0} -w 1'.format(WEB)),
        ('dead', 'real1', hidden('add rule inet shut out ip saddr 192.0.2.21 tcp sport 80 drop'), NOT_SHUT + '; sleep 30'),
        ('quorum', 'director', hidden('add rule inet shut out tcp dport 80 drop'), NOT_SHUT + '; sleep 30'),
    ]),
    'dummy': ({'realserver_vip_interface': 'ipvs0'}, [
        ('vip_missing', 'real1', 'ip link set ipvs0 down', 'systemctl restart lvs-realserver'),
    ]),
    'arptables': ({'realserver_arp_method': 'arptables'}, [
        ('arp', 'real2', 'arptables --flush', 'systemctl restart lvs-realserver'),
    ]),
    'tunnel': ({'lvs_virtual_services': web(forward='tun')}, [
        ('rp_filter', 'real1', parameters(tunl0__rp_filter=1), parameters(tunl0__rp_filter=2)),
        ('mtu', 'director', 'ip link set eth0 mtu 1300', 'ip link set eth0 mtu 1500'),
    ]),
    'marks': ({'lvs_virtual_services': [dict(one, fwmark=mark) for mark, one in enumerate(web(), 7)]}, [
        ('marks', 'director', 'nft delete table inet lvs_direct_routing', 'systemctl reload lvs-director'),
    ]),
}  # fmt: skip


def flush():
    """Clients go on sending to whoever has answered wrongly, and that would be found as well."""
    on('client', 'ip neigh flush dev eth0')


@pytest.fixture(name='healthy', scope='module')
def a_healthy_topology(site):
    site()
    for host in ('real1', 'real2'):
        bring(host, CLAIMS, ROOT / 'plugins/module_utils/neighbour.py')
    on('director', 'which nft || apt-get install --yes --quiet nftables')
    on('real1', 'which nft || apt-get install --yes --quiet nftables')
    time.sleep(2)
    yield
    site()


def test_nothing_is_found_where_nothing_is_wrong(healthy, tmp_path):
    assert examine(tmp_path) == (0, [])


def fits(fault, others):
    """Return whether a fault can be there beside others."""
    kind, host = fault[:2]
    return kind not in ALONE and all(other[0] not in ALONE and other[1] != host for other in others)


def rounds():
    """Return the faults in few rounds: in each one at most one on a host."""
    if EVERY:
        return [[fault] for fault in FAULTS]
    made = []
    for fault in FAULTS:
        one = next((others for others in made if fits(fault, others)), None)
        if one:
            one.append(fault)
        else:
            made.append([fault])
    return made


def are_found(folder, faults, **variables):
    expected, beside = set(), set()
    with contextlib.ExitStack() as mends:
        mends.callback(flush)
        for kind, host, broken, mended in faults:
            # A stranger is heard, and has no host that it could be broken on.
            at = host if broken else 'real2'
            mends.callback(on, at, mended or NO_CLAIM)
            on(at, broken or claim('02:00:5e:00:53:02'))
            expected.add((kind, 'warning' if kind in WARNINGS else 'error', host))
            beside |= BESIDE.get(kind, set())
        status, findings = examine(folder, **variables)
    found = {(one['kind'], one['severity'], one['host']) for one in findings}
    assert found - beside == expected, findings
    assert status == (2 if any(severity == 'error' for _kind, severity, _host in expected) else 0)


@pytest.mark.in_turn
@pytest.mark.parametrize('faults', rounds(), ids=lambda faults: ', '.join('{0} {1}'.format(*fault) for fault in faults))
def test_faults_are_found_where_they_are(healthy, tmp_path, faults):
    are_found(tmp_path, faults)


def test_who_cannot_be_looked_at_is_found(healthy, tmp_path):
    # Ansible's connection to a container does not say that it cannot be reached, as ssh does.
    subprocess.run(['docker', 'pause', 'real2'], check=True, timeout=60)
    try:
        status, findings = examine(tmp_path)
    finally:
        subprocess.run(['docker', 'unpause', 'real2'], check=True, timeout=60)
        flush()
    assert {(one['kind'], one['host']) for one in findings} == {('unread', 'real2')} and status == 2, findings


def test_a_drain_that_is_over_is_found(healthy, tmp_path):
    assert drain({}, 'real1', drain_until='1h', drain_timeout=0).status == 0
    try:
        assert examine(tmp_path) == (0, [])
        on('director', 'sed -Ei \'s/("until": *)"[^"]*"/\\1"2026-01-01T00:00:00Z"/\' /var/lib/lvs/drained.json')
        status, findings = examine(tmp_path)
        assert examine(tmp_path, doctor_strict=True)[0] == 2
    finally:
        assert drain({}, 'real1', state='undrained').status == 0
    assert {(one['kind'], one['severity'], one['host']) for one in findings} == {('drain', 'warning', 'real1')} and status == 0, findings


@pytest.mark.parametrize('way', of_the_day(HEALTHY, 2))
def test_nothing_is_found_in_other_ways_to_do_it(healthy, site, tmp_path, way):
    variables, faults = HEALTHY[way]
    site(**variables)
    time.sleep(5)
    assert examine(tmp_path, **variables) == (0, [])
    for fault in faults:
        are_found(tmp_path, [fault], **variables)
