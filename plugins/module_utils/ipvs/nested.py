# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check the options of entries in a long list as AnsibleModule would, only fast.

Private to this collection. AnsibleModule needs five times as long for ten thousand nested entries as everything else
that `ipvs_table` does with them, so that module tells it of a list of dictionaries and no more. Here are the same types,
choices and conversions, and messages that name position, option and value.
"""

from __future__ import annotations

from typing import Any, Callable, Mapping, NamedTuple

from ansible.module_utils.common.validation import check_type_bool, check_type_int

from .model import InvalidEntry


class Field(NamedTuple):
    """How to check one option: a value of this very type and, if there are any, among these choices is right as it is."""

    type: type
    choices: tuple | None
    convert: Callable[[str, Any], Any]


def fields(spec: Mapping[str, Mapping[str, Any]]) -> dict[str, Field]:
    """Prepare an argument spec, of which this knows `type`, `choices`, `elements` of str and dict, and `options`."""
    return {name: _field(of_option) for name, of_option in spec.items()}


def accepted(given: Mapping[str, Any], known: Mapping[str, Field], what: str) -> Mapping[str, Any]:
    """Return the options of one entry, converted where needed; raise `InvalidEntry`.

    None is the same as an option that is left out.
    """
    converted = {}
    for option, value in given.items():
        field = known.get(option)
        if field is None:
            raise InvalidEntry('option', option, 'is unknown; {0} has {1}'.format(what, ', '.join(known)))
        if value is None or value.__class__ is field.type and (field.choices is None or value in field.choices):
            continue
        converted[option] = _among(option, field.convert(option, value), field.choices)
    return dict(given, **converted) if converted else given


def entries(option: str, given: Any) -> list[Mapping[str, Any]]:
    """Return a list of entries, none if it is left out; raise `InvalidEntry` if it is anything else."""
    if given is None:
        return []
    if not isinstance(given, (list, tuple)):
        raise InvalidEntry(option, given, 'is not a list')
    for position, entry in enumerate(given):
        if not isinstance(entry, Mapping):
            raise InvalidEntry('{0}[{1}]'.format(option, position), entry, 'is not a dictionary of options')
    return list(given)


def _field(spec: Mapping[str, Any]) -> Field:
    kind = spec['type']
    choices = tuple(spec['choices']) if 'choices' in spec else None
    if kind == 'list' and spec['elements'] == 'dict':
        # Whoever asks for it goes through the list and says where he is.
        return Field(list, None, entries)
    if kind == 'list':
        return Field(_Never, None, _texts)
    if kind == 'dict':
        known = fields(spec['options'])
        return Field(_Never, None, lambda option, value: _dictionary(option, value, known))
    return Field(*{'str': (str, choices, _text), 'int': (int, choices, _integer), 'bool': (bool, choices, _truth)}[kind])


class _Never:
    """The type of no value: what has parts is always looked into."""


def _among(option: str, value: Any, choices: tuple | None) -> Any:
    if choices is not None and value not in choices:
        raise InvalidEntry(option, value, 'is none of {0}'.format(', '.join(choices)))
    return value


def _text(option: str, value: Any) -> str:
    # A prefix length comes as a number; true would come as "True".
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise InvalidEntry(option, value, 'is not a text')
    return str(value)


def _integer(option: str, value: Any) -> int:
    try:
        # True is no number, and Ansible takes the digits of every script.
        if isinstance(value, bool) or isinstance(value, str) and not value.isascii():
            raise TypeError
        return check_type_int(value)
    except (TypeError, ValueError, ArithmeticError):
        raise InvalidEntry(option, value, 'is not a whole number')


def _truth(option: str, value: Any) -> bool:
    try:
        return check_type_bool(value)
    except TypeError:
        raise InvalidEntry(option, value, 'is not true or false')


def _texts(option: str, value: Any) -> list[str]:
    if isinstance(value, str):
        # As AnsibleModule does.
        value = value.split(',')
    if not isinstance(value, (list, tuple)):
        raise InvalidEntry(option, value, 'is not a list')
    return [_text('{0}[{1}]'.format(option, position), one) for position, one in enumerate(value)]


def _dictionary(option: str, value: Any, known: Mapping[str, Field]) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidEntry(option, value, 'is not a dictionary of options')
    try:
        return accepted(value, known, 'a ' + option)
    except InvalidEntry as error:
        raise InvalidEntry('{0}.{1}'.format(option, error.option), error.value, error.reason) from error
