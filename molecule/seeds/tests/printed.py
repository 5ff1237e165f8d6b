# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the deployments print after their steps, where they do. The files beside are excerpts of theirs, word by word."""

from __future__ import annotations

import pathlib
import re

FOLDER = pathlib.Path(__file__).parent.parent / 'printed'


def read(name):
    """Return what a deployment prints, or nothing where it prints nothing."""
    path = FOLDER / (name + '.txt')
    return path.read_text(encoding='utf-8') if path.exists() else ''


def rows(table):
    """Return the services and real servers of a printed table in an order of ours, without connections.

    Some deployments went through a translation that changed case; one prints names of ports and ends in the middle of a row.
    """
    found = []
    for line in table.lower().replace(':http', ':80').splitlines():
        words = line.split()
        if words[:1] in (['tcp'], ['udp']):
            found.append(tuple(words))
        elif words[:1] == ['->'] and words[1][0].isdigit():
            found.append(tuple(words[1:4]))
    return sorted(found)


def table(name):
    """Return the rows that a deployment prints."""
    return rows(read(name + '.table'))


def as_printed(found, name):
    """Return rows cut to what the deployment prints of each, if there are as many."""
    expected = table(name)
    return [row[:len(shown)] for row, shown in zip(found, expected)] if len(found) == len(expected) else found


def addresses(listed):
    """Return the IPv4 addresses of `ip address`, without those that every host has."""
    return sorted(address for address in re.findall(r'\binet (\S+)', listed) if not address.startswith('127.'))
