# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write down which tasks changed what, one file for each run of a playbook with the roles in it, in check mode or not.

The tests compare the files: what check mode foretold with what was done.
"""

from __future__ import annotations

import json
import os
import pathlib

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: changes_by_run
type: aggregate
short_description: Write down which tasks changed what
description:
  - Writes a JSON file for each run of playbooks/site.yml into the folder that LVS_CHANGES_BY_RUN names.
"""


class CallbackModule(CallbackBase):
    """Collect the results of site.yml."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = 'aggregate'
    CALLBACK_NAME = 'changes_by_run'
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self.results = []
        self.playbook = ''

    def v2_playbook_on_start(self, playbook):
        self.playbook = os.path.basename(playbook._file_name)

    def v2_runner_on_ok(self, result):
        outcome = result.result if hasattr(result, 'result') else result._result
        task = result.task if hasattr(result, 'task') else result._task
        host = result.host if hasattr(result, 'host') else result._host
        ours = task.resolved_action.startswith('lvs.')
        self.results.append(
            {
                'host': host.get_name(),
                'task': task.get_name(),
                'changed': bool(outcome.get('changed')),
                # Other people's modules word their diffs differently in check mode.
                'diff': outcome.get('diff') if ours else None,
            }
        )

    def v2_playbook_on_stats(self, stats):
        folder = os.environ.get('LVS_CHANGES_BY_RUN')
        if not folder or self.playbook != 'site.yml':
            return
        os.makedirs(folder, exist_ok=True)
        number = len(os.listdir(folder)) + 1
        results = sorted(self.results, key=lambda result: (result['host'], result['task']))
        pathlib.Path(folder, '{0:02d}.json'.format(number)).write_text(json.dumps(results, indent=1), encoding='utf-8')
