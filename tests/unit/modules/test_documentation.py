# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the documentation of a module shows is what the module takes."""

from __future__ import annotations

import importlib
import pathlib
import socket

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.loader import fragment_loader, module_loader
from ansible.utils.plugin_docs import get_plugin_docs

from ansible_collections.lvs.direct_routing.plugins.module_utils import record_file
from ansible_collections.lvs.direct_routing.plugins.module_utils.command import Result
from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import options, record, task

COLLECTION = 'lvs.direct_routing.'
MODULES = sorted(path.stem for path in (pathlib.Path(__file__).parents[3] / 'plugins/modules').glob('[!_]*.py'))


def documented_options(name):
    """Return the options of a module's documentation, those of its fragments included."""
    return get_plugin_docs(COLLECTION + name, 'module', module_loader, fragment_loader, False)[0]['options']


def module_of(name):
    return importlib.import_module('ansible_collections.{0}plugins.modules.{1}'.format(COLLECTION, name))


def arguments_of(name):
    """Return what a module gives to AnsibleModule."""

    class Captured(Exception):
        pass

    class Module:
        def __init__(self, **arguments):
            raise Captured(arguments)

    module = module_of(name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, 'AnsibleModule', Module)
        with pytest.raises(Captured) as caught:
            module.main()
    return caught.value.args[0]


def spec_of(documented):
    """Return the argument spec that documented options stand for."""
    spec = {}
    for name, option in documented.items():
        spec[name] = {key: option[key] for key in ('type', 'elements', 'choices', 'required', 'default') if key in option}
        if 'suboptions' in option:
            spec[name]['options'] = spec_of(option['suboptions'])
    return spec


def complete(spec, documented):
    """Return an argument spec, with the documented suboptions where a module checks those itself."""
    return {
        name: dict(option, options=spec_of(documented[name]['suboptions']))
        if 'suboptions' in documented[name] and 'options' not in option
        else option
        for name, option in spec.items()
    }


def validate(name, parameters):
    """Return what is wrong with the parameters of a task."""
    arguments = arguments_of(name)
    arguments.pop('supports_check_mode')
    spec = complete(arguments.pop('argument_spec'), documented_options(name))
    return ArgumentSpecValidator(spec, **arguments).validate(parameters).error_messages


def tasks_in(node):
    """Yield (module, parameters) of every task of this collection, however deep in plays and blocks."""
    if isinstance(node, list):
        for one in node:
            yield from tasks_in(one)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key.startswith(COLLECTION):
                yield key[len(COLLECTION):], value or {}
            else:
                yield from tasks_in(value)


def examples(*names):
    """Return every example task as (module of the documentation, module of the task, parameters)."""
    found = []
    for name in names:
        tasks = list(tasks_in(yaml.safe_load(module_of(name).EXAMPLES)))
        found += [pytest.param(used, task, id='{0}-{1}'.format(name, position)) for position, (used, task) in enumerate(tasks)]
    return found


@pytest.mark.parametrize('name', MODULES)
def test_a_module_has_examples_of_itself(name):
    assert name in {used for used, _task in tasks_in(yaml.safe_load(module_of(name).EXAMPLES))}


@pytest.mark.parametrize(('used', 'parameters'), examples(*MODULES))
def test_an_example_has_the_options_of_its_module(used, parameters):
    assert validate(used, parameters) == []


@pytest.mark.parametrize(
    ('name', 'parameters'),
    [
        ('ipvs_service', {'adress': '192.0.2.100', 'port': 80}),
        ('ipvs_service', {'address': '192.0.2.100', 'port': 'http'}),
        ('ipvs_sync_daemon', {'role': 'master'}),
        ('ipvs_timeouts', {}),
        ('ipvs_table', {'services': [{'adress': '192.0.2.100'}]}),
        ('ipvs_table', {'services': [{'address': '192.0.2.100', 'realservers': [{'adress': '192.0.2.21'}]}]}),
        ('ipvs_marks', {'marks': [{'vip': '192.0.2.100'}]}),
        ('ipvs_table', {'services': [], 'ignore': [{'adress': '192.0.2.100'}]}),
        ('vip_address', {'address': ['192.0.2.100']}),
    ],
)
def test_a_wrong_example_would_be_found(name, parameters):
    assert validate(name, parameters)


def test_tasks_are_found_in_plays_and_blocks():
    play = "- hosts: all\n  tasks:\n    - block:\n        - lvs.direct_routing.ipvs_info:\n        - ansible.builtin.ping:\n"
    assert list(tasks_in(yaml.safe_load(play))) == [('ipvs_info', {})]


@pytest.mark.parametrize(('used', 'parameters'), examples(*(name for name in MODULES if name.startswith('ipvs_'))))
def test_an_example_of_ipvs_works_on_a_fresh_host(run, monkeypatch, used, parameters):
    monkeypatch.setattr(socket, 'if_nametoindex', lambda _name: 1)
    monkeypatch.setattr(record, 'check_writable', lambda _option, _path: None)
    monkeypatch.setattr(record_file, 'check_writable', lambda _option, _path: None)

    def fresh(_module):
        said = {'--timeout': 'Timeout (tcp tcpfin udp): 900 120 300\n'}
        missing = {'nft': (1, '', 'Error: No such file or directory')}
        return lambda argv, stdin=None: Result(tuple(argv), *missing.get(argv[0], (0, said.get(argv[-1], ''), '')))

    if hasattr(module_of(used), 'module_runner'):
        monkeypatch.setattr(module_of(used), 'module_runner', fresh)
    result, _written = run(module_of(used), parameters, check=True, runner=fresh)
    assert not result.get('failed'), result['msg']


def test_the_entries_of_ipvs_table_are_checked_as_they_are_documented():
    # ansible-test compares documentation and argument spec for every other option.
    documented = spec_of(documented_options('ipvs_table'))['services']['options']
    taken = {name: dict(option) for name, option in options.TABLE_SERVICE.items()}
    assert documented == taken


def test_ipvs_info_gathers_what_it_documents():
    assert documented_options('ipvs_info')['gather']['choices'] == list(task.GATHERS)
