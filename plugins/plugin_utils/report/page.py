# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A view as one HTML file that needs nothing else: no script, no font, no picture from elsewhere. Pure.

Private to this collection. Whatever comes from the inventory or from a host is escaped by the template.
"""

from __future__ import annotations

import pathlib

import jinja2
from markupsafe import Markup

from . import picture
from .shown import STATES, Member, Rates, View, counted
from .view import listed

_FOLDER = pathlib.Path(__file__).parent
_UNITS = ('', 'k', 'M', 'G', 'T')
DRIFT_SHOWN = 12
"""So many differences are shown at once, and the rest on request."""


def render(shown: View, generated: str, refresh: int) -> str:
    """Return the page. `generated` is when it was made; a browser loads it again every `refresh` seconds, 0 for never."""
    return _template().render(
        view=shown, generated=generated, refresh=refresh, pictures=picture.pictures(shown), words=STATES,
        css=Markup((_FOLDER / 'page.css').read_text(encoding='utf-8')), drift_shown=DRIFT_SHOWN,
        open_services=len(shown.members) <= picture.MOST['rows'],
    )  # fmt: skip


def figure(value: float | int | None) -> str:
    """Return a number for people, a dash for none."""
    if value is None:
        return '–'
    return '{0:.1f}'.format(value) if value and value < 10 and not isinstance(value, int) else '{0:,.0f}'.format(value)


def bits(value: float | None) -> str:
    """Return bytes in a second as bits in a second."""
    if value is None:
        return '–'
    amount, unit = value * 8, 0
    while amount >= 1000 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return '{0} {1}bit/s'.format('{0:.1f}'.format(amount) if unit and amount < 100 else '{0:.0f}'.format(amount), _UNITS[unit])


def total(members, name: str) -> float | int | None:
    """Return the sum of a figure of real servers, None if it is not known of any."""
    known = [value for value in (_figure_of(member, name) for member in members) if value is not None]
    return sum(known) if known else None


def _figure_of(member: Member, name: str):
    return getattr(member.rates, name) if name in Rates._fields else getattr(member, name)


def _template() -> jinja2.Template:
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(figure=figure, bits=bits, total=total, counted=counted, listed=listed)
    return environment.from_string((_FOLDER / 'page.html.j2').read_text(encoding='utf-8'))
