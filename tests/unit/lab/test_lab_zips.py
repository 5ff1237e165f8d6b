# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a node's Python remembers of a zip is what it would have compiled."""
from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from lab import config

HOOK = config.RECIPE / 'node' / 'usr' / 'lib' / 'python3' / 'dist-packages'
PROGRAM = '''
import json, sys, zipimport
import lvs_lab_zips
lvs_lab_zips.FOLDER = sys.argv[1]
compiled = []
real = lvs_lab_zips.compile_source
lvs_lab_zips.compile_source = lambda pathname, source: compiled.append(pathname) or real(pathname, source)
sys.path.insert(0, sys.argv[2])
import answer
print(json.dumps([answer.value(), answer.value.__code__.co_filename, len(compiled)]))
'''


@pytest.fixture(name='ask')
def python_with_the_hook(tmp_path):
    """Return a function that writes a module into a zip of this name, imports it in a new process and returns what it says."""
    def ask(source: str, name: str = 'one.zip'):
        with zipfile.ZipFile(tmp_path / name, 'w') as archive:
            archive.writestr('answer.py', source)
        done = subprocess.run([sys.executable, '-c', PROGRAM, str(tmp_path / 'cache'), str(tmp_path / name)], check=True,
                              # What is written beside the hook would belong to the recipe of the nodes.
                              env={'PYTHONPATH': str(HOOK), 'PYTHONDONTWRITEBYTECODE': '1'}, stdout=subprocess.PIPE, text=True)
        return json.loads(done.stdout)
    return ask


def files(folder: Path):
    return sorted((folder / 'cache').iterdir())


def test_it_compiles_once_and_names_the_file_that_is_there(ask, tmp_path):
    source = 'def value():\n    return 42\n'
    assert ask(source) == [42, str(tmp_path / 'one.zip' / 'answer.py'), 1]
    assert ask(source, 'two.zip') == [42, str(tmp_path / 'two.zip' / 'answer.py'), 0]
    assert len(files(tmp_path)) == 1


def test_another_source_is_another_entry(ask, tmp_path):
    ask('def value():\n    return 42\n')
    assert ask('def value():\n    return 43\n')[0] == 43
    assert len(files(tmp_path)) == 2


@pytest.mark.parametrize('content', [b'', b'half', b'\xe3\x00'])
def test_an_entry_that_cannot_be_read_is_made_anew(ask, tmp_path, content):
    source = 'def value():\n    return 42\n'
    ask(source)
    files(tmp_path)[0].write_bytes(content)
    assert ask(source)[::2] == [42, 1]
    assert ask(source)[::2] == [42, 0]


def test_without_room_for_it_everything_works_as_without_it(ask, tmp_path):
    (tmp_path / 'cache').write_text('a file')
    assert ask('def value():\n    return 42\n')[0] == 42


def test_the_node_image_switches_it_on():
    assert (HOOK / 'lvs_lab_zips.pth').read_text().split() == ['import', 'lvs_lab_zips']
