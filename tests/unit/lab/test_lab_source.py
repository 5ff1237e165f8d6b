# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where packages come from."""
from __future__ import annotations

import pytest
from lab import source

DEFAULT = [
    'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bookworm main',
    'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian bookworm-updates main',
    'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian-security '
    'bookworm-security main',
]


def test_without_a_debian_host_the_mirrors_are_debians():
    assert source.lines(source.mirrors('')) == DEFAULT


def test_the_mirror_of_the_host_is_used():
    found = source.mirrors('bookworm main http://mirror.example/debian/\n'
                           'bookworm-security main http://s.example/sec/\n')
    assert [line.split()[2] for line in source.lines(found)] == [
        'http://mirror.example/debian', 'http://mirror.example/debian', 'http://s.example/sec']


@pytest.mark.parametrize('target', [
    'trixie main http://mirror.example/debian/',
    'bookworm contrib http://mirror.example/debian/',
    'bookworm main file:/srv/mirror/',
    'bookworm main cdrom://disc/',
    'bookworm main http://localhost:3142/debian/',
    'bookworm main http://127.0.0.1/debian/',
    'nonsense',
])
def test_what_the_nodes_could_not_use_is_not_taken(target):
    assert source.lines(source.mirrors(target)) == DEFAULT


def test_options_that_concern_the_mirror_are_taken():
    dump = '\n'.join(['APT::Architecture "amd64";', 'Acquire::Check-Valid-Until "false";', 'Acquire::http::Proxy "";',
                      'Acquire::https::Proxy "http://proxy.example:8080";', 'Acquire::Languages "none";',
                      'DPkg::Post-Invoke:: "rm -rf /";', 'Acquire::http::Proxy::localhost "http://127.0.0.1:1";'])
    assert source.options(dump) == ['Acquire::Check-Valid-Until "false"',
                                    'Acquire::https::Proxy "http://proxy.example:8080"']
