# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a role's argument specification promises is what its defaults hold."""

from __future__ import annotations

import pathlib

import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROLES = sorted(path.name for path in (ROOT / 'roles').iterdir())


def load(role, path):
    return yaml.safe_load((ROOT / 'roles' / role / path).read_text())


@pytest.mark.parametrize('role', ROLES)
def test_defaults_and_argument_specification_agree_key_by_key(role):
    options = load(role, 'meta/argument_specs.yml')['argument_specs']['main']['options']
    assert load(role, 'defaults/main.yml') == {name: option.get('default') for name, option in options.items()}


@pytest.mark.parametrize('role', ROLES)
def test_every_variable_carries_the_prefix_of_its_role(role):
    assert all(name.startswith(role + '_') for name in load(role, 'defaults/main.yml'))
