# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Ansible has built of a module is used by the next playbook until a file that it came from changes."""
from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
CALLBACKS = ROOT / 'molecule' / 'shared' / 'callbacks'
PLAY = """
- hosts: localhost
  gather_facts: false
  tasks:
    - acme.demo.hello:
"""
MODULE = """#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule
AnsibleModule({}).exit_json(msg='%s')
"""


@pytest.fixture(name='say')
def a_clone_with_one_module(tmp_path):
    """Return a function that runs a playbook with the clone's module and returns what Ansible prints."""
    shared = tmp_path / 'molecule' / 'shared' / 'callbacks'
    shared.mkdir(parents=True)
    (shared / 'built_modules.py').write_text((CALLBACKS / 'built_modules.py').read_text())
    for name in ('requirements.txt', 'galaxy.yml'):
        (tmp_path / name).touch()
    (tmp_path / 'play.yml').write_text(PLAY)
    modules = tmp_path / 'plugins' / 'modules'
    modules.mkdir(parents=True)
    collection = tmp_path / 'ansible_collections' / 'acme'
    collection.mkdir(parents=True)
    (collection / 'demo').symlink_to(tmp_path)

    def run(word: str) -> str:
        if word:
            (modules / 'hello.py').write_text(MODULE % word)
        done = subprocess.run(
            ['ansible-playbook', '-v', '-i', 'localhost,', '-c', 'local', '-e', f'ansible_python_interpreter={sys.executable}', 'play.yml'],
            cwd=tmp_path, check=False, stdout=subprocess.PIPE, text=True,
            env={**os.environ, 'ANSIBLE_COLLECTIONS_PATH': str(tmp_path), 'ANSIBLE_CALLBACK_PLUGINS': str(shared),
                 'ANSIBLE_CALLBACKS_ENABLED': 'built_modules', 'ANSIBLE_DEPRECATION_WARNINGS': 'false'})
        assert done.returncode == 0, done.stdout
        return done.stdout
    return run


def built(folder: Path):
    return sorted((path.parent.name, path.name, path.stat().st_mtime_ns) for path in folder.glob('tests/output/modules/*/*hello*')
                  if path.suffix != '.lock')


def test_it_is_built_once(say, tmp_path):
    assert '"msg": "one"' in say('one')
    once = built(tmp_path)
    assert '"msg": "one"' in say('')
    assert built(tmp_path) == once and len(once) == 1


def test_it_is_built_again_after_a_change(say, tmp_path):
    say('one')
    assert '"msg": "another"' in say('another')
    assert len(built(tmp_path)) == 2
