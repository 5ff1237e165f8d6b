# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What systemd says of units is read in one process, and where it does not run there are none."""

from __future__ import annotations

from ansible_collections.lvs.direct_routing.plugins.module_utils import units
from ansible_collections.lvs.direct_routing.plugins.module_utils.command import NotInstalled, Result

SHOWN = """Id=lvs-director.service
LoadState=loaded
ActiveState=active
UnitFileState=enabled

Id=keepalived.service
LoadState=not-found
ActiveState=inactive
UnitFileState=
"""
NAMES = ['lvs-director.service', 'keepalived.service']


def test_units_are_read_at_once():
    calls = []

    def run(argv):
        calls.append(argv)
        return Result(tuple(argv), 0, SHOWN, '')

    assert units.read(run, NAMES) == {
        'lvs-director.service': {'load': 'loaded', 'active': 'active', 'file': 'enabled'},
        'keepalived.service': {'load': 'not-found', 'active': 'inactive', 'file': ''},
    }
    assert calls == [['systemctl', 'show', '--property=Id,LoadState,ActiveState,UnitFileState', '--', *NAMES]]


def test_without_systemd_there_are_none():
    def missing(argv):
        raise NotInstalled(argv)

    assert units.read(missing, NAMES) == {}
    assert units.read(lambda argv: Result(tuple(argv), 1, '', 'System has not been booted with systemd'), NAMES) == {}


def test_without_names_nothing_is_run():
    assert units.read(None, []) == {}
