# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A healthy topology as its hosts show it, in several variants, to be broken by a test."""

from __future__ import annotations

from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import model, options, record, show
from ansible_collections.lvs.direct_routing.plugins.plugin_utils import diagnosis, virtual_services

VIP, VIP6 = '192.0.2.100', '2001:db8:2::100'
NUMBERS = {'lb1': 10, 'lb2': 11, 'real1': 21, 'real2': 22, 'client': 200}
NOW = 1767225600.0
RULES, DRAINED = '/var/lib/lvs/director.rules', '/var/lib/lvs/drained.json'
VARIANTS = ('static', 'keepalived', 'pair', 'dummy', 'arptables', 'tun', 'ipv6', 'udp', 'fwmark')
SILENT, LOUD = {'arp_ignore': 1, 'arp_announce': 2}, {'arp_ignore': 0, 'arp_announce': 0}


def mac(name):
    return '02:00:00:00:00:{0:02x}'.format(NUMBERS[name])


def address(name, family='ipv4'):
    return ('192.0.2.{0}' if family == 'ipv4' else '2001:db8:2::{0}').format(NUMBERS[name])


class Scene:
    """A healthy topology. `vars_of` are the variables of a host, `info` is what was read on it."""

    def __init__(self, variant='static', **service):
        self.variant = variant
        self.family = 'ipv6' if variant == 'ipv6' else 'ipv4'
        self.vip = VIP6 if variant == 'ipv6' else VIP
        self.engine = 'keepalived' if variant in ('keepalived', 'pair') else 'static'
        self.device = {'dummy': 'ipvs0', 'tun': 'tunl0'}.get(variant, 'lo')
        self.groups = {
            'directors': ['lb1', 'lb2'] if variant == 'pair' else ['lb1'], 'realservers': ['real1', 'real2'], 'clients': ['client']}
        declared = dict({'name': 'web', 'vip': self.vip, 'port': 80, 'scheduler': 'wrr', 'realservers': 'realservers'}, **service)
        declared.update({'tun': {'forward': 'tun'}, 'udp': {'protocol': 'udp'}, 'fwmark': {'fwmark': 7}}.get(variant, {}))
        self.hostvars = {name: self._variables(name) for members in self.groups.values() for name in members}
        self.services = virtual_services.resolve([declared], self.groups, self.hostvars, 'lvs_virtual_services')
        for name, variables in self.hostvars.items():
            variables['lvs_doctor_host'] = self._info(name)
        for name in self.groups['directors']:
            table = options.table(virtual_services.ipvs_services(self.services))
            self.hostvars[name]['lvs_doctor_table'] = {'services': show.services(table, {}), 'daemons': [
                {'role': 'master', 'interface': 'eth0', 'syncid': 51}]}
            if self.engine == 'static':
                self.info(name)['texts'][RULES] = record.render(table)

    def _variables(self, name):
        variables = {'lvs_address': address(name), 'lvs_address_ipv6': address(name, 'ipv6'),
                     'lvs_doctor_began': NOW - 1, 'lvs_doctor_ended': NOW + 1}
        if name in self.groups['directors']:
            variables['director_engine'] = self.engine
        if name in self.groups['realservers'] and self.variant == 'dummy':
            variables['realserver_vip_interface'] = 'ipvs0'
        return variables

    def _info(self, name):
        realserver, directors = name in self.groups['realservers'], self.groups['directors']
        holds = name == 'lb1'
        loud = self.variant == 'arptables' or not realserver
        sysctl = dict(LOUD if loud else SILENT, rp_filter=0, send_redirects=0)
        interfaces = {
            'lo': interface(None, sysctl, ('127.0.0.1', 8)),
            'eth0': interface(mac(name), sysctl, (address(name), 24), (address(name, 'ipv6'), 64)),
        }
        placements = []
        if realserver or holds:
            place = self.device if realserver else 'eth0'
            entry = {'address': self.vip, 'prefix': 128 if self.family == 'ipv6' else 32}
            interfaces.setdefault(place, interface(None, sysctl))['addresses'].append(entry)
            placements = [{'interface': place, 'prefix': entry['prefix'], 'heard': not realserver}]
        listening = {'address': '::' if self.family == 'ipv6' else '0.0.0.0', 'port': 80, 'dual_stack': False,
                     'protocol': 'udp' if self.variant == 'udp' else 'tcp'}
        units = {'realserver' if realserver else 'director': realserver or name in directors}
        return {
            'interfaces': interfaces,
            'sysctl': {'ip_forward': 0, 'read_only': False, 'ipvs': {'conn_reuse_mode': 3, 'conntrack': 0}},
            'vips': {self.vip: {
                'placements': placements, 'connected': ['eth0'],
                'answers': {'eth0': [] if holds else [mac('lb1')]},
                'neighbours': {'eth0': mac('lb1')} if name == 'client' else {},
                'filtered': realserver and self.variant == 'arptables',
            }},
            'directors': {
                address(one, family): {'on_link': one != name, 'local': one == name, 'interface': 'lo' if one == name else 'eth0',
                                       'gateway': None, 'macs': [mac(one)]}
                for one in directors for family in ('ipv4', 'ipv6')
            },
            'default_interface': 'eth0',
            'gateways': {
                'ipv4': [{'address': '192.0.2.1', 'interface': 'eth0', 'metric': 0, 'macs': ['02:00:00:00:00:01']}],
                'ipv6': [{'address': 'fe80::1', 'interface': 'eth0', 'metric': 0, 'macs': ['02:00:00:00:00:01']}]},
            'policy_routing': {'ipv4': False, 'ipv6': False},
            'listeners': [listening] if realserver else [],
            'modules': ['ip_vs', 'ip_vs_wrr'],
            'loadable': None,
            'units': {
                'lvs-{0}.service'.format(kind): {'load': 'loaded', 'active': 'active', 'file': 'enabled'}
                for kind, there in units.items() if there
            } if self.engine == 'static' or realserver else {
                unit: {'load': 'loaded', 'active': 'active', 'file': 'enabled'}
                for unit in ('lvs-director.service', 'keepalived.service')
            },
            'input': {'nft': {}, 'iptables': {}},
            'texts': {RULES: None, DRAINED: None},
            'kernel': '6.1.0-18-amd64',
            'time': NOW,
        }  # fmt: skip

    def info(self, name):
        return self.hostvars[name]['lvs_doctor_host']

    def seen(self, name):
        """Return what was read on a host about the VIP."""
        return self.info(name)['vips'][self.vip]

    def table(self, name='lb1'):
        return self.hostvars[name]['lvs_doctor_table']['services']

    def servers(self, name='lb1'):
        return self.table(name)[0]['realservers']

    def declare(self, **service):
        """Have the inventory say something else than what was applied."""
        self.services[0].update(service)

    def rerecord(self, services):
        """Have the record say something else."""
        table = options.table(virtual_services.ipvs_services(services))
        self.info('lb1')['texts'][RULES] = record.render(table) if services else record.render(model.Table())

    def diagnose(self):
        return diagnosis.diagnose(self.services, self.groups, self.hostvars)


def interface(hardware, sysctl, *addresses):
    return {
        'mac': hardware, 'mtu': 1500, 'up': True, 'heard': hardware is not None, 'sysctl': dict(sysctl),
        'addresses': [{'address': one, 'prefix': prefix} for one, prefix in addresses],
        'offloads': {'gro': True, 'lro': False},
    }  # fmt: skip
