# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What filters incoming packets is read, and nothing is run that would make the tables of the old iptables."""

from __future__ import annotations

import json

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils import netfilter
from ansible_collections.lvs.direct_routing.plugins.module_utils.command import CommandError, NotInstalled, Result
from ansible_collections.lvs.direct_routing.plugins.module_utils.procfs import Files


def chain(name, hook=None, family='inet', table='filter'):
    return {'chain': dict({'family': family, 'table': table, 'name': name},
                          **({'hook': hook, 'policy': 'drop', 'prio': 0} if hook else {}))}


def rule(name, *expressions, family='inet', table='filter'):
    return {'rule': {'family': family, 'table': table, 'chain': name, 'expr': list(expressions)}}


RULESET = [
    {'metainfo': {}}, {'table': {'family': 'inet', 'name': 'filter'}},
    chain('input', 'input'), chain('web'), chain('deep'), chain('forward', 'forward'), chain('unused'), chain('input', 'input', 'arp'),
    rule('input', {'vmap': {'key': 1, 'data': {'set': [[80, {'jump': {'target': 'web'}}]]}}}),
    rule('web', {'goto': {'target': 'deep'}}), rule('deep', {'accept': None}), rule('forward', {'jump': {'target': 'unused'}}),
]


def test_only_what_an_incoming_packet_can_come_to_is_kept():
    found = netfilter.chains(RULESET)
    assert sorted(found) == ['inet filter deep', 'inet filter input', 'inet filter web']
    assert found['inet filter input']['policy'] == 'drop' and found['inet filter deep']['rules'] == [[{'accept': None}]]


class Programs:
    """Stands for nft and iptables-save: what each prints, missing if it is not among them."""

    def __init__(self, **printed):
        self.printed = {name.replace('_', '-'): text for name, text in printed.items()}
        self.calls = []

    def __call__(self, argv):
        if argv[0] not in self.printed:
            raise NotInstalled(argv)
        self.calls.append(argv[0])
        return Result(tuple(argv), 0, self.printed[argv[0]], '')


def ruleset(*entries):
    return json.dumps({'nftables': list(entries)})


@pytest.mark.parametrize(('entries', 'names', 'calls'), [
    ([], '', ['nft']),
    ([{'table': {'family': 'ip', 'name': 'filter'}}], '', ['nft', 'iptables-save']),
    ([{'table': {'family': 'inet', 'name': 'filter'}}], '', ['nft']),
    ([], 'nat\nfilter\n', ['nft', 'iptables-legacy-save']),
])
def test_iptables_is_run_only_where_its_tables_are_there(tmp_path, entries, names, calls):
    (tmp_path / 'proc/net').mkdir(parents=True)
    (tmp_path / 'proc/net/ip_tables_names').write_text(names)
    run = Programs(nft=ruleset(*entries), iptables_save='saved', iptables_legacy_save='saved', ip6tables_save='saved')
    found = netfilter.read(run, Files(str(tmp_path)))
    assert run.calls == calls and found['iptables'] == ({'ip': 'saved'} if len(calls) > 1 else {})


def test_without_root_it_is_said(tmp_path):
    def refuse(argv):
        return Result(tuple(argv), 1, '', 'Operation not permitted (you must be root)')

    with pytest.raises(CommandError, match='needs root: use become'):
        netfilter.read(refuse, Files(str(tmp_path)))


@pytest.mark.parametrize('run', [Programs(), Programs(nft='nonsense'), Programs(nft='')])
def test_without_programs_or_rules_there_is_nothing(tmp_path, run):
    assert netfilter.read(run, Files(str(tmp_path))) == {'nft': {}, 'iptables': {}}
