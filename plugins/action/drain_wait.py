# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's side of drain_wait: look again and again, and say on the screen what is left."""

from __future__ import annotations

import time

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.lvs.direct_routing.plugins.plugin_utils import drains

MODULE = 'lvs.direct_routing.drain_wait'
SILENCE = 10
"""Seconds after which a line is said again though nothing has changed."""


class ActionModule(ActionBase):
    """Run the module until it finds what is waited for, or the time is up."""

    TRANSFERS_FILES = False

    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        where = self._task.delegate_to or task_vars['inventory_hostname']
        begin = time.monotonic()
        said, last = None, 0.0
        while True:
            look = self._execute_module(module_name=MODULE, module_args=self._task.args, task_vars=task_vars)
            if look.get('failed') or look.get('unreachable'):
                return dict(result, **look)
            waited = time.monotonic() - begin
            timeout, interval = look.pop('timeout'), look.pop('interval')
            done = not drains.left(look)
            if done or self._task.check_mode or waited >= timeout:
                return dict(result, **look, done=done, left=drains.remains(look), waited=round(waited, 1))
            remains = drains.remains(look)
            if remains != said or waited - last >= SILENCE:
                Display().display(drains.progress(where, look, waited, timeout))
                said, last = remains, waited
            time.sleep(min(interval, timeout - waited))
