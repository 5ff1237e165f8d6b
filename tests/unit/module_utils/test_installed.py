# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file is told apart from another one, from one with other rights, and from none."""

from __future__ import annotations

import hashlib
import os

from ansible_collections.lvs.direct_routing.plugins.module_utils import installed


def test_a_file_is_its_checksum_its_mode_and_its_owner(tmp_path):
    path = tmp_path / 'unit'
    path.write_text('[Unit]\n')
    path.chmod(0o644)
    mine = os.getuid() == 0 and os.getgid() == 0
    found = installed.look(str(path))
    assert found == {'sha256': hashlib.sha256(b'[Unit]\n').hexdigest(), 'mode': '0644', 'root': mine}
    path.chmod(0o4755)
    assert installed.look(str(path))['mode'] == '4755'
    path.write_text('[Unit]\n\n')
    assert installed.look(str(path))['sha256'] != found['sha256']


def test_what_is_no_regular_file_is_none(tmp_path):
    (tmp_path / 'unit').write_text('')
    (tmp_path / 'link').symlink_to('unit')
    os.mkfifo(str(tmp_path / 'pipe'))
    for name in ('nothing', 'link', 'pipe', '.'):
        assert installed.look(str(tmp_path / name)) is None
