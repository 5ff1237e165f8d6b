# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module vip_address hands its options on and ends in one sentence, whatever goes wrong."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.command import CommandError
from ansible_collections.lvs.direct_routing.plugins.module_utils.iproute import AddressError
from ansible_collections.lvs.direct_routing.plugins.modules import vip_address


class Ended(Exception):
    pass


@pytest.fixture
def run(monkeypatch):
    """Return a function that runs the module with options and what `declare` does, and returns how it ended."""
    def run_module(options, declare):
        ended = {'warned': []}

        class Module:
            check_mode = True

            def __init__(self, argument_spec, supports_check_mode):
                assert supports_check_mode
                self.params = {name: options.get(name, spec.get('default')) for name, spec in argument_spec.items()}

            def exit_json(self, **result):
                ended.update(result)
                raise Ended

            def fail_json(self, **result):
                self.exit_json(failed=True, **result)

            def warn(self, warning):
                ended['warned'].append(warning)

        monkeypatch.setattr(vip_address, 'AnsibleModule', Module)
        monkeypatch.setattr(vip_address, 'declare', declare)
        with pytest.raises(Ended):
            vip_address.main()
        return ended
    return run_module


def test_the_options_reach_the_plan_with_check_mode(run):
    def declare(runner, wanted, check):
        return {'changed': check, 'wanted': wanted, 'warnings': ['eth0 is down']}

    ended = run({'address': ['192.0.2.100'], 'interface': 'eth0', 'announce': 2}, declare)
    assert ended['changed'] and ended['wanted'].announce == 2 and ended['wanted'].present
    assert ended['warned'] == ['eth0 is down'] and 'warnings' not in ended


def test_a_bad_option_ends_before_anything_is_read(run):
    ended = run({'address': ['www'], 'interface': 'lo'}, None)
    assert ended['failed'] and ended['msg'].startswith("address[0]: 'www' is not a literal")


@pytest.mark.parametrize('error, expected', [
    (AddressError('no', done=['a'], undone=['b'], left=[]), {'msg': 'no', 'done': ['a'], 'undone': ['b'], 'left': []}),
    (CommandError(['ip'], 127, 'not installed'), {'msg': '`ip` failed: not installed'}),
])
def test_a_failure_is_one_sentence_and_what_was_done(run, error, expected):
    def declare(*args):
        raise error

    ended = run({'address': ['192.0.2.100'], 'interface': 'lo'}, declare)
    assert ended == dict(expected, failed=True, warned=[])
