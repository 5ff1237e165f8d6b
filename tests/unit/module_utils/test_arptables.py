# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ARP silence by arptables: effective whatever else is there, silent at every step, and nothing of others touched.

The listings: `legacy.txt` is what arptables 0.0.5 printed on Linux 6.1 for `arptables -n -L`. `nft.txt` is put together
from what iptables/nft-arp.c and extensions/libarpt_mangle.c of iptables 1.8.9 print for the same rules.
"""

from __future__ import annotations

import os
import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lvs.direct_routing.plugins.module_utils.arptables.options import is_local
from ansible_collections.lvs.direct_routing.plugins.module_utils.arptables.plan import plan
from ansible_collections.lvs.direct_routing.plugins.module_utils.arptables.record import parse_record, render_record
from ansible_collections.lvs.direct_routing.plugins.module_utils.arptables.rules import (
    CHAINS, INPUT, OUTPUT, Rule, parse, rules_of,
)
from ansible_collections.lvs.direct_routing.plugins.module_utils.arptables.task import Filter, FilterError, declare
from ansible_collections.lvs.direct_routing.plugins.module_utils.command import CommandError, NotInstalled, Result
from ansible_collections.lvs.direct_routing.plugins.module_utils.record_file import RecordError

LISTINGS = pathlib.Path(__file__).parent / 'arptables_listing'
FRONT_ENDS = ('legacy', 'nft')
VIP, OTHER, THIRD, RIP = '192.0.2.100', '192.0.2.101', '192.0.2.102', '192.0.2.21'
NO_MANGLE = 'arptables: No chain/target/match by that name'

# What others may have in the tables, with the VIPs whose ARP it may let pass.
FOREIGN = {
    INPUT: {
        '-j ACCEPT': {VIP, OTHER, THIRD},
        '-j foo': {VIP, OTHER, THIRD},
        '-j RETURN': {VIP, OTHER, THIRD},
        '-j ACCEPT -i eth1 --opcode 1': {VIP, OTHER, THIRD},
        '-j ACCEPT -d 192.0.2.0/24': {VIP, OTHER, THIRD},
        '-j ACCEPT -d 192.0.2.0/255.0.255.0': {VIP, OTHER, THIRD},
        '-j ACCEPT ! -d 192.0.2.21': {VIP, OTHER, THIRD},
        '-j ACCEPT -d 192.0.2.100': {VIP},
        '-j ACCEPT -d 192.0.2.21': set(),
        '-j ACCEPT -i eth1 -d 198.51.100.0/24': set(),
        '-d 192.0.2.0/24': set(),
        '-j DROP -i eth1': set(),
        '-j DROP -i eth1 -d 192.0.2.100': set(),
    },
    OUTPUT: {
        '-j ACCEPT -o eth0': {VIP, OTHER, THIRD},
        '-j ACCEPT -d 192.0.2.21': {VIP, OTHER, THIRD},
        '-j mangle -s 192.0.2.100 --mangle-ip-s 198.51.100.1': {VIP},
        '-j mangle -s 192.0.2.101 --mangle-ip-s 192.0.2.21 --mangle-target CONTINUE': {OTHER},
        '-j ACCEPT -s 192.0.2.21': set(),
        '-j DROP -o eth1': set(),
        # In the other chain this would be ours.
        '-j DROP -d 192.0.2.100': set(),
    },
}


def listed(rule):
    """Return one of our rules as arptables lists it, with the target first."""
    words = rule.words
    return ' '.join(words[2:4] + words[:2] + words[4:])


def wanted(**options):
    defaults = {'address': [VIP], 'source': RIP, 'persist': True, 'file': '/no/such/place/record',
                'purge': 'none', 'state': 'present'}
    return Filter.from_options(dict(defaults, **options))


class Arptables:
    """Tables that take what arptables takes and list them as one of its front ends does."""

    def __init__(self, front_end='legacy', chains=(), other=None):
        self.front_end = front_end
        self.chains = {INPUT: [], OUTPUT: [], **dict(chains)}
        self.other = other
        self.calls, self.refuses = [], {}

    def __call__(self, argv, stdin=None):
        self.calls.append(' '.join(argv))
        refused = next((said for words, said in self.refuses.items() if words in self.calls[-1]), None)
        if refused:
            return Result(tuple(argv), 1, '', refused)
        if argv[0] != 'arptables':
            if self.other is None:
                raise NotInstalled(argv)
            return Result(tuple(argv), 0, self.other, '')
        if argv[1:] == ('-n', '-L'):
            return Result(argv, 0, self.listing(), '')
        self.execute(argv[1:])
        return Result(tuple(argv), 0, '', '')

    @property
    def writes(self):
        return [call for call in self.calls if not call.endswith('-n -L')]

    def listing(self):
        end = ' \n' if self.front_end == 'legacy' else '\n'
        chains = dict(self.chains, **({'FORWARD': []} if self.front_end == 'legacy' else {}))
        return '\n'.join('Chain {0} (policy ACCEPT)\n'.format(chain) + ''.join(line + end for line in lines)
                         for chain, lines in chains.items())

    def execute(self, words):
        command, chain, *rule = words
        if command == '-I':
            self.chains[chain].insert(0, ' '.join(rule[2:4] + rule[:2] + rule[4:]))
        else:
            # Never by words: arptables-legacy 0.0.5 then removes a mangle rule with another source.
            assert command == '-D'
            del self.chains[chain][int(*rule) - 1]

    def heard(self, chain, vip):
        """Say whether ARP of the VIP may pass the chain."""
        silent = [Rule(INPUT, vip)] if chain == INPUT else [Rule(OUTPUT, vip, source) for source in (RIP, '192.0.2.22')]
        for line in self.chains[chain]:
            if line in map(listed, silent):
                return False
            if vip in FOREIGN[chain].get(line, ()):
                return True
        return True


class Host:
    """A host with its tables and the places of its records."""

    def __init__(self, root, **tables):
        self.tables = Arptables(**tables)
        self.file, self.run_file = str(root / 'lvs' / 'record'), str(root / 'run' / 'record')

    def declare(self, check=False, local=lambda _address: True, **options):
        return declare(self.tables, wanted(**dict({'file': self.file}, **options)), check, self.run_file, local)

    def recorded(self, path=None):
        text = self.text(path or self.file)
        return None if text is None else text.splitlines()[2:]

    @staticmethod
    def text(path):
        return pathlib.Path(path).read_text() if os.path.lexists(path) else None


@pytest.fixture(params=FRONT_ENDS)
def host(request, tmp_path):
    return Host(tmp_path, front_end=request.param)


@pytest.fixture
def legacy(tmp_path):
    return Host(tmp_path)


def ours(*vips, source=RIP):
    return {chain: [listed(rule) for rule in reversed(rules_of(vips, source)) if rule.chain == chain] for chain in CHAINS}


@pytest.mark.parametrize('front_end', FRONT_ENDS)
def test_what_either_front_end_lists_is_read(front_end):
    chains = parse((LISTINGS / (front_end + '.txt')).read_text())
    assert [len(chains[chain]) for chain in (INPUT, OUTPUT, 'foo')] == [10, 3, 1]
    assert ('FORWARD' in chains) == (front_end == 'legacy')
    found = {chain: [line.our_kind(chain) for line in chains[chain]] for chain in CHAINS}
    assert found == {INPUT: [Rule(INPUT, VIP)] + [None] * 9, OUTPUT: [Rule(OUTPUT, VIP, RIP), None, None]}
    assert plan(chains, rules_of([VIP], RIP), []).commands == ()


def test_any_interface_spelled_out_makes_no_difference():
    chains = parse('Chain INPUT (policy ACCEPT)\n-j DROP -i * -o * -d 192.0.2.100 \n')
    assert chains[INPUT][0].is_rule(Rule(INPUT, VIP))


def test_both_rules_are_inserted_the_drop_first_and_recorded(host):
    result = host.declare(address=[VIP, OTHER])
    assert result['commands'] == host.tables.writes == [
        'arptables -I INPUT -d 192.0.2.100 -j DROP',
        'arptables -I INPUT -d 192.0.2.101 -j DROP',
        'arptables -I OUTPUT -s 192.0.2.100 -j mangle --mangle-ip-s 192.0.2.21',
        'arptables -I OUTPUT -s 192.0.2.101 -j mangle --mangle-ip-s 192.0.2.21',
    ]
    assert host.tables.chains == ours(VIP, OTHER)
    assert ['arptables ' + line for line in host.recorded()] == result['commands']
    assert os.stat(host.file).st_mode & 0o777 == 0o644 and os.listdir(os.path.dirname(host.file)) == ['record']


def test_a_second_run_reads_once_and_writes_nothing(tmp_path):
    host = Host(tmp_path, front_end='nft')
    host.declare()
    host.tables.calls.clear()
    before = os.stat(host.file)
    result = host.declare()
    assert not result['changed'] and result['commands'] == result['diff'] == []
    assert host.tables.calls == ['arptables -n -L'] and os.stat(host.file).st_ino == before.st_ino


@pytest.mark.parametrize('first, second', [
    ({}, {}), (None, {}), ({}, {'address': [VIP, OTHER]}), ({}, {'address': [OTHER], 'purge': 'owned'}),
    ({}, {'source': '192.0.2.22'}), ({}, {'persist': False}), ({'persist': False}, {}), ({}, {'state': 'absent'}),
    ({}, {'state': 'absent', 'address': None}), (None, {'state': 'absent'}), ({'persist': False}, {'state': 'absent'}),
    ({}, {'address': [], 'purge': 'owned'}),
])
def test_check_mode_predicts_what_is_then_done_and_writes_nothing(host, first, second):
    host.tables.chains[INPUT] = ['-j ACCEPT']
    if first is not None:
        host.declare(**first)
        host.tables.chains[INPUT].insert(0, '-j foo')
    chains, texts = {chain: list(lines) for chain, lines in host.tables.chains.items()}, host.text(host.file)
    predicted = host.declare(check=True, **second)
    assert host.tables.chains == chains and host.text(host.file) == texts
    assert host.declare(**second) == predicted
    for part in predicted['diff']:
        if part['after_header'] == 'arptables':
            assert part['after'] == ''.join('-A {0} {1}\n'.format(chain, line)
                                            for chain in CHAINS for line in host.tables.chains[chain])
        else:
            assert (host.text(part['after_header']) or '') == part['after']


@pytest.mark.parametrize('chain, line', [(chain, line) for chain in CHAINS for line in FOREIGN[chain]])
def test_a_rule_above_ours_is_drift_only_if_it_may_let_pass(host, chain, line):
    host.declare()
    host.tables.chains[chain].insert(0, line)
    drift = VIP in FOREIGN[chain][line]
    assert host.declare()['changed'] == drift
    position = 1 if drift else 0
    assert host.tables.chains[chain][position] == line and len(host.tables.chains[chain]) == 2


def test_a_rule_is_moved_by_number_from_the_bottom_after_the_new_one_is_there(legacy):
    legacy.tables.chains[INPUT] = ['-j ACCEPT', listed(Rule(INPUT, VIP)), '-j foo', listed(Rule(INPUT, VIP))]
    result = legacy.declare()
    assert [command for command in result['commands'] if 'INPUT' in command] == [
        'arptables -I INPUT -d 192.0.2.100 -j DROP', 'arptables -D INPUT 5', 'arptables -D INPUT 3']
    assert legacy.tables.chains[INPUT] == [listed(Rule(INPUT, VIP)), '-j ACCEPT', '-j foo']


def test_a_former_source_is_replaced_with_no_moment_without_one(host):
    host.declare()
    result = host.declare(source='192.0.2.22')
    assert result['commands'] == ['arptables -I OUTPUT -s 192.0.2.100 -j mangle --mangle-ip-s 192.0.2.22',
                                  'arptables -D OUTPUT 2']
    assert host.tables.chains == ours(VIP, source='192.0.2.22')
    assert host.recorded()[1:] == ['-I OUTPUT -s 192.0.2.100 -j mangle --mangle-ip-s 192.0.2.22']


def test_a_vip_that_is_declared_no_longer_stays_until_it_is_purged(host):
    host.declare()
    assert host.declare(address=[OTHER])['stale'] == [VIP]
    assert host.tables.chains == ours(VIP, OTHER)
    assert host.declare(address=[OTHER], purge='owned')['stale'] == []
    assert host.tables.chains == ours(OTHER) and len(host.recorded()) == 2


def test_purge_leaves_what_is_not_recorded(host):
    host.tables.chains[INPUT] = [listed(Rule(INPUT, OTHER))]
    host.declare(purge='owned')
    assert listed(Rule(INPUT, OTHER)) in host.tables.chains[INPUT]


def test_absent_without_address_removes_what_is_recorded_and_no_more(host):
    foreign = {INPUT: ['-j ACCEPT -i eth1', listed(Rule(INPUT, THIRD))], OUTPUT: ['-j DROP -o eth1']}
    host.tables.chains = {chain: list(lines) for chain, lines in foreign.items()}
    host.declare(address=[VIP, OTHER])
    result = host.declare(state='absent', address=None)
    assert [command.split()[2] for command in result['commands']] == [OUTPUT, OUTPUT, INPUT, INPUT]
    assert host.tables.chains == foreign and not os.path.exists(os.path.dirname(host.file))


def test_absent_of_one_vip_leaves_the_others(host):
    host.declare(address=[VIP, OTHER])
    host.declare(state='absent', address=[VIP])
    assert host.tables.chains == ours(OTHER)
    assert host.recorded() == ['-I INPUT -d 192.0.2.101 -j DROP',
                               '-I OUTPUT -s 192.0.2.101 -j mangle --mangle-ip-s 192.0.2.21']


def test_absent_removes_every_copy_recorded_or_not(host):
    host.tables.chains[INPUT] = [listed(Rule(INPUT, VIP)), '-j ACCEPT', listed(Rule(INPUT, VIP))]
    host.tables.chains[OUTPUT] = [listed(Rule(OUTPUT, VIP, '192.0.2.22'))]
    host.declare(state='absent')
    assert host.tables.chains == {INPUT: ['-j ACCEPT'], OUTPUT: []}


def test_absent_where_nothing_is_recorded_does_not_look(host):
    assert not host.declare(state='absent', address=None)['changed']
    assert not host.declare(address=[], source=None)['changed']
    assert host.tables.calls == []


def test_without_persist_the_record_goes_with_a_reboot(host):
    host.declare()
    host.declare(persist=False)
    assert host.text(host.file) is None and len(host.recorded(host.run_file)) == 2
    host.declare()
    assert host.text(host.run_file) is None and len(host.recorded()) == 2


def test_the_record_is_there_before_the_first_rule_and_until_the_last(host):
    seen = []

    def run(argv, stdin=None):
        if argv[1] in ('-I', '-D'):
            seen.append((argv[1], host.recorded()))
        return tables(argv, stdin)

    tables, host.tables = host.tables, run
    host.declare()
    host.declare(address=[OTHER], purge='owned')
    assert [(word, len(lines)) for word, lines in seen] == [('-I', 2)] * 2 + [('-I', 4)] * 2 + [('-D', 4)] * 2
    assert len(host.recorded()) == 2


def test_a_refused_rule_leaves_the_host_silent_and_says_what_is_done(host):
    host.tables.refuses = {'-I OUTPUT': NO_MANGLE}
    with pytest.raises(FilterError) as error:
        host.declare()
    assert str(error.value) == (
        '`arptables -I OUTPUT -s 192.0.2.100 -j mangle --mangle-ip-s 192.0.2.21` failed: arptables: No chain/target/match '
        'by that name. The kernel has no target mangle: load the module arpt_mangle (in a container, on its host). Done '
        'before it: `arptables -I INPUT -d 192.0.2.100 -j DROP`. Not done: `arptables -I OUTPUT -s 192.0.2.100 -j mangle '
        '--mangle-ip-s 192.0.2.21`. What was added stays, since a silent host does no harm. It is recorded: another run '
        'goes on from here, and state=absent removes it.')
    assert not host.tables.heard(INPUT, VIP)
    host.tables.refuses = {}
    host.declare(state='absent', address=None)
    assert host.tables.chains == {INPUT: [], OUTPUT: []} and host.text(host.file) is None


def test_a_refused_removal_keeps_the_record(host):
    host.declare()
    host.tables.refuses = {'-D INPUT': 'no'}
    with pytest.raises(FilterError, match='Done before it: `arptables -D OUTPUT 1`. Not done: `arptables -D INPUT 1`.$'):
        host.declare(state='absent', address=None)
    assert len(host.recorded()) == 2


@pytest.mark.parametrize('said, advice', [
    ("arptables v0.0.5: can't initialize arptables table `filter': Permission denied (you must be root)", 'use become'),
    ("arptables v0.0.5: can't initialize arptables table `filter': Table does not exist", 'load the module arptable_filter'),
])
def test_tables_that_cannot_be_read_are_an_error_with_advice(host, said, advice):
    host.tables.refuses = {'-n -L': said}
    with pytest.raises(CommandError, match=advice):
        host.declare()


class TestWithoutArptables:
    """A host on which arptables is not installed."""

    @pytest.fixture
    def bare(self, tmp_path):
        host = Host(tmp_path)

        def run(argv, stdin=None):
            raise NotInstalled(argv)

        host.tables = run
        return host

    def test_present_fails(self, bare):
        with pytest.raises(NotInstalled):
            bare.declare()
        assert bare.text(bare.file) is None

    def test_check_mode_foretells_and_warns(self, bare):
        result = bare.declare(check=True)
        assert len(result['commands']) == 2
        assert result['warnings'] == ['`arptables -n -L` failed: not installed. Install the package that provides '
                                      'arptables. The prediction is for a host without ARP rules.']

    @pytest.mark.parametrize('check', [True, False])
    @pytest.mark.parametrize('address', [None, [VIP]])
    def test_absent_without_a_record_has_nothing_to_do(self, bare, check, address):
        result = bare.declare(check=check, state='absent', address=address)
        assert not result['changed'] and result['warnings'] == []

    @pytest.mark.parametrize('check', [True, False])
    def test_absent_with_a_record_fails(self, bare, check):
        os.mkdir(os.path.dirname(bare.file))
        pathlib.Path(bare.file).write_text(render_record(rules_of([VIP], RIP)))
        with pytest.raises(NotInstalled):
            bare.declare(check=check, state='absent', address=None)


def test_rules_of_the_other_front_end_are_warned_of(tmp_path):
    legacy = Host(tmp_path, other='Chain INPUT (policy ACCEPT)\n-j DROP -d 192.0.2.100\n\nChain OUTPUT (policy ACCEPT)\n')
    assert legacy.declare()['warnings'] == [
        'arptables-nft has a rule on this host as well, which `arptables` does not show. The kernel heeds both. Look with '
        '`arptables-nft -n -L`, and remove there what is left over']
    legacy.tables.refuses = {'arptables-nft': 'Failed to initialize nft: Protocol not supported'}
    assert legacy.declare()['warnings'] == []


def test_the_legacy_tables_are_only_looked_at_if_they_are_there(tmp_path):
    host = Host(tmp_path, front_end='nft', other=(LISTINGS / 'legacy.txt').read_text())
    assert host.declare()['warnings'] == [] and 'arptables-legacy -n -L' not in host.tables.calls

    def with_legacy_tables(argv, stdin=None):
        said = '# Warning: arptables-legacy tables present, use arptables-legacy to see them\n'
        result = tables(argv, stdin)
        return Result(result.argv, 0, result.stdout, said) if argv == ('arptables', '-n', '-L') else result

    tables, host.tables = host.tables, with_legacy_tables
    assert [warning.split(' on ')[0] for warning in host.declare()['warnings']] == ['arptables-legacy has 14 rules']


@pytest.mark.parametrize('options, message', [
    ({'address': None}, 'address: is missing; name the VIPs'),
    ({'address': [VIP, '2001:db8::100']}, "address[1]: '2001:db8::100' is no IPv4 address. An IPv6 VIP needs no filter"),
    ({'address': ['vip.example.com']}, "address[0]: 'vip.example.com' is not a literal IPv4 address"),
    ({'address': ['192.0.2.100/32']}, "address[0]: '192.0.2.100/32' is not a literal IPv4 address"),
    ({'address': ['192.0.2.010']}, "address[0]: '192.0.2.010' is not a literal IPv4 address"),
    ({'address': ['224.0.0.18']}, "address[0]: '224.0.0.18' cannot be a VIP"),
    ({'address': ['127.0.0.1']}, "address[0]: '127.0.0.1' cannot be a VIP"),
    ({'address': [VIP, OTHER, VIP]}, "address[2]: '192.0.2.100' is already there as address[0]"),
    ({'source': None}, 'source: is missing; name the host'),
    ({'source': 'real1'}, "source: 'real1' is not a literal IPv4 address"),
    ({'source': '0.0.0.0'}, "source: '0.0.0.0' cannot be the address of a host"),
    ({'source': OTHER, 'address': [VIP, OTHER]}, "source: '192.0.2.101' is address[1] as well"),
    ({'file': 'record'}, "file: 'record' is not an absolute path"),
    ({'file': '/no/such/place/'}, "file: '/no/such/place/' is not an absolute path"),
])
def test_a_bad_option_is_refused_before_anything_is_done(host, options, message):
    with pytest.raises((FilterError, RecordError)) as error:
        host.declare(**options)
    assert message in str(error.value) and host.tables.calls == []


def test_a_source_that_the_host_does_not_have_is_refused(host):
    with pytest.raises(FilterError, match="source: '192.0.2.21' is not an address of this host"):
        host.declare(local=lambda _address: False)
    assert host.tables.calls == [] and host.text(host.file) is None


def test_the_kernel_says_which_addresses_are_local():
    assert is_local('127.0.0.1') and not is_local('192.0.2.21')


def test_a_file_of_someone_else_is_refused_and_left(host):
    os.mkdir(os.path.dirname(host.file))
    pathlib.Path(host.file).write_text('-I INPUT -d 192.0.2.100 -j DROP\n')
    with pytest.raises(FilterError, match='was not written by this module'):
        host.declare()
    assert host.tables.calls == []
    host.declare(persist=False)
    host.declare(state='absent', address=None)
    assert host.tables.chains == {INPUT: [], OUTPUT: []}
    assert host.text(host.file) == '-I INPUT -d 192.0.2.100 -j DROP\n'


@pytest.mark.parametrize('state', ['present', 'absent'])
def test_a_symbolic_link_is_refused(host, state):
    os.mkdir(os.path.dirname(host.file))
    os.symlink('/dev/null', host.file)
    with pytest.raises(RecordError, match='is a symbolic link'):
        host.declare(state=state)
    assert host.tables.calls == []


def test_a_record_that_cannot_be_written_stops_the_task_before_the_first_rule(host):
    with pytest.raises(RecordError, match='cannot write /no/such/place/record'):
        host.declare(file='/no/such/place/record')
    assert host.tables.writes == []


def test_lines_of_a_record_that_this_module_would_not_write_count_for_nothing():
    text = render_record(rules_of([VIP], RIP))
    assert parse_record(text + '-I INPUT -j DROP\n-F\n-I INPUT -d 192.0.2.9 -j DROP -v\n') == rules_of([VIP], RIP)
    assert parse_record(None) == parse_record('-I INPUT -d 192.0.2.100 -j DROP\n') == []


vips = st.lists(st.sampled_from([VIP, OTHER, THIRD]), unique=True)


@st.composite
def chains(draw):
    """Return rules of others with some of ours, at any place and any number of times."""
    found = {}
    for chain in CHAINS:
        mine = [listed(rule) for vip in (VIP, OTHER, THIRD) for source in (RIP, '192.0.2.22')
                for rule in rules_of([vip], source) if rule.chain == chain]
        found[chain] = draw(st.lists(st.sampled_from(sorted(FOREIGN[chain]) + mine), max_size=7))
    return found


def foreign(found):
    return {chain: [line for line in lines if line in FOREIGN[chain]] for chain, lines in found.items()}


@given(chains(), vips, vips)
def test_whatever_is_there_ours_take_effect_nothing_of_others_moves_and_silence_is_never_broken(found, declared, gone):
    tables = Arptables(chains={chain: list(lines) for chain, lines in found.items()})
    gone = [vip for vip in gone if vip not in declared]
    rules = rules_of(declared, RIP)
    # A former source of a declared VIP goes, as do all rules of the others.
    removed = [Rule(OUTPUT, vip, '192.0.2.22') for vip in declared]
    removed += [rule for source in (RIP, '192.0.2.22') for rule in rules_of(gone, source)]
    what = plan(parse(tables.listing()), rules, list(dict.fromkeys(removed)))
    silent = {(chain, vip) for chain in CHAINS for vip in declared if not tables.heard(chain, vip)}
    for argv in what.commands:
        tables.execute(argv[1:])
        silent |= {(chain, vip) for chain in CHAINS for vip in declared if not tables.heard(chain, vip)}
        assert all(not tables.heard(chain, vip) for chain, vip in silent)
    assert silent == {(chain, vip) for chain in CHAINS for vip in declared}
    assert foreign(tables.chains) == foreign(found)
    assert not any(listed(rule) in tables.chains[rule.chain] for rule in removed)
    assert {chain: list(lines) for chain, lines in what.after.items()} == {
        chain: parse(tables.listing())[chain] for chain in CHAINS}
    assert plan(parse(tables.listing()), rules, removed).commands == ()


@given(vips, vips, st.booleans(), st.sampled_from(FRONT_ENDS), chains())
def test_a_teardown_leaves_what_was_there(tmp_path_factory, first, second, purge, front_end, found):
    host = Host(tmp_path_factory.mktemp('host'), front_end=front_end, chains=foreign(found))
    host.declare(address=first)
    host.declare(address=second, purge='owned' if purge else 'none')
    host.declare(state='absent', address=None)
    assert host.tables.chains == foreign(found) and host.text(host.file) is None


@given(vips, st.sampled_from([RIP, '192.0.2.22']))
def test_what_is_recorded_is_read_back(declared, source):
    rules = rules_of(declared, source)
    assert parse_record(render_record(rules)) == rules
