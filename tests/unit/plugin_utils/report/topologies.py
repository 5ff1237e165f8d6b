# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Topologies of any size as a report sees them, healthy until something is broken."""

from __future__ import annotations

import copy

from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import options, show
from ansible_collections.lvs.direct_routing.plugins.plugin_utils import virtual_services

SECONDS = 2
FINDING = {
    'severity': 'error',
    'host': 'real2',
    'seen': 'arp_ignore of eth0 is 0, so this host answers ARP for 192.0.2.100',
    'why': 'Clients that hear its answer send to it directly, and half of their connections hang.',
    'do': 'Run site.yml for this host, or set net.ipv4.conf.all.arp_ignore=1 by hand.',
}


class Topology:
    """Services of real servers behind one director or several, of which the first has the VIPs."""

    def __init__(self, services=2, servers=3, directors=1, engine='static', declared=None):
        hosts = ['real{0}'.format(number + 1) for number in range(servers)]
        self.groups = {
            'directors': ['lb{0}'.format(number + 1) for number in range(directors)],
            'realservers': hosts, 'clients': ['client'],
        }  # fmt: skip
        self.hostvars = {host: {'lvs_address': '192.0.2.{0}'.format(21 + number)} for number, host in enumerate(hosts)}
        self.hostvars['client'] = {'lvs_address': '192.0.2.200'}
        for number, name in enumerate(self.groups['directors']):
            self.hostvars[name] = {'lvs_address': '192.0.2.{0}'.format(10 + number), 'director_engine': engine}
        names = ('web', 'mail', 'dns', 'chat')
        declared = declared or [
            {
                'name': names[number] if services <= len(names) else '{0}-{1:02d}'.format(names[number % 4], number + 1),
                'vip': '192.0.2.{0}'.format(100 + number), 'port': (80, 25, 53, 5222)[number % 4],
                'scheduler': ('wrr', 'wlc', 'sh', 'rr')[number % 4], 'realservers': 'realservers',
            }
            for number in range(services)
        ]  # fmt: skip
        self.services = virtual_services.resolve(declared, self.groups, self.hostvars, 'lvs_virtual_services')
        self.findings = []
        vips = virtual_services.vips(self.services)
        for number, name in enumerate(self.groups['directors']):
            self.hostvars[name]['lvs_report'] = {
                'before': {'at': 1000.0, 'info': {'services': self._live(0)}},
                'after': {'at': 1000.0 + SECONDS, 'info': {'services': self._live(1)}},
                'host': {'vips': {vip: {'placements': self._place(number == 0)} for vip in vips}},
            }

    def live(self, director=0):
        """Return the services that a director's table had last."""
        return self.report(director)['after']['info']['services']

    def report(self, director=0):
        return self.hostvars[self.groups['directors'][director]]['lvs_report']

    def arguments(self):
        """Return what view.build takes."""
        seen = {name: self.hostvars[name]['lvs_report'] for name in self.groups['directors']}
        return self.services, self.groups, self.hostvars, seen, self.findings

    def without(self, host):
        """Take a real server out of every table."""
        address = self.hostvars[host]['lvs_address']
        for number in range(len(self.groups['directors'])):
            for service in self.live(number):
                service['realservers'] = [one for one in service['realservers'] if one['address'] != address]

    def _live(self, later):
        services = copy.deepcopy(show.services(options.table(virtual_services.ipvs_services(self.services)), {}))
        for service in services:
            for number, server in enumerate(service['realservers']):
                gained = later * SECONDS * (number + 1)
                server['connections'] = {'active': 12 * (number + 1), 'inactive': 40 + number}
                server['stats'] = {'connections': 100 + gained, 'packets_in': 4000 + 60 * gained, 'packets_out': 0,
                                   'bytes_in': 900000 + 40000 * gained, 'bytes_out': 0}
        return services

    @staticmethod
    def _place(heard):
        return [{'interface': 'eth0', 'prefix': 32, 'heard': True}] if heard else []
