# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""verify.yml proves the whole or nothing."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]


@pytest.mark.parametrize('limit, away', [('director2', 'director, real1, real2'), ('realservers', 'director, director2')])
def test_a_limit_that_leaves_out_who_is_to_be_judged_is_refused(tmp_path, limit, away):
    done = subprocess.run(
        [sys.executable, '-m', 'ansible', 'playbook', '-i', 'inventories/pair', 'playbooks/verify.yml', '--limit', limit],
        cwd=ROOT, env=dict(os.environ, ANSIBLE_CONFIG=str(ROOT / 'ansible.cfg'), ANSIBLE_LOCAL_TEMP=str(tmp_path)),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 2 and away + ' would not be looked at' in ' '.join(done.stdout.split()), done.stdout
