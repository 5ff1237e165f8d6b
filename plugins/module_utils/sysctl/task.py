# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a module that declares kernel parameters does: read once, plan, write, and say what it did.

Private to this collection.
"""

from __future__ import annotations

from typing import Iterable, Mapping

from .declaration import Declaration, setting_lines
from .host import Host
from .plan import Plan, plan


def declare(host: Host, wanted: Declaration, check: bool, also: Iterable[str] = ()) -> tuple[dict, Plan]:
    """Read once, plan, and unless `check` write; return what every such module returns, and the plan.

    The keys of `also` are read beside those that matter.
    """
    state = host.state(wanted, also)
    what = plan(state, wanted)
    changed = bool(what.writes) or what.file != state.file or what.run != state.run
    if changed and not check:
        host.apply(what, state, wanted)
    names = [name for name in what.live if name in what.writes or (wanted.present and name in wanted.values)]
    differences = [_difference('kernel', _text({name: state.live[name] for name in names}),
                               _text({name: what.live[name] for name in names}))]
    for path, old, new in ((wanted.file, state.file, what.file), (wanted.run_file, state.run, what.run)):
        if old != new:
            differences.append(_difference(path, old or '', new or ''))
    return {
        'changed': changed,
        'written': [{'key': name, 'before': state.live[name], 'after': value} for name, value in what.writes.items()],
        'file_changed': what.file != state.file,
        'warnings': list(what.warnings),
        'diff': differences,
    }, what


def _text(values: Mapping[str, str]) -> str:
    return ''.join(line + '\n' for line in setting_lines(values))


def _difference(header: str, before: str, after: str) -> dict:
    return {'before_header': header, 'after_header': header, 'before': before, 'after': after}
