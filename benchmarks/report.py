# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print what in_node.py and beside.py measured as one table; fail if a counted fact is wrong, never for a time."""

from __future__ import annotations

import json
import statistics
import sys

WIDTHS = (66, 24, 24, 7)


def spread(samples: list[float]) -> str:
    if len(samples) == 1:
        return '{0:.2f}'.format(samples[0])
    return '{0:.2f} / {1:.2f} / {2:.2f}'.format(min(samples), statistics.median(samples), max(samples))


def verdict(value: float, target: float | None) -> str:
    return '' if target is None else 'target <= {0}: {1}'.format(target, 'met' if value <= target else 'MISSED')


def line(*cells: str) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells, WIDTHS)]
    return '  '.join(padded + list(cells[len(WIDTHS):])).rstrip()


def ratios(ours: list[float], beside: list[float]) -> list[float]:
    """Return the ratio of each round: its two runs are made one after the other, so that noise of the machine hits both.

    Where one was run more often than the other there are no rounds, and the ratio is that of the medians.
    """
    if len(ours) == len(beside):
        return [one / other for one, other in zip(ours, beside)]
    return [statistics.median(ours) / statistics.median(beside)]


def show(row: dict) -> None:
    if 'not_measured' in row:
        print('{0}: not measured: {1}'.format(row['what'], row['not_measured']))
        return
    found = ratios(row['ours'], row['beside'])
    ratio = statistics.median(found)
    print(line(row['what'], spread(row['ours']), spread(row['beside']), '{0:.2f}'.format(ratio), verdict(ratio, row['target'])
               or row.get('note', '')))
    if len(found) > 1:
        print('    : from {0:.2f} to {1:.2f} in {2} rounds'.format(min(found), max(found), len(found)))
    print('    : ' + row['than'])


def main() -> int:
    found: dict[str, list[dict]] = {'rows': [], 'limits': [], 'facts': []}
    for path in sys.argv[1:]:
        with open(path, encoding='utf-8') as stream:
            for kind, entries in json.load(stream).items():
                found[kind] += entries
    print('Median of the ratios of each round. Seconds are min / median / max of this run on this machine: they say little elsewhere.\n')
    print(line('what', 'seconds', 'seconds, beside', 'ratio'))
    print(line(*('-' * width for width in WIDTHS)))
    for row in found['rows']:
        show(row)
    print()
    for limit in found['limits']:
        print('{0}: {1} {2}, {3}'.format(limit['what'], limit['value'], limit['unit'], verdict(limit['value'], limit['target'])))
    wrong = 0
    for fact in found['facts']:
        right = fact['value'] == fact['expected']
        wrong += not right
        print('{0}: {1}{2}'.format(fact['what'], fact['value'], '' if right else '  WRONG, expected {0}'.format(fact['expected'])))
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
