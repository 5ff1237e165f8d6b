# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The two directors of inventories/pair, and what they have."""

from __future__ import annotations

import os
import subprocess
import time

from declared import RIPS
from nodes import REALSERVERS, VIPS, Play, on

PAIR = 'inventories/pair'
DIRECTORS = ('director', 'director2')
ADDRESSES = {'director': '192.0.2.10', 'director2': '192.0.2.11'}
ROUTER_ID = 51


def holds(node):
    addresses = on(node, 'ip -oneline address show dev eth0')
    return [vip for vip in VIPS if ' {0}/'.format(vip) in addresses]


def holder():
    """Return the director that has the VIPs, if one has all of them and the other none."""
    have = {node: holds(node) for node in DIRECTORS}
    return next((node for node in DIRECTORS if len(have[node]) == len(VIPS) and not any(have[one] for one in DIRECTORS if one != node)), None)


def other(node):
    return next(one for one in DIRECTORS if one != node)


def wait_for(condition):
    end = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.2)


def table(node):
    return sorted(on(node, 'ipvsadm -Sn').splitlines())


def knows(node, ports):
    """Say whether a director has an entry for each stream, by the client's port."""
    lines = [line.split() for line in on(node, 'ipvsadm --list --connection --numeric').splitlines()]
    return {str(port) for port in ports} <= {words[3].rpartition(':')[2] for words in lines if 'ESTABLISHED' in words}


def pid(node):
    return on(node, 'systemctl show --property=MainPID --value keepalived').strip()


def reloads(node):
    return on(node, 'journalctl --unit keepalived --output cat').count('Reloading keepalived.service')


def cable(node, state):
    """Plug a node's network in or out: it keeps its addresses, and has no carrier."""
    index = on(node, 'cat /sys/class/net/eth0/iflink').strip()
    subprocess.run(
        ['docker', 'run', '--rm', '--privileged', '--network', 'host', '--entrypoint', 'sh', os.environ['LVS_LAB_IMAGE'], '-c',
         'ip link set "$(ip -oneline link | sed -n "s/^{0}: \\([^@:]*\\).*/\\1/p")" {1}'.format(index, state)],
        check=True, timeout=300,
    )  # fmt: skip


def tear_down_what_is_there():
    if any(on(node, 'ls -d /var/lib/lvs /etc/keepalived 2> /dev/null', check=False) for node in (*DIRECTORS, *REALSERVERS)):
        play = Play('playbooks/teardown.yml', inventory=PAIR).run()
        assert play.status == 0, play.output


def begin_anew(node):
    """Have a director know no connection but those that it is told of from now on."""
    on(node, 'systemctl stop keepalived && ipvsadm --clear && systemctl start keepalived')
    healed()


def run(site, *arguments, inventory=PAIR, **variables):
    return site(*arguments, inventory=inventory, **variables)


def weighted(weight):
    """Return the services of the pair, in which real1 has a weight."""
    check = {'type': 'http', 'path': '/', 'interval': 1, 'timeout': 2, 'retries': 1, 'retry_delay': 1}
    return [
        {'name': name, 'vip': vip, 'port': 80, 'scheduler': 'wrr', 'check': check, 'realservers': [
            {'address': rips['real1'], 'weight': weight}, {'address': rips['real2']}]}
        for name, vip, rips in zip(('web', 'web-ipv6'), VIPS, RIPS)
    ]  # fmt: skip


def healed():
    """Wait until one has the VIPs and both have the whole table."""
    wait_for(holder)
    wait_for(lambda: table('director') == table('director2') and len(table('director')) == 6)
