# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The inventory that is there already, as far as an adopted one takes it along. Pure.

Private to this collection.
"""

from __future__ import annotations

from typing import Mapping

from .. import virtual_services
from ...module_utils.ipvs import model

# What a host takes along from the inventory that it is in. No passwords: this goes into a file to be shown around.
CARRIED = virtual_services.ADDRESS_KEYS + (
    'ansible_port', 'ansible_user', 'ansible_connection', 'ansible_python_interpreter', 'ansible_become',
    'ansible_become_method', 'ansible_become_user',
)  # fmt: skip


class Given:
    """The inventory that is there already: who has which address, and what hosts take along."""

    def __init__(self, groups: Mapping, hostvars: Mapping) -> None:
        self.hostvars = hostvars
        ordered = [name for group in ('realservers', 'directors') for name in groups.get(group, ())]
        self.hosts = list(dict.fromkeys(ordered + list(groups.get('all', ()))))
        self.realservers = list(groups.get('realservers', ()))
        self._owners: dict[str, str] = {}
        for name in self.hosts:
            for address in self.addresses(name):
                self._owners.setdefault(address, name)

    def addresses(self, name: str) -> list[str]:
        """Return the addresses of a host; its name may be one."""
        return virtual_services.addresses(self.variables(name)) + literal(name)

    def variables(self, name: str) -> Mapping:
        return self.hostvars[name] if name in self.hostvars else {}

    def carried(self, name: str) -> dict:
        variables = self.variables(name)
        return {key: plain(variables.get(key)) for key in CARRIED if variables.get(key) is not None}

    def owner(self, address: str) -> str | None:
        """Return the host that has an address."""
        return self._owners.get(address)


def plain(value):
    """Return data as the types that YAML has, whatever Ansible wrapped them in."""
    if isinstance(value, Mapping):
        return {plain(key): plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    for kind in (str, bool, int, float):
        if isinstance(value, kind):
            return kind(value)
    return value if value is None else str(value)


def literal(text: str) -> list[str]:
    """Return an address in its one spelling, nothing for what is none."""
    try:
        return [model.normal_address(str(text))]
    except ValueError:
        return []
