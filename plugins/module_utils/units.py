# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What systemd says of units: whether they are there, run, and come back at boot.

Private to this collection.
"""

from __future__ import annotations

from typing import Sequence

from .command import NotInstalled, Runner

PROPERTIES = {'Id': 'name', 'LoadState': 'load', 'ActiveState': 'active', 'UnitFileState': 'file'}


def parse(text: str) -> dict[str, dict[str, str]]:
    """Parse what `systemctl show` prints of several units: one paragraph each."""
    found = {}
    for paragraph in text.split('\n\n'):
        pairs = (line.partition('=') for line in paragraph.splitlines())
        unit = {PROPERTIES[name]: value for name, _equals, value in pairs if name in PROPERTIES}
        if 'name' in unit:
            found[unit.pop('name')] = unit
    return found


def read(run: Runner, names: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return what there is about units, nothing where systemd does not run: one process, none without names."""
    if not names:
        return {}
    try:
        return parse(run(['systemctl', 'show', '--property=' + ','.join(PROPERTIES), '--', *names]).stdout)
    except NotInstalled:
        return {}
