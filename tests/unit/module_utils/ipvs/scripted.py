# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An ipvsadm that answers from a script, so that tests can say which calls are made and how many."""

from __future__ import annotations

from ansible_collections.lvs.direct_routing.plugins.module_utils.command import Result

SAVE = ('ipvsadm', '-Sn')
THRESHOLDS = ('ipvsadm', '-Ln', '--thresholds')
STATS = ('ipvsadm', '-Ln', '--stats', '--exact')
RATES = ('ipvsadm', '-Ln', '--rate', '--exact')
CONNECTIONS = ('ipvsadm', '-Lnc', '--persistent-conn')
TIMEOUTS = ('ipvsadm', '-Ln', '--timeout')
DAEMONS = ('ipvsadm', '-Ln', '--daemon')
WRITE = ('ipvsadm', '-R')
# What keeps new connections from being refused, by family: ICMP type 3 code 3, and ICMPv6 type 1 code 4.
RAISE = {
    'ipv4': tuple('ip -4 rule add pref 1 ipproto 1 dport 771 blackhole'.split()),
    'ipv6': tuple('ip -6 rule add pref 1 ipproto 58 dport 260 blackhole'.split()),
}
LOWER = {family: argv[:3] + ('delete',) + argv[4:] for family, argv in RAISE.items()}
# Host routes to real servers that go.
IP = ('ip', '-force', '-batch', '-')


class ScriptedIpvsadm:
    """Replay `(argv, stdout)` or `(argv, rc, stdout, stderr)` in order; keep what was written."""

    def __init__(self, *replies):
        self.replies = list(replies)
        self.written = []

    def __call__(self, argv, stdin=None):
        expected, *reply = self.replies.pop(0)
        assert tuple(argv) == expected
        if stdin is not None and expected == WRITE:
            self.written.append(stdin.splitlines())
        rc, stdout, stderr = reply if len(reply) == 3 else (0, reply[0] if reply else '', '')
        return Result(tuple(argv), rc, stdout, stderr)


def reads(*lines):
    """Return the two replies of one reading of a table without thresholds."""
    return (SAVE, ''.join(line + '\n' for line in lines)), (THRESHOLDS, '')


def refused(stderr, rc=255):
    """Return the reply of a write that ipvsadm complained about."""
    return WRITE, rc, '', stderr
