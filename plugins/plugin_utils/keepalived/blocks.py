# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The syntax of keepalived.conf: lines of words, and blocks of lines. Pure.

Private to this collection.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_PLAIN = re.compile(r'[A-Za-z0-9_./:,=+-]+')


def words(*values: object) -> str:
    """Return a line; a value with more than plain characters is put in quotes, which it must not have itself."""
    return ' '.join(value if _PLAIN.fullmatch(value) else '"{0}"'.format(value) for value in map(str, values))


class Block(NamedTuple):
    """A block: its head, and in braces lines and further blocks."""

    head: str
    content: list

    def text(self, indent: str = '') -> str:
        lines = [indent + self.head + ' {']
        for one in self.content:
            lines.append(one.text(indent + '    ') if isinstance(one, Block) else indent + '    ' + one)
        return '\n'.join([*lines, indent + '}'])
