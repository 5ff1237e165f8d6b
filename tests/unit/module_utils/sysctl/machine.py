# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host below a temporary directory that counts what is read and remembers what is written."""

from __future__ import annotations

import os

from ansible_collections.lvs.direct_routing.plugins.module_utils.sysctl import arp
from ansible_collections.lvs.direct_routing.plugins.module_utils.sysctl.host import Host


FILE = '/etc/sysctl.d/90-lvs-arp.conf'


def silence(**options):
    defaults = {'interfaces': [], 'arp_ignore': 1, 'arp_announce': 2, 'persist': True, 'file': FILE,
                'state': 'present'}
    return arp.Silence.from_options(dict(defaults, **options))


class Machine(Host):
    def __init__(self, root):
        super().__init__(str(root))
        self.reads, self.steps = [], []
        for name in ('all', 'default', 'lo', 'eth0', 'eth0.100', 'eth1'):
            self.set(name, 0, 0)
        (root / 'etc/sysctl.d').mkdir(parents=True)
        (root / 'run').mkdir()

    def set(self, interface, ignore, announce):
        folder = self.path('/proc/sys/net/ipv4/conf/' + interface)
        os.makedirs(folder, exist_ok=True)
        for name, value in (('arp_ignore', ignore), ('arp_announce', announce)):
            with open(os.path.join(folder, name), 'w') as stream:
                stream.write('{0}\n'.format(value))

    def get(self, interface):
        return int(Host.read(self, arp.key(interface, 'arp_ignore'))), \
            int(Host.read(self, arp.key(interface, 'arp_announce')))

    def put(self, path, text):
        os.makedirs(os.path.dirname(self.path(path)), exist_ok=True)
        with open(self.path(path), 'w') as stream:
            stream.write(text)

    def content(self, path):
        with open(self.path(path)) as stream:
            return stream.read()

    def there(self, path):
        return os.path.lexists(self.path(path))

    def read(self, name):
        self.reads.append(name)
        return super().read(name)

    def write(self, name, value):
        super().write(name, value)
        self.steps.append('{0} = {1}'.format(name, value))

    def replace(self, path, text):
        super().replace(path, text)
        self.steps.append(path)


class Kernel(Machine):
    """A host whose kernel changes further parameters with some of them, as devinet.c does."""

    CONF = {'accept_redirects': 1, 'send_redirects': 1, 'forwarding': 0, 'rp_filter': 0}

    def __init__(self, root):
        super().__init__(root)
        self.own = set()
        self.set_live('net/ipv4/ip_forward', 0)
        self.set_live('net/ipv4/tcp_rmem', '4096\t131072\t6291456')
        for interface in ('all', 'default', 'lo', 'eth0', 'eth0.100', 'eth1'):
            for parameter, value in self.CONF.items():
                self.set_live(arp.key(interface, parameter), value)

    def set_live(self, name, value):
        self.put('/proc/sys/' + name, '{0}\n'.format(value))

    def live_value(self, name):
        return Host.read(self, name)

    def write(self, name, value):
        before = self.live_value(name)
        super().write(name, value)
        folder, parameter = name.rsplit('/', 1)
        self.own.add(name)
        if parameter == 'ip_forward' and value != before:
            self.set_live(arp.key('all', 'accept_redirects'), 1 - int(value))
            for interface in ['default'] + self.interfaces():
                self.set_live(arp.key(interface, 'forwarding'), value)
        if folder.endswith('conf/default'):
            for other in (arp.key(interface, parameter) for interface in self.interfaces()):
                if other not in self.own:
                    self.set_live(other, value)
