# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ARP silence as it is declared, and the text of the file that says so at boot.

Private to this collection. Keys are in slash form (``net/ipv4/conf/eth0.100/arp_ignore``), which alone is unambiguous
for interfaces with a dot in their name.
"""

from __future__ import annotations

import dataclasses
from typing import Mapping

from .. import record_file

CONF = 'net/ipv4/conf'
PARAMETERS = ('arp_ignore', 'arp_announce')
DEFAULT_FILE = '/etc/sysctl.d/90-lvs-arp.conf'
MARKER = '# Managed by lvs.direct_routing.arp_sysctl'
BEFORE = '# before: '


class SysctlError(Exception):
    """Kernel parameters cannot be declared as asked."""


@dataclasses.dataclass(frozen=True)
class Silence:
    """The validated options of the arp_sysctl module."""

    interfaces: tuple[str, ...] = ()
    arp_ignore: int = 1
    arp_announce: int = 2
    persist: bool = True
    file: str = DEFAULT_FILE
    present: bool = True

    @classmethod
    def from_options(cls, options: Mapping) -> Silence:
        """Validate what can be judged without looking at the host; raise `SysctlError` or `RecordError`."""
        positions: dict[str, int] = {}
        for index, name in enumerate(options.get('interfaces') or ()):
            if name in ('all', 'default'):
                raise SysctlError("interfaces[{0}]: '{1}' is not an interface; all is always set and default never, so "
                                  "name network cards only".format(index, name))
            if name in positions:
                raise SysctlError("interfaces[{0}]: '{1}' is already there as interfaces[{2}]; name each interface "
                                  "once".format(index, name, positions[name]))
            positions[name] = index
        return cls(
            interfaces=tuple(positions),
            arp_ignore=options['arp_ignore'],
            arp_announce=options['arp_announce'],
            persist=options['persist'],
            file=record_file.check_path('file', options.get('file') or DEFAULT_FILE),
            present=options['state'] == 'present',
        )

    @property
    def values(self) -> dict[str, str]:
        """Return every key that is declared, with its value."""
        return {key(name, parameter): str(getattr(self, parameter))
                for name in ('all',) + self.interfaces for parameter in PARAMETERS}


def key(interface: str, parameter: str) -> str:
    return '/'.join((CONF, interface, parameter))


def normalise(name: str) -> str:
    """Return a key in slash form; in dot form the slash stands for a dot (sysctl.d(5))."""
    dot, slash = name.find('.'), name.find('/')
    if dot < 0 or 0 <= slash < dot:
        return name
    return name.translate(str.maketrans('./', '/.'))


def parse_settings(text: str) -> dict[str, str]:
    """Return the keys that a sysctl.d file sets, in slash form, with their values."""
    settings = {}
    for line in text.splitlines():
        name, equals, value = line.partition('=')
        name = name.strip()
        if equals and name and name[0] not in '#;':
            # A leading minus only says that failures are to be ignored.
            settings[normalise(name[1:].strip() if name[0] == '-' else name)] = value.strip()
    return settings


@dataclasses.dataclass(frozen=True)
class Record:
    """What our file holds: the values that are ours, and those that were there before us."""

    ours: Mapping[str, str] = dataclasses.field(default_factory=dict)
    before: Mapping[str, str] = dataclasses.field(default_factory=dict)

    @classmethod
    def parse(cls, text: str | None) -> Record | None:
        """Parse a file of ours; return None for one that is missing or not ours."""
        if text is None or not text.startswith(MARKER):
            return None
        before = '\n'.join(line[len(BEFORE):] for line in text.splitlines() if line.startswith(BEFORE))
        return cls(parse_settings(text), parse_settings(before))

    def render(self) -> str:
        lines = [
            MARKER + ': what is changed here by hand is lost.',
            '# ARP silence for virtual IP addresses. For an interface the higher value of all and its own counts.',
        ]
        lines += [BEFORE + line for line in setting_lines(self.before)]
        lines += setting_lines(self.ours)
        return '\n'.join(lines) + '\n'


def setting_lines(values: Mapping[str, str]) -> list[str]:
    return ['{0} = {1}'.format(name, value) for name, value in values.items()]
