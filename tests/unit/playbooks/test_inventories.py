# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each inventory is sound, and declares the table that its deployment prints. What hosts make of it, molecule tries."""

from __future__ import annotations

import importlib.util
import pathlib

import pytest
import yaml
from ansible.inventory.manager import InventoryManager
from ansible.parsing.dataloader import DataLoader
from ansible.vars.manager import VariableManager

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import virtual_services

ROOT = pathlib.Path(__file__).resolve().parents[3]
INVENTORIES = sorted(path.name for path in (ROOT / 'inventories').iterdir())
SEEDS = sorted(set(INVENTORIES) - {'lab', 'pair'})


def module(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


printed = module(ROOT / 'molecule/seeds/tests/printed.py')
typed = module(ROOT / 'molecule/seeds/tests/typed.py')


class Inventory:
    """What Ansible reads of a folder."""

    def __init__(self, name):
        loader = DataLoader()
        manager = InventoryManager(loader, sources=[str(ROOT / 'inventories' / name)])
        variables = VariableManager(loader, manager)
        self.groups = {group.name: [host.name for host in group.get_hosts()] for group in manager.groups.values()}
        self.hostvars = {host.name: variables.get_vars(host=host) for host in manager.get_hosts()}
        self.services = self.hostvars[self.groups['directors'][0]]['lvs_virtual_services']

    def table(self):
        """Return the declared table as `printed.rows` has a printed one."""
        rows = []
        resolved = virtual_services.resolve(self.services, self.groups, self.hostvars, 'lvs_virtual_services')
        for service in virtual_services.ipvs_services(resolved):
            persistence = service.get('persistence_timeout')
            rows.append(('tcp', '{address}:{port}'.format(**service), service['scheduler'],
                         *(['persistent', str(persistence)] if persistence else [])))
            rows += [('{0}:{1}'.format(server['address'], service['port']), {'tun': 'tunnel'}.get(server.get('forward'), 'route'),
                      str(server.get('weight', 1))) for server in service['realservers']]
        return sorted(rows)


@pytest.mark.parametrize('name', INVENTORIES)
def test_it_has_no_mistakes(name):
    inventory = Inventory(name)
    assert virtual_services.faults(inventory.services, inventory.groups, inventory.hostvars, 'lvs_virtual_services') == []
    assert len(inventory.groups['realservers']) == 2 and inventory.groups['clients']


@pytest.mark.parametrize('name', INVENTORIES)
def test_it_sets_no_variable_that_no_role_has(name):
    known = {
        variable for role in ('director', 'realserver')
        for variable in yaml.safe_load((ROOT / 'roles' / role / 'defaults/main.yml').read_text())
    }
    given = {variable for variables in Inventory(name).hostvars.values() for variable in variables
             if variable.startswith(('director_', 'realserver_'))}
    assert given <= known


@pytest.mark.parametrize('name', [name for name in SEEDS if printed.read(name + '.table')])
def test_its_table_is_what_the_deployment_prints(name):
    assert printed.as_printed(Inventory(name).table(), name) == printed.table(name)


def test_each_deployment_is_tried_on_hosts_and_told_command_by_command():
    assert sorted(typed.TYPED) == SEEDS
    page = (ROOT / 'docs/seeds.md').read_text()
    assert all('INVENTORY={0}`'.format(name) in page for name in SEEDS)
