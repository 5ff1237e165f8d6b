# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for ipvsadm whose table is a file of rules, and whose connections are a file of numbers by real server.

What is in LVS_TABLE, a folder: `rules`, `connections` ({"192.0.2.21": [[active, inactive], ...]}, of which each look takes one
until the last one stays), `written` (what it was given).
"""

from __future__ import annotations

import json
import os
import pathlib
import sys

FOLDER = pathlib.Path(os.environ['LVS_TABLE'])
KIND = {'-t': 'TCP', '-u': 'UDP'}


def rules():
    return [line.split() for line in (FOLDER / 'rules').read_text().splitlines()]


def connections(address):
    path = FOLDER / 'connections'
    looks = json.loads(path.read_text()) if path.exists() else {}
    mine = looks.get(address) or [[0, 0]]
    if len(mine) > 1:
        path.write_text(json.dumps(dict(looks, **{address: mine[1:]})))
    return mine[0]


def listing():
    print('IP Virtual Server version 1.2.1 (size=4096)\nProt LocalAddress:Port Uthreshold Lthreshold ActiveConn InActConn')
    print('  -> RemoteAddress:Port')
    for words in rules():
        if words[0] == '-A':
            print(KIND[words[1]], words[2], words[4])
        else:
            print('  ->', words[4], 0, 0, *connections(words[4].rpartition(':')[0]))


def write(lines):
    with (FOLDER / 'written').open('a') as stream:
        stream.writelines(lines)
    table = {tuple(words[1:3] + words[4:5] if words[0] == '-a' else words[1:3]): words for words in rules()}
    for words in map(str.split, lines):
        assert words[0] == '-e', words
        table[tuple(words[1:3] + words[4:5])] = ['-a'] + words[1:]
    (FOLDER / 'rules').write_text(''.join(' '.join(words) + '\n' for words in table.values()))


if sys.argv[1] == '-R':
    write(sys.stdin.readlines())
elif sys.argv[1] == '-Sn':
    print((FOLDER / 'rules').read_text(), end='')
else:
    listing()
