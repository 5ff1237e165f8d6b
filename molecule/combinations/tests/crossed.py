# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is combined: settings of a deployment, and of the services that each deployment has, all at once."""

from __future__ import annotations

import random

import pairwise
from declared import RIPS
from nodes import REALSERVERS, VIPS
from slices import SEED, of_the_day

SCHEDULERS = ('rr', 'wrr', 'lc', 'wlc', 'fo', 'ovf', 'lblc', 'lblcr', 'dh', 'sh', 'mh', 'sed', 'nq')
FLAGS = {'sh': ('sh-port', 'no fallback'), 'mh': ('mh-port', 'no fallback')}
# Of the hosts: one deployment for each row.
DEPLOYMENTS = {
    'engine': ('static', 'keepalived'),
    # How packets get to a real server, and where it has the VIP.
    'way': ('dr lo', 'dr ipvs0', 'tun tunl0'),
    'arp': ('sysctl', 'arptables'),
    'firewall': ('none', 'firewalld'),
}
# Of a service: a deployment has a quarter of the rows, the next one another quarter.
SERVICES = {
    'scheduling': tuple(SCHEDULERS) + tuple('{0} {1}'.format(name, flags) for name in FLAGS for flags in FLAGS[name]),
    'traffic': ('tcp', 'udp', 'udp one packet', 'mark tcp', 'mark udp'),
    'family': ('ipv4', 'ipv6'),
    'persistence': (0, 60),
}
FIRST_PORT = 8001
# A deployment has one of so many services: firewalld takes seconds for each. SEED chooses the pairs as well.
SHARE = 4


def services():
    """Return the rows of all services."""
    return pairwise.rows(SERVICES, random.Random(SEED))


def deployments():
    """Return the rows of the deployments: one of them, or all with LVS_EVERY_WAY."""
    return of_the_day(pairwise.rows(DEPLOYMENTS, random.Random(SEED)), 1)


def share(rows, turn):
    """Return the services of a deployment, each with its number; after SHARE deployments every service was in one."""
    return {number: row for number, row in enumerate(rows) if number % SHARE == (SEED + turn) % SHARE}


def port(number):
    return FIRST_PORT + number


def endpoint(number, row):
    """Return what a client needs to ask a service: protocol, VIP, port."""
    return ['udp' if 'udp' in row['traffic'] else 'tcp', VIPS[row['family'] == 'ipv6'], port(number)]


def declared(number, row, forward):
    """Return a service as site.yml takes it."""
    protocol, vip, its_port = endpoint(number, row)
    scheduler, _space, flags = row['scheduling'].partition(' ')
    marked = row['traffic'].startswith('mark')
    service = {
        'name': 's{0}'.format(number), 'vip': vip, 'port': its_port, 'protocol': protocol, 'scheduler': scheduler,
        'realservers': [{'address': RIPS[row['family'] == 'ipv6'][host]} for host in REALSERVERS], 'forward': forward,
        'check': {'type': 'ping'} if protocol == 'udp' else {'type': 'tcp'},
    }
    service.update({'scheduler_fallback': False} if flags == 'no fallback' else {'scheduler_flags': [flags]} if flags else {})
    service.update({'fwmark': its_port} if marked else {})
    service.update({'persistence_timeout': row['persistence']} if row['persistence'] else {})
    service.update({'one_packet': True} if 'one packet' in row['traffic'] else {})
    return service


def variables(deployment, numbered):
    """Return the variables of site.yml for a deployment with these services, each with its number."""
    forward, interface = deployment['way'].split()
    return {
        'lvs_virtual_services': [declared(number, row, forward) for number, row in numbered.items()],
        'director_engine': deployment['engine'],
        'realserver_arp_method': deployment['arp'],
        'realserver_vip_interface': interface if interface == 'ipvs0' else 'lo',
    }


# Faults that are known, by name: (when, deployment, service) -> whether it explains that requests fail.
KNOWN = {
    'dh, and sh and mh without fallback, refuse the clients of a real server with weight 0':
        lambda when, deployment, service: (
            when in ('drained', 'put back') and (service['scheduling'] == 'dh' or 'no fallback' in service['scheduling'])),
    'firewalld on a real server takes what comes out of a tunnel of IPv6 for forged (IPv6_rpfilter)':
        lambda when, deployment, service: (
            when != 'left' and deployment['way'].startswith('tun') and deployment['firewall'] == 'firewalld' and service['family'] == 'ipv6'),
}


def explained(when, deployment, service):
    """Return the names of the known faults that explain a failed request, or a connection that is left."""
    return [name for name, explains in KNOWN.items() if explains(when, deployment, service)]
