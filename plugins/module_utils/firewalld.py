# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What firewalld lets in on a network card, as far as rich rules say so: read, never changed.

Private to this collection.
"""

from __future__ import annotations

from .command import Runner, checked


def read(run: Runner, interface: str) -> dict:
    """Return the zone of a network card and its rich rules, now and after a reload. Four processes at most."""
    zone = _zone(run, interface)
    return {
        'interface': interface,
        'zone': zone,
        'runtime': _rules(run, '--zone=' + zone),
        'permanent': _rules(run, '--permanent', '--zone=' + zone),
    }


def _zone(run: Runner, interface: str) -> str:
    """Return the zone of a network card; one that has none of its own is in the default zone."""
    result = run(('firewall-cmd', '--get-zone-of-interface=' + interface))
    if result.rc == 0:
        return result.stdout.strip()
    if 'no zone' not in result.stdout + result.stderr:
        checked(result)
    return checked(run(('firewall-cmd', '--get-default-zone'))).strip()


def _rules(run: Runner, *where: str) -> list[str]:
    return sorted(line.strip() for line in checked(run(('firewall-cmd', *where, '--list-rich-rules'))).splitlines()
                  if line.strip())
