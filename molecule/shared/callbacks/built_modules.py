# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keep what Ansible builds of a module for the next playbook.

To build what is sent to a host, Ansible reads the module and all that it imports, once in each run of a playbook. That is a third of
the controller's work, and the scenarios run hundreds of playbooks of the same few modules. What is sent is the same.
"""

from __future__ import annotations

import hashlib
import os
import pathlib
import sys

from ansible import constants
from ansible.plugins.callback import CallbackBase
from ansible.release import __version__

DOCUMENTATION = r"""
name: built_modules
type: aggregate
short_description: Keep what Ansible builds of a module for the next playbook
description:
  - Keeps it in tests/output/modules, for as long as no file of it and no version changes.
"""

ROOT = pathlib.Path(__file__).resolve().parents[3]
# Where else modules come from: other collections, whose versions these files name.
VERSIONS = ('requirements.txt', 'galaxy.yml')


def version():
    """What the content of the modules depends on, as a word."""
    files = sorted((ROOT / 'plugins').rglob('*.py')) + [ROOT / name for name in VERSIONS]
    seen = [(str(path.relative_to(ROOT)), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return hashlib.sha256(repr([__version__, sys.version, sys.prefix, seen]).encode()).hexdigest()[:12]


class CallbackModule(CallbackBase):
    """Put a link to what is kept where Ansible looks for what it has built in this run."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'aggregate'
    CALLBACK_NAME = 'built_modules'
    CALLBACK_NEEDS_ENABLED = True

    def v2_playbook_on_start(self, playbook):
        kept = ROOT / 'tests' / 'output' / 'modules' / version()
        kept.mkdir(parents=True, exist_ok=True)
        os.symlink(kept, os.path.join(constants.DEFAULT_LOCAL_TMP, 'ansiballz_cache'))
