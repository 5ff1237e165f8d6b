# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kernel parameters as they are declared, the order they have to be written in, and the text of the file that keeps them.

Private to this collection. Keys are in slash form (``net/ipv4/conf/eth0.100/arp_ignore``), which alone is unambiguous
for interfaces with a dot in their name.
"""

from __future__ import annotations

import dataclasses
import re
from typing import Container, Mapping

CONF = 'net/ipv4/conf'
FORWARD = 'net/ipv4/ip_forward'
BEFORE = '# before: '
RUN_FOLDER = '/run/lvs-direct-routing'
"""Where what was before is kept while it is in no file for boot: it goes with a reboot, as the values do."""

SAME = {CONF + '/all/forwarding': FORWARD}
"""Keys that are a second name of another parameter (net/ipv4/devinet.c, devinet_init_net)."""

_SCOPE = re.compile('net/ipv[46]/(?:conf|neigh)/(all|default)/')
_HANDING_ON = (CONF + '/default', 'net/ipv6/conf/all', 'net/ipv4/neigh/default', 'net/ipv6/neigh/default')


class SysctlError(Exception):
    """Kernel parameters cannot be declared as asked."""


def normalise(name: str) -> str:
    """Return a key in slash form; in dot form the slash stands for a dot (sysctl.d(5))."""
    dot, slash = name.find('.'), name.find('/')
    if dot >= 0 and not 0 <= slash < dot:
        name = name.translate(str.maketrans('./', '/.'))
    return SAME.get(name, name)


def one_line(value: str) -> str:
    """Return a value as it is compared: the kernel prints tabs where people write spaces."""
    return ' '.join(value.split())


def ordered(values: Mapping[str, str]) -> dict[str, str]:
    """Return settings in the order in which they have to be written, so that none undoes an earlier one; see `resets`."""
    return {name: values[name] for name in sorted(values, key=_rank)}


def _rank(name: str) -> int:
    scope = _SCOPE.match(name)
    return 0 if name == FORWARD else 3 if not scope else 1 if scope.group(1) == 'all' else 2


def resets(written: str, other: str) -> bool:
    """Return whether the kernel may change `other` when `written` gets another value.

    ip_forward sets those of interfaces to what suits a host or a router (ip-sysctl). Interfaces inherit from `default`,
    in IPv6 from `all`, also after they were made (devinet.c, addrconf.c, neighbour.c in the kernel).
    """
    if written == FORWARD:
        return other.startswith(CONF + '/')
    folder, _slash, parameter = written.rpartition('/')
    family = folder.rpartition('/')[0]
    return (folder in _HANDING_ON and other.startswith(family + '/') and other.endswith('/' + parameter)
            and _rank(other) > _rank(written))


def parse_settings(text: str) -> dict[str, str]:
    """Return the keys that a sysctl.d file sets, in slash form, with their values."""
    settings = {}
    for line in text.splitlines():
        name, equals, value = line.partition('=')
        name = name.strip()
        if equals and name and name[0] not in '#;':
            # A leading minus only says that failures are to be ignored.
            settings[normalise(name[1:].strip() if name[0] == '-' else name)] = one_line(value)
    return settings


def setting_lines(values: Mapping[str, str], optional: Container[str] = ()) -> list[str]:
    return ['{0}{1} = {2}'.format('-' if name in optional else '', name, value) for name, value in values.items()]


@dataclasses.dataclass(frozen=True)
class Record:
    """What a file of ours holds: the values that are ours, and those that were there before us.

    Each module has a subclass, which says by what first line it knows its own files.
    """

    ours: Mapping[str, str] = dataclasses.field(default_factory=dict)
    before: Mapping[str, str] = dataclasses.field(default_factory=dict)

    marker = ''
    comment = ''

    @classmethod
    def is_foreign(cls, text: str | None) -> bool:
        return text is not None and not text.startswith(cls.marker)

    @classmethod
    def parse(cls, text: str | None) -> Record | None:
        """Parse a file of ours; return None for one that is missing or not ours."""
        if text is None or cls.is_foreign(text):
            return None
        before = '\n'.join(line[len(BEFORE):] for line in text.splitlines() if line.startswith(BEFORE))
        return cls(parse_settings(text), parse_settings(before))

    def render(self, optional: Container[str] = ()) -> str:
        """Return the text of the file. The minus of `optional` keys has boot go on where the kernel does not have them."""
        lines = [self.marker + ': what is changed here by hand is lost.', self.comment]
        lines += [BEFORE + line for line in setting_lines(ordered(self.before))]
        lines += setting_lines(ordered(self.ours), optional)
        return '\n'.join(lines) + '\n'


@dataclasses.dataclass(frozen=True)
class Declaration:
    """Values that are to be set, and the two files that belong to them.

    `file` is read at boot. `run_file` keeps what was before while a task is at work, or where nothing is persisted.
    Keys that are `optional` may be missing in the running kernel.
    """

    record: type[Record]
    file: str
    run_file: str
    values: Mapping[str, str] = dataclasses.field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    persist: bool = True
    present: bool = True
