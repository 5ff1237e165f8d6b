# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Marks of packets by nftables: our table is exactly what is declared, whatever was in it, live and recorded.

The listings are what nft 1.0.6 printed on Linux 6.18 for `nft --json list table inet lvs_direct_routing`: `ours.json` and
`untracked.json` of rules as we write them, `odd.json` of what others may have put into our table.
"""

from __future__ import annotations

import copy
import ipaddress
import json
import os
import pathlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lvs.direct_routing.plugins.module_utils.command import CommandError, NotInstalled, Result
from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs.model import InvalidEntry
from ansible_collections.lvs.direct_routing.plugins.module_utils.marks.rules import Mark, MarksError, Table, Untracked, parse
from ansible_collections.lvs.direct_routing.plugins.module_utils.marks.task import Wanted, declare, render
from ansible_collections.lvs.direct_routing.plugins.module_utils.record_file import RecordError

LISTINGS = pathlib.Path(__file__).parent / 'nft_json'
VIP, OTHER, VIP6 = '192.0.2.100', '192.0.2.101', '2001:db8::100'
READ, WRITE = ('nft', '--json', 'list', 'table', 'inet', 'lvs_direct_routing'), ('nft', '-f', '-')
FRAME = ['add table inet lvs_direct_routing',
         'add chain inet lvs_direct_routing prerouting { type filter hook prerouting priority -150; policy accept; }']
REPLACE = ['add table inet lvs_direct_routing', 'delete table inet lvs_direct_routing']
RULE = 'add rule inet lvs_direct_routing prerouting '
WEB = {'vip': VIP, 'ports': ['80'], 'mark': 1}
WEB_RULE = RULE + 'ip daddr 192.0.2.100 tcp dport 80 meta mark set 1'

OURS = (
    Mark(VIP, 'tcp', 80, 80, 1),
    Mark(VIP, 'udp', 1024, 2047, 4294967295),
    Mark(OTHER, 'tcp', 0, 65535, 7),
    Mark(VIP6, 'sctp', 5, 6, 7),
    Mark(VIP6, 'sctp', 0, 65535, 8),
)


def listing(name):
    return json.loads((LISTINGS / (name + '.json')).read_text())


UNTRACKED = (
    Untracked('tcp', (VIP,)),
    Untracked('tcp', (VIP, OTHER), ((80, 80),)),
    Untracked('tcp', (VIP6,), ((80, 80), (443, 443), (1024, 2047))),
    Untracked('sctp', (VIP,)),
    Untracked('sctp', (VIP6,), ((5, 6),)),
)


def wanted(marks=(WEB,), record='/no/such/place/record', state='present', untracked=()):
    return Wanted.from_options({
        'marks': None if marks is None else list(marks), 'untracked': list(untracked), 'record': record, 'state': state})


def marks_of(*entries):
    table = wanted(entries).table
    return [] if table is None else list(table.marks)


class Nft:
    """An nft that takes our commands, holds a table and lists it in JSON."""

    def __init__(self):
        self.table = None
        self.calls, self.refuses = [], {}

    def __call__(self, argv, stdin=None):
        self.calls.append(argv)
        if argv in self.refuses:
            return Result(argv, 1, '', self.refuses[argv])
        if argv == WRITE:
            self.load(stdin)
            return Result(argv, 0, '', '')
        assert argv == READ
        if self.table is None:
            return Result(argv, 1, '', 'Error: No such file or directory\nlist table inet lvs_direct_routing\n')
        return Result(argv, 0, json.dumps({'nftables': [{'metainfo': {'version': '1.0.6'}}] + self.table}), '')

    def load(self, text):
        table = copy.deepcopy(self.table)
        for line in text.splitlines():
            if line.startswith('#'):
                continue
            verb, kind, rest = re.fullmatch('(add|delete) (table|chain|rule) inet lvs_direct_routing ?(.*)', line).groups()
            if verb == 'delete':
                assert table is not None
                table = None
            elif kind == 'table':
                table = table or [{'table': {'family': 'inet', 'name': 'lvs_direct_routing', 'handle': 1}}]
            elif kind == 'chain':
                name, what, priority = re.fullmatch(
                    r'(\w+) \{ type filter hook (\w+) priority (-\d+); policy accept; \}', rest).groups()
                table.append({'chain': {'name': name, 'type': 'filter', 'hook': what, 'prio': int(priority),
                                        'policy': 'accept', 'handle': 1}})
            else:
                assert [chain['chain'] for chain in table if 'chain' in chain]
                chain, statement = rest.split(' ', 1)
                table.append({'rule': {'chain': chain, 'handle': len(table), 'expr': expressions(statement)}})
        self.table = table


def match(left, right):
    return {'match': {'op': '==', 'left': left, 'right': right}}


def payload(protocol, field):
    return {'payload': {'protocol': protocol, 'field': field}}


def expressions(statement):
    """Return what nft makes of one of our rules."""
    if statement.endswith(' notrack'):
        return untracked_expressions(statement)
    layer, vip, meta, protocol, first, last, mark = re.fullmatch(
        r'(ip6?) daddr (\S+) (?:meta l4proto (\w+)|(\w+) dport (\d+)(?:-(\d+))?) meta mark set (\d+)',
        statement).groups()
    which = match({'meta': {'key': 'l4proto'}}, meta) if meta else match(
        payload(protocol, 'dport'), {'range': [int(first), int(last)]} if last else int(first))
    return [match(payload(layer, 'daddr'), vip), which,
            {'mangle': {'key': {'meta': {'key': 'mark'}}, 'value': int(mark)}}]


def elements(text):
    """Return what nft makes of a set; one of one it shows as that one."""
    found = [{'range': [int(port) for port in one.split('-')]} if '-' in one else int(one) if one.isdigit() else one
             for one in text.split(', ')]
    return found[0] if len(found) == 1 else {'set': found}


def untracked_expressions(statement):
    later, layer, vips, protocol, spans = re.fullmatch(
        r'(.*) (ip6?) daddr \{ (.*?) \}(?: (\w+) dport \{ (.*) \})? notrack', statement).groups()
    which = {
        'tcp flags & (fin | rst) != 0': [{'match': {'op': 'in', 'left': payload('tcp', 'flags'), 'right': ['fin', 'rst']}}],
        'meta l4proto sctp @th,96,8 != 1': [match({'meta': {'key': 'l4proto'}}, 'sctp'), {
            'match': {'op': '!=', 'left': {'payload': {'base': 'th', 'offset': 96, 'len': 8}}, 'right': 1}}],
    }[later]
    where = [match(payload(layer, 'daddr'), elements(vips))] + ([match(payload(protocol, 'dport'), elements(spans))] if spans else [])
    return which + where + [{'notrack': None}]


class Host:
    """A host with its nft and the place of its record."""

    def __init__(self, root):
        self.nft, self.record = Nft(), str(root / 'lvs' / 'director.nft')

    def declare(self, *marks, check=False, state='present'):
        return declare(self.nft, wanted(marks, self.record, state), check)

    @property
    def recorded(self):
        return pathlib.Path(self.record).read_text() if os.path.lexists(self.record) else None


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


def test_what_nft_lists_of_our_rules_is_read():
    assert parse(json.dumps(listing('ours'))) == Table(OURS)


def test_what_nft_lists_of_our_untracked_packets_is_read():
    assert parse(json.dumps(listing('untracked'))) == Table((), UNTRACKED)


# As nft 0.9 has them, and with numbers.
@pytest.mark.parametrize('flags, same', [
    ({'op': '!=', 'left': {'&': [payload('tcp', 'flags'), {'|': ['fin', 'rst']}]}, 'right': 0}, True),
    ({'op': '!=', 'left': {'&': [payload('tcp', 'flags'), ['rst', 'fin']]}, 'right': 0}, True),
    ({'op': 'in', 'left': payload('tcp', 'flags'), 'right': {'|': ['fin', 'rst']}}, True),
    ({'op': '==', 'left': {'&': [payload('tcp', 'flags'), {'|': ['fin', 'rst']}]}, 'right': 0}, False),
    ({'op': 'in', 'left': payload('tcp', 'flags'), 'right': ['fin']}, False),
    ({'op': 'in', 'left': payload('tcp', 'flags'), 'right': ['fin', 'rst', 'syn']}, False),
    ({'op': 'in', 'left': payload('tcp', 'dport'), 'right': ['fin', 'rst']}, False),
])
def test_flags_are_read_in_the_words_of_each_version(flags, same):
    said = listing('untracked')
    rule = next(entry['rule'] for entry in said['nftables'] if 'rule' in entry)
    rule['expr'][0] = {'match': flags}
    assert (parse(json.dumps(said)) == Table((), UNTRACKED)) == same


ENDS, TO_VIP = {'match': {'op': 'in', 'left': payload('tcp', 'flags'), 'right': ['fin', 'rst']}}, match(payload('ip', 'daddr'), VIP)


@pytest.mark.parametrize('change', [
    {'comment': 'mine'}, {'chain': 'prerouting'}, {'expr': [{'notrack': None}]}, {'expr': [TO_VIP, {'notrack': None}]},
    {'expr': [ENDS, ENDS, TO_VIP, {'notrack': None}]}, {'expr': [ENDS, TO_VIP, {'accept': None}]}])
def test_a_rule_that_leaves_others_untracked_is_not_ours(change):
    said = listing('untracked')
    next(entry['rule'] for entry in said['nftables'] if 'rule' in entry).update(change)
    assert len(parse(json.dumps(said)).odd) == 1


def test_what_we_would_not_have_put_there_is_seen_as_such():
    table = parse(json.dumps(listing('odd')))
    pieces = [kind for entry in listing('odd')['nftables'] for kind in entry if kind != 'metainfo']
    assert table.marks == () and len(table.odd) == len(pieces) == 23


@pytest.mark.parametrize('change', [
    {'hook': 'input'}, {'type': 'route'}, {'prio': 0}, {'policy': 'drop'}, {'name': 'other'}, {'comment': 'mine'}])
def test_a_chain_that_is_not_as_we_make_it_is_seen(change):
    said = listing('ours')
    chain = next(entry['chain'] for entry in said['nftables'] if 'chain' in entry)
    chain.update(change)
    assert len(parse(json.dumps(said)).odd) == 1


@pytest.mark.parametrize('extra, same', [
    (match({'meta': {'key': 'nfproto'}}, 'ipv4'), True),
    (match({'meta': {'key': 'nfproto'}}, 'ipv6'), False),
    (match({'meta': {'key': 'l4proto'}}, 'tcp'), True),
    (match({'meta': {'key': 'l4proto'}}, 6), True),
    (match({'meta': {'key': 'l4proto'}}, 'udp'), False),
    (match({'meta': {'key': 'iifname'}}, 'eth0'), False),
])
def test_what_follows_from_a_rule_may_be_spelled_out(extra, same):
    said = listing('ours')
    rule = next(entry['rule'] for entry in said['nftables'] if 'rule' in entry)
    rule['expr'].insert(0, extra)
    assert (parse(json.dumps(said)) == Table(OURS)) == same


def test_a_protocol_without_a_name_is_read_by_number():
    text = (LISTINGS / 'ours.json').read_text()
    assert '"right": "sctp"' in text
    assert parse(text.replace('"right": "sctp"', '"right": 132').replace('"right": "tcp"', '"right": "6"')) == Table(OURS)


@pytest.mark.parametrize('text', ['', 'nonsense', '[]', '{}', '{"nftables": [{"rule": {}}]}', '{"nftables": [7]}',
                                  '{"nftables": [{"rule": {"chain": "prerouting", "expr": [7]}}]}'])
def test_what_cannot_be_understood_is_one_sentence(text):
    with pytest.raises(MarksError, match='^`nft --json` printed what this module does not understand'):
        parse(text)


ADDRESSES = st.one_of(st.integers(1, 223).map('{0}.0.2.100'.format),
                      st.integers(0, 2 ** 64).map(lambda number: str(ipaddress.IPv6Address(0x20010DB8 << 96 | number))))
PORTS = st.one_of(st.integers(1, 65535).map(str),
                  st.tuples(st.integers(1, 65535), st.integers(1, 65535)).map(lambda two: '{0}-{1}'.format(*sorted(two))))
ENTRIES = st.fixed_dictionaries({
    'vip': ADDRESSES, 'protocol': st.sampled_from(['tcp', 'udp', 'sctp']), 'ports': st.lists(PORTS, max_size=4)})


@given(st.lists(ENTRIES, max_size=6), st.sampled_from([1, 7, 2 ** 31, 2 ** 32 - 1]), st.lists(ENTRIES, max_size=6))
def test_what_is_loaded_from_the_record_is_what_was_declared(entries, mark, untracked):
    table = wanted([dict(entry, mark=mark) for entry in entries],
                   untracked=[entry for entry in untracked if entry['protocol'] != 'udp']).table
    nft = Nft()
    for _boot in range(2):
        nft.load(render(table) or '')
        assert (table is None) == (nft.table is None)
        assert table is None or parse(nft(READ).stdout) == table


@given(st.lists(ENTRIES, min_size=1, max_size=6), st.randoms())
def test_the_order_in_which_marks_are_declared_makes_no_difference(entries, random):
    marks = [dict(entry, mark=1) for entry in entries]
    shuffled = list(marks)
    random.shuffle(shuffled)
    assert wanted(marks) == wanted(shuffled)


@given(st.lists(PORTS, min_size=1, max_size=6))
def test_joined_ports_are_the_declared_ports_and_never_touch(ports):
    found = [(mark.first, mark.last) for mark in marks_of({'vip': VIP, 'ports': ports, 'mark': 1})]
    spans = [[int(port) for port in text.split('-')] for text in ports]
    declared = {port for span in spans for port in range(span[0], span[-1] + 1)}
    assert {port for first, last in found for port in range(first, last + 1)} == declared
    assert all(before[1] + 1 < after[0] for before, after in zip(found, found[1:]))


@pytest.mark.parametrize('entries, statements', [
    ([WEB], ['ip daddr 192.0.2.100 tcp dport 80 meta mark set 1']),
    ([{'vip': VIP6, 'ports': ['1024-2047'], 'protocol': 'udp', 'mark': 7}],
     ['ip6 daddr 2001:db8::100 udp dport 1024-2047 meta mark set 7']),
    ([{'vip': '2001:DB8:0::100', 'protocol': 'sctp', 'mark': 7}],
     ['ip6 daddr 2001:db8::100 meta l4proto sctp meta mark set 7']),
    ([WEB, dict(WEB, ports=['443', '80'])],
     ['ip daddr 192.0.2.100 tcp dport 80 meta mark set 1', 'ip daddr 192.0.2.100 tcp dport 443 meta mark set 1']),
    ([dict(WEB, ports=['80', '81', '82-90', '85'])], ['ip daddr 192.0.2.100 tcp dport 80-90 meta mark set 1']),
    ([WEB, dict(WEB, ports=[])], ['ip daddr 192.0.2.100 meta l4proto tcp meta mark set 1']),
    ([dict(WEB, ports=['1-65535'])], ['ip daddr 192.0.2.100 tcp dport 1-65535 meta mark set 1']),
    ([WEB, dict(WEB, ports=['81'], mark=2)],
     ['ip daddr 192.0.2.100 tcp dport 80 meta mark set 1', 'ip daddr 192.0.2.100 tcp dport 81 meta mark set 2']),
    ([dict(WEB, vip=VIP6), dict(WEB, vip='192.0.2.101'), dict(WEB, vip='192.0.2.20')],
     ['ip daddr 192.0.2.20 tcp dport 80 meta mark set 1', 'ip daddr 192.0.2.101 tcp dport 80 meta mark set 1',
      'ip6 daddr 2001:db8::100 tcp dport 80 meta mark set 1']),
])
def test_marks_become_rules(entries, statements):
    assert [mark.statement for mark in marks_of(*entries)] == statements


@pytest.mark.parametrize('entries, statements', [
    ([{'vip': VIP}], ['tcp flags & (fin | rst) != 0 ip daddr { 192.0.2.100 } notrack']),
    ([{'vip': OTHER, 'ports': ['80']}, {'vip': VIP6, 'ports': ['80']}, {'vip': VIP, 'ports': ['80']}], [
        'tcp flags & (fin | rst) != 0 ip daddr { 192.0.2.100, 192.0.2.101 } tcp dport { 80 } notrack',
        'tcp flags & (fin | rst) != 0 ip6 daddr { 2001:db8::100 } tcp dport { 80 } notrack']),
    ([{'vip': VIP, 'ports': ['443', '80']}, {'vip': VIP, 'ports': ['81', '1024-2047']}],
     ['tcp flags & (fin | rst) != 0 ip daddr { 192.0.2.100 } tcp dport { 80-81, 443, 1024-2047 } notrack']),
    ([{'vip': VIP, 'ports': ['443']}, {'vip': VIP}], ['tcp flags & (fin | rst) != 0 ip daddr { 192.0.2.100 } notrack']),
    ([{'vip': VIP, 'protocol': 'sctp', 'ports': ['5']}, {'vip': VIP, 'ports': ['5']}], [
        'tcp flags & (fin | rst) != 0 ip daddr { 192.0.2.100 } tcp dport { 5 } notrack',
        'meta l4proto sctp @th,96,8 != 1 ip daddr { 192.0.2.100 } sctp dport { 5 } notrack']),
])
def test_what_is_not_tracked_becomes_one_rule_for_vips_with_the_same_ports(entries, statements):
    assert [rule.statement for rule in wanted([], untracked=entries).table.untracked] == statements


def test_a_wrong_entry_of_what_is_not_tracked_is_refused_with_its_place():
    with pytest.raises(InvalidEntry, match=r"^untracked\[1\] ports\[0\]: '0' is outside"):
        wanted([], untracked=[{'vip': VIP}, {'vip': VIP, 'ports': ['0']}])


@pytest.mark.parametrize('entries, message', [
    ([WEB, dict(WEB, mark=2)],
     'marks[1] mark: 2 is for port 80 of tcp 192.0.2.100, which marks[0] gives mark 1; a packet has one mark'),
    ([dict(WEB, ports=['85-99'], mark=2), dict(WEB, ports=['22', '80-90'])],
     'marks[1] mark: 1 is for ports 85-90 of tcp 192.0.2.100, which marks[0] gives mark 2'),
    ([dict(WEB, ports=['1-9']), dict(WEB, ports=['5']), dict(WEB, ports=['8-12'], mark=2)],
     'marks[2] mark: 2 is for ports 8-9 of tcp 192.0.2.100, which marks[0] gives mark 1'),
    ([dict(WEB, ports=[]), dict(WEB, mark=2)], 'marks[1] mark: 2 is for port 80 of tcp 192.0.2.100, which marks[0]'),
    ([dict(WEB, ports=[]), dict(WEB, ports=[], mark=2)], 'marks[1] mark: 2 is for all ports of tcp 192.0.2.100'),
    ([WEB, dict(WEB, ports=['0'])], "marks[1] ports[0]: '0' is outside 1..65535"),
    ([dict(WEB, ports=['80', '65536'])], "marks[0] ports[1]: '65536' is outside 1..65535"),
    ([dict(WEB, ports=['90-80'])], "marks[0] ports[0]: '90-80' is outside 1..65535, or ends before it begins"),
    ([dict(WEB, ports=['http'])], "marks[0] ports[0]: 'http' is neither a port such as 80 nor a range"),
    ([dict(WEB, ports=['80 accept'])], "marks[0] ports[0]: '80 accept' is neither"),
    ([dict(WEB, ports=['80\n'])], "marks[0] ports[0]: '80\\n' is neither"),
    ([dict(WEB, ports=['\u0668\u0660'])], 'is neither'),
    ([dict(WEB, mark=0)], 'marks[0] mark: 0 is outside 1..4294967295'),
    ([dict(WEB, mark=4294967296)], 'marks[0] mark: 4294967296 is outside 1..4294967295'),
    ([dict(WEB, vip='vip.example.com')], "marks[0] vip: 'vip.example.com' is not a literal IPv4 or IPv6 address"),
    ([dict(WEB, vip='192.0.2.0/24')], "marks[0] vip: '192.0.2.0/24' is not a literal"),
    ([dict(WEB, vip='192.0.2.010')], "marks[0] vip: '192.0.2.010' is not a literal"),
    ([dict(WEB, vip='192.0.2.1\0')], 'is not a literal'),
    ([dict(WEB, vip='224.0.0.18')], "marks[0] vip: '224.0.0.18' is multicast and cannot be a VIP"),
    (None, 'marks: None is missing; name all marks'),
])
def test_what_cannot_be_declared_is_refused_with_its_place(entries, message):
    with pytest.raises(InvalidEntry) as error:
        wanted(entries)
    assert message in str(error.value)


@pytest.mark.parametrize('other', [dict(WEB, vip=OTHER, mark=2), dict(WEB, protocol='udp', mark=2)])
def test_the_same_port_of_another_vip_or_protocol_may_have_another_mark(other):
    assert len(marks_of(WEB, other)) == 2


def test_the_table_is_put_up_and_recorded_in_one_transaction(host):
    result = host.declare(WEB)
    assert result['commands'] == REPLACE + FRAME + [WEB_RULE]
    assert host.nft.calls == [READ, WRITE]
    assert host.recorded.splitlines() == ['# lvs.direct_routing marks, version 1'] + result['commands']
    assert parse(host.nft(READ).stdout) == wanted().table
    assert os.stat(host.record).st_mode & 0o777 == 0o600


def test_a_second_run_reads_once_and_writes_nothing(host):
    host.declare(WEB)
    host.nft.calls.clear()
    before = os.stat(host.record)
    result = host.declare(WEB)
    assert not result['changed'] and result['commands'] == result['diff'] == []
    assert host.nft.calls == [READ] and os.stat(host.record).st_ino == before.st_ino


@pytest.mark.parametrize('first, second', [
    (None, [WEB]), ([WEB], [WEB]), ([WEB], [dict(WEB, mark=2)]), ([WEB], []), (None, []), ([WEB], 'absent'), (None, 'absent')])
def test_check_mode_predicts_what_is_then_done_and_writes_nothing(host, first, second):
    if first is not None:
        host.declare(*first)
    table, recorded = copy.deepcopy(host.nft.table), host.recorded
    state, marks = ('absent', [WEB]) if second == 'absent' else ('present', second)
    predicted = host.declare(*marks, check=True, state=state)
    assert (host.nft.table, host.recorded) == (table, recorded)
    assert host.declare(*marks, state=state) == predicted
    assert predicted['changed'] == bool(predicted['diff'])
    for part in predicted['diff']:
        if part['after_header'] == host.record:
            assert (host.recorded or '') == part['after']
    assert not host.declare(*marks, state=state)['changed']


@pytest.mark.parametrize('drift', [
    lambda table: table.clear(),
    lambda table: table.pop(),
    lambda table: table.append(table[-1]),
    lambda table: table.append({'rule': {'chain': 'prerouting', 'expr': [{'accept': None}]}}),
    lambda table: table.append({'chain': {'name': 'output', 'hook': 'output', 'type': 'route', 'prio': -150}}),
    lambda table: table.append({'set': {'name': 'mine', 'type': 'ipv4_addr'}}),
    lambda table: table[0]['table'].update(flags=['dormant']),
    lambda table: table[1]['chain'].update(policy='drop'),
    lambda table: table[-1]['rule'].update(comment='mine'),
    lambda table: table[-1]['rule']['expr'].insert(2, {'counter': {'packets': 0, 'bytes': 0}}),
    lambda table: table[-1]['rule']['expr'][-1]['mangle'].update(value=2),
])
def test_drift_in_the_kernel_alone_is_put_right_there_alone(host, drift):
    host.declare(WEB, dict(WEB, vip=OTHER))
    good = copy.deepcopy(host.nft.table)
    before = os.stat(host.record)
    drift(host.nft.table)
    result = host.declare(WEB, dict(WEB, vip=OTHER))
    assert [part['after_header'] for part in result['diff']] == ['table inet lvs_direct_routing']
    assert result['diff'][0]['before'] != result['diff'][0]['after']
    assert host.nft.table == good and os.stat(host.record).st_ino == before.st_ino


@pytest.mark.parametrize('drift', [
    os.unlink, lambda path: pathlib.Path(path).write_text('# lvs.direct_routing marks, version 1\nflush ruleset\n')])
def test_drift_in_the_record_alone_is_put_right_there_alone(host, drift):
    host.declare(WEB)
    good = host.recorded
    drift(host.record)
    host.nft.calls.clear()
    result = host.declare(WEB)
    assert [part['after_header'] for part in result['diff']] == [host.record] and result['commands'] == []
    assert host.recorded == good and host.nft.calls == [READ]


@pytest.mark.parametrize('marks, state', [([], 'present'), ([WEB], 'absent')])
def test_without_marks_table_and_record_go(host, marks, state):
    host.declare(WEB)
    assert host.declare(*marks, state=state)['commands'] == REPLACE
    assert host.nft.table is None and not os.path.exists(os.path.dirname(host.record))


def test_a_table_that_nobody_recorded_goes_too(host):
    host.declare(WEB)
    os.unlink(host.record)
    assert host.declare(state='absent')['changed'] and host.nft.table is None


def test_what_nft_refuses_is_not_recorded(host):
    host.declare(WEB)
    recorded = host.recorded
    host.nft.refuses = {WRITE: '/dev/stdin:4:1-9: Error: Could not process rule: Operation not supported\nadd chain\n^^^\n'}
    with pytest.raises(CommandError) as error:
        host.declare(dict(WEB, mark=2))
    assert str(error.value) == (
        '`nft -f -` failed: /dev/stdin:4:1-9: Error: Could not process rule: Operation not supported. The kernel lacks a part '
        'of nftables: load nf_tables, with the family inet and its type filter (in a container, on its host). nftables is as '
        'it was')
    assert host.recorded == recorded


def test_a_table_that_nft_does_not_remove_keeps_its_record(host):
    host.declare(WEB)
    host.nft.refuses = {WRITE: 'Error: no\n'}
    with pytest.raises(CommandError):
        host.declare(state='absent')
    assert host.recorded


@pytest.mark.parametrize('said, advice', [
    ('Operation not permitted (you must be root)\nnetlink: Error: cache initialization failed: Operation not permitted',
     'use become'),
    ('Unable to initialize Netlink socket: Protocol not supported', 'load the module nf_tables'),
    ('netlink: Error: cache initialization failed: Invalid argument', 'load the module nf_tables'),
    ('Error: JSON support not compiled-in', 'built with JSON'),
])
def test_a_table_that_cannot_be_read_is_an_error_with_advice(host, said, advice):
    host.nft.refuses = {READ: said}
    with pytest.raises(CommandError, match=advice):
        host.declare(WEB)
    assert host.recorded is None


def test_a_kernel_without_nftables_has_no_table_to_remove(host):
    host.nft.refuses = {READ: 'Unable to initialize Netlink socket: Protocol not supported'}
    assert not host.declare(state='absent')['changed']


def test_a_file_of_someone_else_is_never_overwritten_nor_removed(host):
    os.mkdir(os.path.dirname(host.record))
    pathlib.Path(host.record).write_text('flush ruleset\n')
    with pytest.raises(RecordError, match='was not written by this module and is left alone'):
        host.declare(WEB)
    assert not host.declare(state='absent')['changed']
    assert host.nft.calls == [READ] and host.recorded == 'flush ruleset\n'


def test_a_record_that_could_not_be_written_is_refused_before_the_kernel_changes(host):
    host.record = '/no/such/place/record'
    with pytest.raises(RecordError, match='is not a folder'):
        host.declare(WEB)
    assert host.nft.calls == []


class TestWithoutNft:
    """A host on which nft is not installed."""

    @pytest.fixture
    def bare(self, host):
        def run(argv, stdin=None):
            raise NotInstalled(argv)

        host.nft = run
        return host

    def test_present_fails_with_advice(self, bare):
        with pytest.raises(NotInstalled, match='Install the package that provides nft'):
            bare.declare(WEB)
        assert bare.recorded is None

    def test_check_mode_foretells_and_warns(self, bare):
        result = bare.declare(WEB, check=True)
        assert result['commands'] == REPLACE + FRAME + [WEB_RULE] and len(result['diff']) == 2
        assert result['warnings'] == ['`nft --json list table inet lvs_direct_routing` failed: not installed. Install the '
                                      'package that provides nft. The prediction is for a host without the table inet '
                                      'lvs_direct_routing.']

    @pytest.mark.parametrize('check', [True, False])
    def test_there_is_nothing_to_remove(self, bare, check):
        for state in ('present', 'absent'):
            result = bare.declare(check=check, state=state)
            assert not result['changed'] and result['warnings'] == []

    def test_a_record_goes_with_a_warning_that_nobody_looked(self, bare):
        os.mkdir(os.path.dirname(bare.record))
        pathlib.Path(bare.record).write_text(render(wanted().table))
        result = bare.declare(state='absent')
        assert result['changed'] and bare.recorded is None and 'nobody looked' in result['warnings'][0]
