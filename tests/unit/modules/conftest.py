# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ways to run a module and see how it ends: with a stand-in for AnsibleModule, or with one for ipvsadm."""

from __future__ import annotations

import json

import pytest
from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.testing import patch_module_args

from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import lock, task

from ..module_utils.ipvs.scripted import ScriptedIpvsadm


class Ended(Exception):
    pass


@pytest.fixture
def run_module(monkeypatch):
    """Return a function that runs a module's main() and returns what it ended with.

    `replaced` are names of the module that are replaced while it runs.
    """
    def run(module, options, **replaced):
        ended = {'warned': []}

        class Module:
            check_mode = True

            def __init__(self, argument_spec, supports_check_mode, required_if=()):
                assert supports_check_mode
                self.params = {name: options.get(name, spec.get('default')) for name, spec in argument_spec.items()}

            def exit_json(self, **result):
                ended.update(result)
                raise Ended

            def fail_json(self, **result):
                self.exit_json(failed=True, **result)

            def warn(self, warning):
                ended['warned'].append(warning)

        monkeypatch.setattr(module, 'AnsibleModule', Module)
        for name, value in replaced.items():
            monkeypatch.setattr(module, name, value)
        with pytest.raises(Ended):
            module.main()
        return ended
    return run


@pytest.fixture(name='run')
def run_with_scripted_ipvsadm(monkeypatch, tmp_path, capsys):
    """Return `run(module, params, *replies, check=False) -> (result, lines written)`."""
    warnings = []
    monkeypatch.setattr(AnsibleModule, 'warn', lambda _module, message: warnings.append(message))
    path = str(tmp_path / 'lock')
    monkeypatch.setattr(task, 'exclusive', lambda: lock.exclusive(path))

    def run(module, params, *replies, check=False, runner=None):
        ipvsadm = ScriptedIpvsadm(*replies)
        monkeypatch.setattr(task, 'module_runner', runner or (lambda _module: ipvsadm))
        with patch_module_args(dict(params, _ansible_check_mode=check, _ansible_diff=True)):
            with pytest.raises(SystemExit):
                module.main()
        assert not ipvsadm.replies, 'ipvsadm was called less often than expected'
        result = dict(json.loads(capsys.readouterr().out), warnings=warnings)
        return result, [line for lines in ipvsadm.written for line in lines]

    return run
