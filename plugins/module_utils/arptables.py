# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ARP silence by arptables: two rules for each VIP, on top of whatever else is in the tables, and their record.

Private to this collection. This is the one door of the module arp_filter. `parse` and `plan` are pure; `declare` takes a
runner. Both front ends, arptables-legacy and arptables-nft, print what is parsed here, and take what is written here.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import socket
from typing import Callable, Iterable, Mapping, NamedTuple, Sequence

from . import record_file
from .command import NotInstalled, Result, Runner, checked

INPUT, OUTPUT = CHAINS = ('INPUT', 'OUTPUT')

DEFAULT_FILE = '/var/lib/lvs/realserver.arptables'
RUN_FILE = '/run/lvs-direct-routing/arp_filter.arptables'
"""The record where nothing is persisted: it goes with a reboot, as the rules do."""

MARKER = '# Managed by lvs.direct_routing.arp_filter'
_HEAD = (
    MARKER + ': what is changed here by hand is lost.',
    '# ARP silence for virtual IP addresses. Each line below is what arptables takes.',
)
_RECORDED = re.compile(r'-I INPUT -d (\S+) -j DROP|-I OUTPUT -s (\S+) -j mangle --mangle-ip-s (\S+)')

_ADVICE = (
    ('you must be root', 'Reading and writing arptables needs root (CAP_NET_ADMIN): use become'),
    ('Permission denied', 'Reading and writing arptables needs root (CAP_NET_ADMIN): use become'),
    ('Operation not permitted', 'Reading and writing arptables needs root (CAP_NET_ADMIN): use become'),
    ("can't initialize arptables table", 'The kernel has no ARP tables: load the module arptable_filter (in a '
                                         'container, on its host)'),
    ('Operation not supported', 'The kernel has no ARP tables for nft: load nf_tables with its ARP family (in a container, '
                                'on its host), or use arptables-legacy'),
    ('No chain/target/match by that name', 'The kernel has no target mangle: load the module arpt_mangle (in a '
                                           'container, on its host)'),
)


class FilterError(Exception):
    """ARP cannot be filtered as asked, or arptables refused it half-way."""


class Rule(NamedTuple):
    """One of our rules: drop what asks for the VIP, or let what the host sends name the source and not the VIP."""

    chain: str
    vip: str
    source: str | None = None

    @property
    def words(self) -> list[str]:
        """Return the rule in arptables' language, without the chain."""
        if self.chain == INPUT:
            return ['-d', self.vip, '-j', 'DROP']
        return ['-s', self.vip, '-j', 'mangle', '--mangle-ip-s', self.source or '']

    @property
    def recorded(self) -> str:
        return ' '.join(['-I', self.chain] + self.words)


def rules_of(vips: Iterable[str], source: str) -> list[Rule]:
    """Return the rules for VIPs, those first that stop the answers."""
    vips = list(vips)
    return [Rule(INPUT, vip) for vip in vips] + [Rule(OUTPUT, vip, source) for vip in vips]


@dataclasses.dataclass(frozen=True)
class Filter:
    """The validated options of the arp_filter module. No addresses at all mean every recorded VIP."""

    addresses: tuple[str, ...] | None
    source: str = ''
    persist: bool = True
    file: str = DEFAULT_FILE
    purge: str = 'none'
    present: bool = True

    @classmethod
    def from_options(cls, options: Mapping) -> Filter:
        """Validate what can be judged without looking at the host; raise `FilterError` or `RecordError`."""
        present = options['state'] == 'present'
        addresses = None if options['address'] is None else _vips(options['address'])
        if present and addresses is None:
            raise FilterError('address: is missing; name the VIPs, for example 192.0.2.100')
        source = options['source'] or ''
        if present and addresses:
            source = _source(source, addresses)
        return cls(
            addresses=addresses,
            source=source,
            persist=options['persist'],
            file=record_file.check_path('file', options['file']),
            purge=options['purge'],
            present=present,
        )

    @property
    def rules(self) -> list[Rule]:
        return rules_of(self.addresses or (), self.source) if self.present else []


def _vips(values: Sequence[str]) -> tuple[str, ...]:
    positions: dict[str, int] = {}
    for index, value in enumerate(values):
        where = 'address[{0}]'.format(index)
        if ':' in value:
            raise FilterError("{0}: '{1}' is no IPv4 address. An IPv6 VIP needs no filter: neighbour discovery answers "
                              'only for addresses of the interface that was asked. Leave it out'.format(where, value))
        vip = _unicast(value, where, 'a VIP', '192.0.2.100')
        if vip in positions:
            raise FilterError("{0}: '{1}' is already there as address[{2}]; name each VIP once".format(
                where, value, positions[vip]))
        positions[vip] = index
    return tuple(positions)


