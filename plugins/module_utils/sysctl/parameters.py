# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any kernel parameters of the network as a declaration, validated.

Private to this collection. This is the one door of the module lvs_sysctl.
"""

from __future__ import annotations

import re
from typing import Any, Iterable, Mapping
from urllib.parse import quote

from .. import record_file
from ..record_file import RecordError
from . import task
from .declaration import RUN_FOLDER, Declaration, Record, SysctlError, normalise, one_line
from .host import Host

__all__ = ['Host', 'RecordError', 'SysctlError', 'declare', 'from_options']

DEFAULT_FILE = '/etc/sysctl.d/90-lvs-director.conf'

# Printable, and nothing that a file of sysctl.d would take for a pattern or for the end of the key.
_KEY = re.compile(r'net(/[^/\s=*?\[\]\x00-\x20\x7f-\U0010ffff]+)+')


class ParametersRecord(Record):
    """The file of the module lvs_sysctl."""

    marker = '# Managed by lvs.direct_routing.lvs_sysctl'
    comment = '# Kernel parameters of a Linux Virtual Server. Those with a minus may be missing in the running kernel.'


def from_options(options: Mapping) -> Declaration:
    """Validate what can be judged without looking at the host; raise `SysctlError` or `RecordError`."""
    spelled: dict[str, str] = {}
    values: dict[str, str] = {}
    for name, value in (options.get('parameters') or {}).items():
        key = _key('parameters', name)
        if key in spelled:
            raise SysctlError('parameters: {0!r} and {1!r} are the same parameter, {2}; keep one of them'.format(
                spelled[key], name, key))
        spelled[key] = name
        values[key] = _value(name, value)
    file = record_file.check_path('file', options.get('file') or DEFAULT_FILE)
    return Declaration(
        ParametersRecord,
        file,
        # The whole path is in the name, so that tasks with files of their own have records of their own.
        run_file='{0}/lvs_sysctl{1}'.format(RUN_FOLDER, quote(file, safe='')),
        values=values,
        optional=frozenset(_optional(options.get('optional') or (), values)),
        persist=options['persist'],
        # Where nothing is declared there is nothing to keep.
        present=options['state'] == 'present' and bool(values),
    )


def declare(host: Host, wanted: Declaration, check: bool) -> dict:
    """Read once, plan, and unless `check` write; return what the lvs_sysctl module returns."""
    done, what = task.declare(host, wanted, check)
    return dict(done, missing=list(what.missing))


def _key(option: str, name: str) -> str:
    key = normalise(name)
    if not _KEY.fullmatch(key) or {'.', '..'} & set(key.split('/')):
        raise SysctlError("{0}: {1!r} is not a kernel parameter of the network, such as net.ipv4.ip_forward or, for an "
                          "interface with a dot in its name, net/ipv4/conf/eth0.100/rp_filter".format(option, name))
    return key


def _value(name: str, value: Any) -> str:
    text = str(value) if isinstance(value, int) else value
    if isinstance(value, bool) or isinstance(value, str) and value.strip().lower() in ('true', 'false'):
        raise SysctlError('parameters: {0} is {1}, but the kernel takes numbers here; write 1 or 0'.format(name, value))
    if not isinstance(text, str) or not text.strip():
        raise SysctlError('parameters: {0} is {1!r}, which is neither a whole number nor a line of text'.format(name, value))
    text = text.strip()
    if not text.replace('\t', ' ').isprintable():
        raise SysctlError('parameters: {0} is {1!r}, which is not one line of printable text'.format(name, value))
    return one_line(text)


def _optional(names: Iterable[str], values: Mapping[str, str]) -> Iterable[str]:
    for index, name in enumerate(names):
        key = _key('optional[{0}]'.format(index), name)
        if values and key not in values:
            raise SysctlError('optional[{0}]: {1!r} is not among the parameters; declare it there, or leave it out '
                              'here'.format(index, name))
        yield key
