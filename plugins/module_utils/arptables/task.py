# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two rules for each VIP, on top of whatever else is in the tables, and their record: the one door of arp_filter.

Private to this collection.
"""

from __future__ import annotations

from typing import Callable, Mapping, Sequence

from .. import record_file
from ..command import NotInstalled, Runner
from .options import Filter, FilterError, is_local
from .plan import Plan, plan, scope_of_removal
from .record import is_record, parse_record, render_record
from .rules import Listing, Rule, union
from .tables import Tables

__all__ = ['Filter', 'FilterError', 'declare']

RUN_FILE = '/run/lvs-direct-routing/arp_filter.arptables'
"""The record where nothing is persisted: it goes with a reboot, as the rules do."""


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
        Tables(run).write(what.commands)
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
        return Tables(run).read()
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
