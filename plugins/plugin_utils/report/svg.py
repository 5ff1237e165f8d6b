# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The elements that a picture is made of, with everything in them escaped. Pure.

Private to this collection.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple

from markupsafe import Markup

# Of the font size, a little more than the average of common fonts.
BROAD, REGULAR = 1.05, 0.6


class Box(NamedTuple):
    """A rectangle; left and right of it edges end."""

    x: float
    y: float
    width: float
    height: float

    @property
    def middle(self) -> float:
        return self.y + self.height / 2

    @property
    def center(self) -> float:
        return self.x + self.width / 2

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height


def element(name: str, *content, **attributes) -> Markup:
    """Return an element of SVG or HTML with everything escaped; `class_` is its class, and _ is - in other names."""
    written = Markup('').join(
        Markup(' {0}="{1}"').format(Markup(key.rstrip('_').replace('_', '-')), length(value))
        for key, value in attributes.items() if value is not None
    )
    return Markup('<{0}{1}>{2}</{0}>').format(Markup(name), written, Markup('').join(content))


def fitted(text: str, width: float, size: float) -> str:
    """Return a text, or its beginning, that is no wider than this in a font of this size."""
    room = width / size
    used = [BROAD if unicodedata.east_asian_width(one) in 'WF' else REGULAR for one in text]
    if sum(used) <= room:
        return text
    kept, total = 0, REGULAR
    while total + used[kept] <= room:
        total += used[kept]
        kept += 1
    return text[:kept].rstrip() + '…'


def edge(begin: tuple[float, float], end: tuple[float, float], kind: str, upright: bool = False) -> Markup:
    """Return a curve from one point to another."""
    (x, y), (to_x, to_y) = begin, end
    if upright:
        bend = (y + to_y) / 2
        path = 'M{0} {1}C{0} {2} {3} {2} {3} {4}'.format(*(length(one) for one in (x, y, bend, to_x, to_y)))
    else:
        bend = (x + to_x) / 2
        path = 'M{0} {1}C{2} {1} {2} {4} {3} {4}'.format(*(length(one) for one in (x, y, bend, to_x, to_y)))
    return element('path', d=path, class_='edge ' + kind)


def arrow() -> Markup:
    """Return the definition of the tip of an edge."""
    tip = element('path', d='M0 0L8 4L0 8Z', class_='tip')
    return element('defs', element('marker', tip, id='arrow', markerWidth=8, markerHeight=8, refX=6, refY=4, orient='auto'))


def rect(box: Box, kind: str) -> Markup:
    """Return a rectangle."""
    return element('rect', x=box.x, y=box.y, width=box.width, height=box.height, rx=8, class_=kind)


def icon(state: str, x: float, y: float, kind: str) -> Markup:
    """Return the icon of a state."""
    return element('use', href='#i-' + state, x=x, y=y, width=16, height=16, class_='icon ' + kind)


def text(x: float, y: float, words: str, kind: str, anchor: str | None = None, width: float | None = None) -> Markup:
    """Return a text; one that is wider than `width` is cut, and has the whole of it as its title."""
    size = 14 if 'strong' in kind else 12
    short = words if width is None else fitted(words, width, size)
    whole = [element('title', words)] if short != words else []
    return element('text', *whole, short, x=x, y=y, class_=kind, text_anchor=anchor)


def length(value) -> str:
    """Return a length or a coordinate, with one decimal at most."""
    return str(round(value, 1)).rstrip('0').rstrip('.') if isinstance(value, float) else str(value)
