# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What filters packets that come in to a host, as nft and iptables-save print it: read, never changed.

Private to this collection. Nothing is judged here: that takes a packet.
"""

from __future__ import annotations

import json
from typing import Iterable, Mapping

from .command import NotInstalled, Runner, checked
from .procfs import Files

FAMILIES = ('ip', 'ip6', 'inet')
FRONT_ENDS = {'ip': ('iptables', '/proc/net/ip_tables_names'), 'ip6': ('ip6tables', '/proc/net/ip6_tables_names')}
MAX_TEXT = 1 << 20
"""Characters of iptables-save; a host that has more is one of a cluster with rules for each of its services."""


def chains(ruleset: Iterable[Mapping]) -> dict[str, dict]:
    """Return the chains that a packet to this host can come to, by 'family table chain', with their rules."""
    found: dict[str, dict] = {}
    for entry in ruleset:
        chain, rule = entry.get('chain'), entry.get('rule')
        if chain and chain['family'] in FAMILIES:
            found[_name(chain, chain['name'])] = {
                'hook': chain.get('hook'), 'policy': chain.get('policy'), 'rules': []}
        elif rule and rule['family'] in FAMILIES:
            found[_name(rule, rule['chain'])]['rules'].append(rule.get('expr', []))
    begun = [name for name, chain in found.items() if chain['hook'] == 'input']
    reached = dict.fromkeys(begun)
    while begun:
        name = begun.pop()
        table = name.rpartition(' ')[0]
        for target in _targets(found[name]['rules']):
            there = '{0} {1}'.format(table, target)
            if there in found and there not in reached:
                reached[there] = None
                begun.append(there)
    return {name: found[name] for name in reached}


def _name(entry: Mapping, chain: str) -> str:
    return '{0} {1} {2}'.format(entry['family'], entry['table'], chain)


def _targets(node: object) -> Iterable[str]:
    """Yield the chains that rules jump or go to, also those in maps."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key in ('jump', 'goto') and isinstance(value, Mapping) and 'target' in value:
                yield value['target']
            else:
                yield from _targets(value)
    elif isinstance(node, list):
        for one in node:
            yield from _targets(one)


def read(run: Runner, files: Files) -> dict:
    """Return the rules for what comes in, of nft and of iptables-save by family: three processes at most.

    iptables-save is only run where its tables are there already, since the old one would make them.
    """
    found: dict = {'nft': {}, 'iptables': {}}
    tables: set = set()
    try:
        listed = run(['nft', '--json', 'list', 'ruleset'])
        if 'not permitted' in listed.stderr:
            checked(listed, 'Reading what filters packets needs root: use become')
        # A kernel without nf_tables has no rules of it.
        ruleset = json.loads(listed.stdout or '{}').get('nftables', [])
        found['nft'] = chains(ruleset)
        tables = {(entry['table']['family'], entry['table']['name']) for entry in ruleset if 'table' in entry}
    except (NotInstalled, ValueError):
        pass
    for family, (program, names) in FRONT_ENDS.items():
        old = 'filter' in (files.text(names) or '').split()
        if old or (family, 'filter') in tables:
            text = _save(run, [program + '-legacy-save', program + '-save'] if old else [program + '-save'])
            if text and len(text) <= MAX_TEXT:
                found['iptables'][family] = text
    return found


def _save(run: Runner, programs: Iterable[str]) -> str:
    for program in programs:
        try:
            return run([program, '-t', 'filter']).stdout
        except NotInstalled:
            continue
    return ''
