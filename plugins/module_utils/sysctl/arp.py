# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ARP silence as a declaration of kernel parameters, and what really counts for each interface.

Private to this collection. This is the one door of the module arp_sysctl.
"""

from __future__ import annotations

import dataclasses
from typing import Mapping, Sequence

from .. import record_file
from ..record_file import RecordError
from . import task
from .declaration import CONF, RUN_FOLDER, Declaration, Record, SysctlError
from .host import Host

__all__ = ['Host', 'RecordError', 'Silence', 'SysctlError', 'declare']

PARAMETERS = ('arp_ignore', 'arp_announce')
DEFAULT_FILE = '/etc/sysctl.d/90-lvs-arp.conf'
RUN_FILE = RUN_FOLDER + '/arp_sysctl.conf'
MARKER = '# Managed by lvs.direct_routing.arp_sysctl'

SILENT = (1, 2, 8)
"""Values of arp_ignore with which a VIP of global scope on the loopback or a dummy is not answered for (ip-sysctl)."""


class SilenceRecord(Record):
    """The file of the module arp_sysctl."""

    marker = MARKER
    comment = '# ARP silence for virtual IP addresses. For an interface the higher value of all and its own counts.'


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
    def declaration(self) -> Declaration:
        values = {key(name, parameter): str(getattr(self, parameter))
                  for name in ('all',) + self.interfaces for parameter in PARAMETERS}
        return Declaration(SilenceRecord, self.file, RUN_FILE, values, persist=self.persist, present=self.present)


def key(interface: str, parameter: str) -> str:
    return '/'.join((CONF, interface, parameter))


def effective(live: Mapping[str, str], interface: str) -> dict[str, int]:
    """Return what counts for an interface: the higher value of conf/all and its own (ip-sysctl)."""
    return {parameter: max(int(live[key('all', parameter)]), int(live[key(interface, parameter)]))
            for parameter in PARAMETERS}


def declare(host: Host, wanted: Silence, check: bool) -> dict:
    """Read once, plan, and unless `check` write; return what the arp_sysctl module returns."""
    names = host.interfaces()
    if wanted.present:
        _check_interfaces(names, wanted)
    done, what = task.declare(host, wanted.declaration, check,
                              [key(name, parameter) for name in ['all'] + names for parameter in PARAMETERS])
    # An interface may have gone away since the listing.
    counts = {name: effective(what.live, name) for name in names
              if all(key(name, parameter) in what.live for parameter in PARAMETERS)}
    warnings = _higher(counts, wanted) if wanted.present else []
    done['effective'] = counts
    done['warnings'] += warnings
    return done


def _check_interfaces(names: Sequence[str], wanted: Silence) -> None:
    for index, name in enumerate(wanted.interfaces):
        if name not in names:
            raise SysctlError("interfaces[{0}]: '{1}' does not exist on this host; there are {2}".format(
                index, name, ', '.join(name for name in names if name != 'lo')))


def _higher(counts: Mapping[str, Mapping[str, int]], wanted: Silence) -> list[str]:
    """Warn of interfaces for which something else counts than what is wanted, since their own value is higher."""
    warnings = []
    for name, values in counts.items():
        if name == 'lo' or name in wanted.interfaces:
            continue
        for parameter, value in values.items():
            asked = getattr(wanted, parameter)
            loud = parameter == 'arp_ignore' and asked in SILENT and value not in SILENT
            # Named interfaces say which ones matter; without a name all of them do.
            if value != asked and (loud or not wanted.interfaces):
                warnings.append('{0} of {1} is effectively {2}, not {3}, since its own value is higher{4}'.format(
                    parameter, name, value, asked,
                    ', and with that it answers ARP for VIPs' if loud else ''))
    return warnings
