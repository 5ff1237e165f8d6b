# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What meta/runtime.yml promises is what the collection holds."""

from __future__ import annotations

import pathlib

import yaml

from ansible_collections.lvs.direct_routing.plugins.module_utils import command

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_the_action_group_names_every_module_and_nothing_else():
    runtime = yaml.safe_load((ROOT / 'meta/runtime.yml').read_text())
    modules = {path.stem for path in (ROOT / 'plugins/modules').glob('*.py')} - {'__init__'}
    assert sorted(runtime['action_groups']['lvs']) == sorted(modules)


def test_imports_by_collection_name_come_from_this_clone():
    assert pathlib.Path(command.__file__).resolve() == ROOT / 'plugins/module_utils/command.py'
