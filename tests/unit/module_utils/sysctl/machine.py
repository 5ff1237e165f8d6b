# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host below a temporary directory that counts what is read and remembers what is written."""

from __future__ import annotations

import os

from ansible_collections.lvs.direct_routing.plugins.module_utils.sysctl import declaration
from ansible_collections.lvs.direct_routing.plugins.module_utils.sysctl.host import Host


FILE = '/etc/sysctl.d/90-lvs-arp.conf'


def silence(**options):
    defaults = {'interfaces': [], 'arp_ignore': 1, 'arp_announce': 2, 'persist': True, 'file': FILE,
                'state': 'present'}
    return declaration.Silence.from_options(dict(defaults, **options))


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
        return int(Host.read(self, declaration.key(interface, 'arp_ignore'))), \
            int(Host.read(self, declaration.key(interface, 'arp_announce')))

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
