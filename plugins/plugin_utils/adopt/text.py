# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An adopted inventory as a YAML file with comments for the person who reviews it. Pure.

Private to this collection. The same inventory is always the same text.
"""

from __future__ import annotations

import textwrap
from typing import Iterable, Mapping

import yaml

from .inventory import Adopted

WIDTH = 118


class _Dumper(yaml.SafeDumper):
    """What yamllint and a reader like: indented lists, short mappings on one line, nothing shared."""

    def increase_indent(self, flow=False, indentless=False):
        return super().increase_indent(flow, False)

    def ignore_aliases(self, data):
        return True


class _OneLine(dict):
    """A mapping that goes on one line."""


class _OneLineList(list):
    """A list that goes on one line."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    # An IPv6 address is a string without quotes as well, but not in the eyes of every reader and every place.
    return dumper.represent_scalar('tag:yaml.org,2002:str', text, style='"' if ':' in text else None)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(_OneLine, lambda dumper, data: dumper.represent_mapping(
    'tag:yaml.org,2002:map', data.items(), flow_style=True))
_Dumper.add_representer(_OneLineList, lambda dumper, data: dumper.represent_sequence(
    'tag:yaml.org,2002:seq', data, flow_style=True))


def render(adopted: Adopted, review: Iterable[str]) -> str:
    """Return the text of the file."""
    inventory = adopted.inventory
    parts = [
        '---',
        _comment('What {0} had in the table, as an inventory of lvs.direct_routing. Read it before it is used, and run '
                 'site.yml with --check --diff first: where the table is as it was, no rule of it changes.'.format(
                     ', '.join(one.name for one in adopted.directors) or 'no director')),
        _comment('Passwords and the like were not taken along from the inventory that was given.'),
    ]
    sentences = list(review)
    if sentences:
        parts += ['#', '# To be looked at:'] + [_comment(one, bullet='- ') for one in sentences]
    for group in ('directors', 'realservers'):
        hosts = {name: _OneLine(variables) if len(variables) < 3 and not _nested(variables) else variables
                 for name, variables in inventory[group]['hosts'].items()}
        parts += ['', _dump({group: {'hosts': hosts}})]
    variables = dict(inventory['all']['vars'])
    if 'director_timeouts' in variables:
        variables['director_timeouts'] = _OneLine(variables['director_timeouts'])
    variables['lvs_virtual_services'] = [_entry(one) for one in variables['lvs_virtual_services']]
    parts += ['', _dump({'all': {'vars': variables}})]
    for one in adopted.undecided:
        parts.append(_comment('decide: {0}. Until then site.yml leaves this service as it is, or removes it if an earlier '
                              'run made it.'.format(one.reason), indent=6))
        parts += ['      # ' + line for line in _dump([_entry(one.entry)]).splitlines()]
    return '\n'.join(parts) + '\n'


def _entry(entry: Mapping) -> dict:
    shown = dict(entry)
    for name in ('ports', 'scheduler_flags'):
        if name in shown:
            shown[name] = _OneLineList(shown[name])
    if not isinstance(shown['realservers'], str):
        shown['realservers'] = [_OneLine(server) for server in shown['realservers']]
    return shown


def _nested(variables: Mapping) -> bool:
    return any(isinstance(value, (dict, list)) for value in variables.values())


def _dump(data) -> str:
    return yaml.dump(data, Dumper=_Dumper, sort_keys=False, default_flow_style=False, allow_unicode=True,
                     width=float('inf')).rstrip('\n')


def _comment(text: str, bullet: str = '', indent: int = 0) -> str:
    start = ' ' * indent + '# '
    # What comes from a host must not end the comment.
    safe = ' '.join(''.join(one if one.isprintable() else ' ' for one in text).split())
    return '\n'.join(textwrap.wrap(
        safe, WIDTH, initial_indent=start + bullet, subsequent_indent=start + ' ' * len(bullet),
        break_long_words=False, break_on_hyphens=False,
    ))