def _source(value: str, vips: Sequence[str]) -> str:
    if not value:
        raise FilterError("source: is missing; name the host's own address on the segment of the VIPs (the RIP), for "
                          'example 192.0.2.21')
    source = _unicast(value, 'source', 'the address of a host', '192.0.2.21')
    if source in vips:
        raise FilterError("source: '{0}' is address[{1}] as well; the source takes the place of the VIP in what the "
                          "host sends, so name the host's own address (the RIP)".format(value, vips.index(source)))
    return source


def _unicast(value: str, where: str, what: str, example: str) -> str:
    try:
        # Python before 3.9.5 reads 010.0.0.1 as 10.0.0.1, arptables as 8.0.0.1.
        if re.search(r'(^|\.)0\d', value):
            raise ValueError('leading zero')
        address = ipaddress.IPv4Address(value)
    except ValueError:
        raise FilterError("{0}: '{1}' is not a literal IPv4 address; names are not resolved here and a prefix length "
                          'does not belong here, write it as for example {2}'.format(where, value, example)) from None
    if (address.is_unspecified or address.is_loopback or address.is_multicast
            or address == ipaddress.IPv4Address('255.255.255.255')):
        raise FilterError("{0}: '{1}' cannot be {2}; name a unicast address that others can reach".format(
            where, value, what))
    return str(address)


