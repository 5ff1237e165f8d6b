# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the module arp_sysctl does: read once, plan, write, and say what it did.

Private to this collection. This is the one door of the module.
"""

from __future__ import annotations

from typing import Mapping

from ..record_file import RecordError
from .declaration import Silence, SysctlError, setting_lines
from .host import RUN_FILE, Host
from .plan import effective, plan

__all__ = ['Host', 'RecordError', 'Silence', 'SysctlError', 'declare']


def declare(host: Host, wanted: Silence, check: bool) -> dict:
    """Read once, plan, and unless `check` write; return what the arp_sysctl module returns."""
    state = host.state(wanted)
    what = plan(state, wanted)
    changed = bool(what.writes) or what.file != state.file or what.run != state.run
    if changed and not check:
        host.apply(what, state, wanted.file)
    names = [name for name in what.live if name in what.writes or (wanted.present and name in wanted.values)]
    differences = [_difference('kernel', _text({name: state.live[name] for name in names}),
                               _text({name: what.live[name] for name in names}))]
    for path, old, new in ((wanted.file, state.file, what.file), (RUN_FILE, state.run, what.run)):
        if old != new:
            differences.append(_difference(path, old or '', new or ''))
    return {
        'changed': changed,
        'effective': {name: effective(what.live, name) for name in state.interfaces},
        'written': [{'key': name, 'before': state.live[name], 'after': value} for name, value in what.writes.items()],
        'file_changed': what.file != state.file,
        'warnings': list(what.warnings),
        'diff': differences,
    }


def _text(values: Mapping[str, str]) -> str:
    return ''.join(line + '\n' for line in setting_lines(values))


def _difference(header: str, before: str, after: str) -> dict:
    return {'before_header': header, 'after_header': header, 'before': before, 'after': after}
