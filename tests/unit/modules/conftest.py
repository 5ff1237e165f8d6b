# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for AnsibleModule, to see how a module ends."""

from __future__ import annotations

import pytest


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

        monkeypatch.setattr(module, 'AnsibleModule', Module)
        for name, value in replaced.items():
            monkeypatch.setattr(module, name, value)
        with pytest.raises(Ended):
            module.main()
        return ended
    return run
