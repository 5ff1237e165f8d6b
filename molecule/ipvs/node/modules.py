# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the modules inside a node, many in one process: their own main() and argument specs, and the real ipvsadm."""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import subprocess
from typing import NamedTuple
from unittest import mock

from ansible.module_utils import basic
from ansible.module_utils.testing import patch_module_args
from ansible_collections.lvs.direct_routing.plugins.module_utils import command
from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import task

MODULES = 'ansible_collections.lvs.direct_routing.plugins.modules.'


class Run(NamedTuple):
    """What a module returned, and what it really did: every call of ipvsadm as (argv, stdin, stdout)."""

    result: dict
    calls: list

    @property
    def written(self):
        """The lines that were given to ipvsadm, one list for each process."""
        return [stdin.splitlines() for argv, stdin, _stdout in self.calls if argv == ['-R']]

    @property
    def prediction(self):
        """What check mode and the real run have to agree on."""
        return {name: self.result.get(name) for name in ('changed', 'diff', 'commands', 'failed', 'msg')}

    def seen(self, *argv):
        """What ipvsadm printed when the module asked for a listing."""
        return next(stdout for called, _stdin, stdout in self.calls if called == list(argv))


class Ended(Exception):
    """A module has returned."""


def run(name, check=False, **options):
    """Run a module with options as a task gives them; return a `Run`."""
    calls = []

    def counting(module):
        runner = command.module_runner(module)

        def run_and_count(argv, stdin=None):
            result = runner(argv, stdin)
            calls.append((list(argv[1:]), stdin or '', result.stdout))
            return result

        return run_and_count

    def end(_self, **result):
        raise Ended(json.dumps(result))

    replaced = {
        'exit_json': end,
        'fail_json': lambda self, msg, **result: end(self, failed=True, msg=msg, **result),
    }
    module = importlib.import_module(MODULES + name)
    # Without no_log every call would be a line in the journal.
    arguments = dict(options, _ansible_check_mode=check, _ansible_diff=True, _ansible_no_log=True)
    with patch_module_args(arguments), mock.patch.multiple(basic.AnsibleModule, **replaced):
        with mock.patch.object(task, 'module_runner', counting):
            try:
                module.main()
            except Ended as ended:
                return Run(json.loads(str(ended)), calls)
    raise AssertionError(name + ' did not return')


def run_as_ansible_does(name, **options):
    """Run a module with nothing of it replaced; return its result."""
    module = importlib.import_module(MODULES + name)
    said = io.StringIO()
    with patch_module_args(dict(options, _ansible_no_log=True)), contextlib.redirect_stdout(said):
        with contextlib.suppress(SystemExit):
            module.main()
    return json.loads(said.getvalue())


def ipvsadm(*argv, stdin=None, check=True):
    """Return what ipvsadm prints."""
    return subprocess.run(
        ('ipvsadm',) + argv, input=stdin, check=check, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ).stdout


def saved():
    """Return the kernel's table as sorted lines, thresholds at the end of the lines of real servers."""
    return whole(ipvsadm('-Sn'), ipvsadm('-Ln', '--thresholds'))


def whole(rules, listing):
    """Put the two listings of ipvsadm together, line by line and without the collection's own parser.

    Both list the entries in the same order, so the n-th real server of one is the n-th of the other.
    """
    servers = [line.split() for line in listing.splitlines() if line.startswith('  -> ')]
    limits = iter([words[2:4] for words in servers if words[1] != 'RemoteAddress:Port'])
    lines = []
    for line in rules.splitlines():
        line = line.rstrip()
        if line.startswith('-a'):
            upper, lower = next(limits)
            if (upper, lower) != ('0', '0'):
                line += ' -x {0} -y {1}'.format(upper, lower)
        lines.append(line)
    return sorted(lines)