def is_local(address: str) -> bool:
    """Say whether an address is one of this host's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


class Line(NamedTuple):
    """A rule as arptables lists it: its options with their values, negation included in the option."""

    options: Mapping[str, str]

    @property
    def text(self) -> str:
        """Return the rule with its target first, as arptables lists it."""
        options = sorted(self.options.items(), key=lambda option: option[0] != '-j')
        return ' '.join('{0} {1}'.format(*option).rstrip() for option in options)

    def is_rule(self, rule: Rule) -> bool:
        words = rule.words
        return self.options == dict(zip(words[::2], words[1::2]))

    def our_kind(self, chain: str) -> Rule | None:
        """Return the rule that it is, if it is one that this module writes."""
        if chain == INPUT:
            rule = Rule(chain, self.options.get('-d', ''))
        else:
            rule = Rule(chain, self.options.get('-s', ''), self.options.get('--mangle-ip-s', ''))
        return rule if self.is_rule(rule) else None

    def may_let_pass(self, chain: str, vip: str) -> bool:
        """Say whether ARP that names the VIP may end here, heard, and so never get to a rule below.

        In doubt it may. Where this is wrong, our rule is above one that it need not be above, which does no harm.
        """
        if self.options.get('-j', 'CONTINUE') in ('CONTINUE', 'DROP'):
            return False
        try:
            match = ipaddress.IPv4Network(self.options['-d' if chain == INPUT else '-s'], strict=False)
        except (KeyError, ValueError):
            return True
        return ipaddress.IPv4Address(vip) in match


Listing = Mapping[str, Sequence[Line]]
"""The rules of each chain, first to last."""


def parse(text: str) -> dict[str, list[Line]]:
    """Return what `arptables -n -L` of either front end lists."""
    chains: dict[str, list[Line]] = {}
    lines: list[Line] = []
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ['Chain']:
            lines = chains.setdefault(words[1], [])
        elif words:
            lines.append(parse_line(words))
    return chains


def parse_line(words: Iterable[str]) -> Line:
    options: dict[str, str] = {}
    negated, name = '', ''
    for word in words:
        if word == '!':
            negated = '! '
        elif word.startswith('-'):
            name, negated = negated + word, ''
            options[name] = ''
        else:
            options[name] = '{0} {1}'.format(options.get(name, ''), word).strip()
    # Any interface, as older versions of arptables-nft spell it out.
    return Line({name: value for name, value in options.items() if (name, value) not in (('-i', '*'), ('-o', '*'))})


def is_effective(lines: Sequence[Line], rule: Rule) -> bool:
    """Say whether a rule is there and nothing above it may let pass what it is for."""
    for line in lines:
        if line.is_rule(rule):
            return True
        if line.may_let_pass(rule.chain, rule.vip):
            return False
    return False


def parse_record(text: str | None) -> list[Rule]:
    """Return the rules of a record, none for a file that is missing or not ours."""
    rules = []
    for line in (text or '').splitlines() if is_record(text) else ():
        found = _RECORDED.fullmatch(line)
        if found:
            dropped, mangled, source = found.groups()
            rules.append(Rule(INPUT, dropped) if dropped else Rule(OUTPUT, mangled, source))
    return rules


def is_record(text: str | None) -> bool:
    return text is not None and text.startswith(MARKER)


def render_record(rules: Iterable[Rule]) -> str | None:
    """Return the text of a record; a record of nothing is no record."""
    recorded = [rule.recorded for chain in CHAINS for rule in rules if rule.chain == chain]
    return ''.join(line + '\n' for line in _HEAD + tuple(recorded)) if recorded else None


def union(*records: Iterable[Rule]) -> list[Rule]:
    return list(dict.fromkeys(rule for record in records for rule in record))


@dataclasses.dataclass(frozen=True)
class Plan:
    """The commands in their order, and the chains before and after them."""

    commands: tuple[tuple[str, ...], ...]
    before: Listing
    after: Listing


def plan(live: Listing, rules: Sequence[Rule], gone: Sequence[Rule]) -> Plan:
    """Return what makes `rules` effective and then removes `gone`. Rules of others stay, in their order."""
    after = {chain: list(live.get(chain, ())) for chain in CHAINS}
    before = {chain: tuple(lines) for chain, lines in after.items()}
    commands: list[Sequence[str]] = []
    inserted = [rule for rule in rules if not is_effective(before[rule.chain], rule)]
    for rule in inserted:
        commands.append(['-I', rule.chain] + rule.words)
        after[rule.chain].insert(0, parse_line(rule.words))
    # By number, since by its words arptables finds the one on top, and arptables-legacy takes a mangle rule with another
    # source for it. From the bottom, so that the numbers hold. The rule that stops the answers goes last.
    for chain in reversed(CHAINS):
        lines = after[chain]
        doomed: set[int] = set()
        for rule in inserted:
            doomed.update(_positions(chain, lines, rule)[1:])
        for rule in gone:
            doomed.update(_positions(chain, lines, rule))
        for position in sorted(doomed, reverse=True):
            commands.append(['-D', chain, str(position + 1)])
            del lines[position]
    return Plan(tuple(('arptables',) + tuple(command) for command in commands), before, after)


def _positions(chain: str, lines: Sequence[Line], rule: Rule) -> list[int]:
    return [position for position, line in enumerate(lines) if rule.chain == chain and line.is_rule(rule)]


def scope_of_removal(wanted: Filter, owned: Sequence[Rule], live: Listing) -> list[Rule]:
    """Return the rules that are to go."""
    vips = wanted.addresses or ()
    if wanted.present:
        # Of a declared VIP, a rule with a former source goes in any case.
        return [rule for rule in owned
                if rule not in wanted.rules and (wanted.purge == 'owned' or rule.vip in vips)]
    found = [line.our_kind(chain) for chain in CHAINS for line in live.get(chain, ())]
    return union((rule for rule in owned if wanted.addresses is None or rule.vip in vips),
                 (rule for rule in found if rule is not None and rule.vip in vips))


class _Tables:
    """The ARP tables of this host, as arptables shows them and changes them."""

    def __init__(self, run: Runner) -> None:
        self.run = run

    def read(self) -> tuple[dict[str, list[Line]], list[str]]:
        """Return the chains, and warnings about the front end that `arptables` is not."""
        result = self.list('arptables')
        chains = parse(checked(result, _advice(result.stderr)))
        return chains, self.warnings(chains, result.stderr)

    def list(self, program: str) -> Result:
        return self.run((program, '-n', '-L'))

    def warnings(self, chains: Listing, said: str) -> list[str]:
        # Only the legacy tables have a chain FORWARD. They are not looked at before the other front end says that they
        # are there: looking would make them.
        if 'FORWARD' in chains:
            other = 'arptables-nft'
        elif 'arptables-legacy tables present' in said:
            other = 'arptables-legacy'
        else:
            return []
        try:
            result = self.list(other)
        except NotInstalled:
            return []
        # Where it has no tables in the kernel it lists nothing.
        count = sum(len(lines) for lines in parse(result.stdout).values())
        if not count:
            return []
        return ['{0} has {1} on this host as well, which `arptables` does not show. The kernel heeds both. Look with '
                '`{0} -n -L`, and remove there what is left over'.format(
                    other, 'a rule' if count == 1 else '{0} rules'.format(count))]

    def write(self, commands: Sequence[tuple[str, ...]]) -> None:
        """Run the commands; at the first that fails stop, leave silent what is silent and say what is done."""
        for index, argv in enumerate(commands):
            result = self.run(argv)
            if result.rc == 0:
                continue
            said = (result.stderr or result.stdout).strip().rstrip('.') or 'exit status {0}'.format(result.rc)
            advice = _advice(said)
            message = '`{0}` failed: {1}. {2}Done before it: {3}. Not done: {4}.'.format(
                ' '.join(argv), said, advice + '. ' if advice else '', _quoted(commands[:index]), _quoted(commands[index:]))
            if any('-I' in done for done in commands[:index]):
                message += ' What was added stays, since a silent host does no harm. It is recorded: another run goes ' \
                           'on from here, and state=absent removes it.'
            raise FilterError(message)


def _quoted(commands: Iterable[Sequence[str]]) -> str:
    return ', '.join('`{0}`'.format(' '.join(argv)) for argv in commands) or 'nothing'


def _advice(said: str) -> str:
    return next((advice for symptom, advice in _ADVICE if symptom in said), '')


def declare(run: Runner, wanted: Filter, check: bool, run_file: str = RUN_FILE,
            local: Callable[[str], bool] = is_local) -> dict:
    """Read once, plan, and unless `check` write; return what the arp_filter module returns.

    The record is written before the kernel with what was and what will be ours, and after it with what is, each only
    where that is something else. A task that is killed in between leaves no rule that nobody knows of.
    """
    texts = {path: record_file.read('file', path) for path in (wanted.file, run_file)}
    records = {path: parse_record(text) for path, text in texts.items()}
    _check(wanted, texts[wanted.file], local)
    owned = union(*records.values())
    live, warnings = _live(run, wanted, owned, check)
    gone = scope_of_removal(wanted, owned, live)
    what = plan(live, wanted.rules, gone)
    during, final = _records(wanted, run_file, records, gone)
    after = {path: _text(texts[path], rules) for path, rules in final.items()}
    if not check:
        now = dict(texts)
        _replace(now, {path: _text(texts[path], rules) for path, rules in during.items()})
        _Tables(run).write(what.commands)
        _replace(now, after)
    return {
        'changed': bool(what.commands) or after != texts,
        'commands': [' '.join(argv) for argv in what.commands],
        'stale': _stale(wanted, final),
        'warnings': warnings,
        'diff': _differences(what, texts, after),
    }


def _check(wanted: Filter, text: str | None, local: Callable[[str], bool]) -> None:
    if not wanted.present:
        return
    if wanted.persist and text is not None and not is_record(text):
        raise FilterError('file: {0} was not written by this module and is left alone; remove it, or name another '
                          'file'.format(wanted.file))
    if wanted.addresses and not local(wanted.source):
        raise FilterError("source: '{0}' is not an address of this host. With it, others would learn this host's MAC "
                          "for an address that is not its own; name the host's own address on the segment (the "
                          'RIP)'.format(wanted.source))


def _live(run: Runner, wanted: Filter, owned: Sequence[Rule], check: bool) -> tuple[Listing, list[str]]:
    """Return the live chains, without looking where nothing can be in question."""
    recorded = scope_of_removal(wanted, owned, {})
    if not wanted.addresses and not recorded:
        return {}, []
    try:
        return _Tables(run).read()
    except NotInstalled as error:
        if wanted.present and not check or recorded and not wanted.present:
            raise
        if not wanted.present:
            return {}, []
        return {}, ['{0}. The prediction is for a host without ARP rules.'.format(error)]


def _records(wanted: Filter, run_file: str, records: Mapping[str, Sequence[Rule]],
             gone: Sequence[Rule]) -> tuple[dict[str, list[Rule]], dict[str, list[Rule]]]:
    """Return the rules of each record while the kernel is changed, and once it is."""
    if not wanted.present:
        return {}, {path: [rule for rule in rules if rule not in gone] for path, rules in records.items()}
    place = wanted.file if wanted.persist else run_file
    every = union(*records.values(), wanted.rules)
    final: dict[str, list[Rule]] = {path: [] for path in records}
    final[place] = [rule for rule in every if rule not in gone]
    return {place: every}, final


def _stale(wanted: Filter, final: Mapping[str, Sequence[Rule]]) -> list[str]:
    """Return the VIPs that stay recorded though they are not declared."""
    if not wanted.present:
        return []
    vips = dict.fromkeys(rule.vip for rules in final.values() for rule in rules)
    return [vip for vip in vips if vip not in wanted.addresses]


def _text(old: str | None, rules: Sequence[Rule]) -> str | None:
    """Return the text of a record to be; a file of someone else stays where there is nothing to record."""
    return old if not rules and not is_record(old) else render_record(rules)


def _replace(now: dict[str, str | None], wanted: Mapping[str, str | None]) -> None:
    for path, text in wanted.items():
        if now[path] != text:
            record_file.write('file', path, text)
            now[path] = text


def _differences(what: Plan, texts: Mapping[str, str | None], after: Mapping[str, str | None]) -> list[dict]:
    differences = []
    if what.commands:
        differences.append(_difference('arptables', _listed(what.before), _listed(what.after)))
    for path, text in after.items():
        if texts[path] != text:
            differences.append(_difference(path, texts[path] or '', text or ''))
    return differences


def _listed(chains: Listing) -> str:
    return ''.join('-A {0} {1}\n'.format(chain, line.text) for chain, lines in chains.items() for line in lines)


def _difference(header: str, before: str, after: str) -> dict:
    return {'before_header': header, 'after_header': header, 'before': before, 'after': after}
