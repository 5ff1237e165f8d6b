# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Under load no request fails, whatever is changed by site.yml."""

from __future__ import annotations

import os

import pytest
from declared import web
from nodes import on

DIRECTOR = ('--limit', 'directors')
# One after the other, each a change from the one before, and all of them lead back to where they began.
if os.environ.get('LVS_EVERY_WAY'):
    EDITS = {
        'weights': web({'real1': 3}),
        'another scheduler': web({'real1': 3}, scheduler='wlc'),
        'persistence': web({'real1': 3}, scheduler='wlc', persistence_timeout=30),
        'none of them': web(),
        'a second service': web(ports=[80, 8080], port=None),
        'no second service': web(),
    }
    REPLACEMENTS = {
        'a real server drained': web({'real2': 0}),
        'and removed': web({'real2': None}),
        'and added again': web(),
        'a mark in place of the port': web(fwmark=7)[:1] + web()[1:],
        'another mark': web(fwmark=8)[:1] + web()[1:],
        'the port again': web(),
    }
else:
    # Several at once.
    EDITS = {
        'all of them': web({'real1': 3}, scheduler='wlc', persistence_timeout=30, ports=[80, 8080], port=None),
        'none of them': web(),
    }
    REPLACEMENTS = {
        'a real server drained, and a mark in place of the port': web({'real2': 0}, fwmark=7)[:1] + web({'real2': 0})[1:],
        'the real server removed': web({'real2': None}, fwmark=7)[:1] + web({'real2': None})[1:],
        'all as it was': web(),
    }


@pytest.fixture(name='started', scope='module')
def a_director_that_serves(site):
    site(lvs_virtual_services=web())


def table():
    return on('director', 'ipvsadm -Sn').splitlines()


def change(site, changes):
    before = table()
    for services in changes.values():
        assert any(site(*DIRECTOR, lvs_virtual_services=services).changed.values())
    assert table() == before


def test_no_request_fails_and_no_connection_breaks_while_services_are_edited(started, site, asking):
    with asking('under {0} edits'.format(len(EDITS))) as figures:
        change(site, EDITS)
    assert figures['failed'] == figures['broken'] == []
    assert figures['made'] == figures['answered']


def test_no_request_fails_while_real_servers_and_services_are_replaced(started, site, asking):
    # A connection that a client holds for ever ends with its real server or its service, so here only requests count.
    with asking('while real servers and services are replaced') as figures:
        change(site, REPLACEMENTS)
    assert figures['failed'] == []
    assert figures['made'] == figures['answered']


def test_to_delete_and_add_instead_of_an_edit_loses_requests(started, asking):
    """The control: what is done by hand when a weight is to change is seen by the same clients."""
    script = """
        for number in $(seq 60); do
            for real in 192.0.2.21 192.0.2.22; do ipvsadm -d -t 192.0.2.100:80 -r $real; done
            for real in 192.0.2.21 192.0.2.22; do ipvsadm -a -t 192.0.2.100:80 -r $real -g -w 1; done
        done"""
    with asking('delete and add by hand', at_least=0) as figures:
        on('director', script)
    assert figures['failures'] > 0
