# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who listens is read as the kernel prints it. The lines are from Linux 6.1 on a little-endian machine."""

from __future__ import annotations

import re
import socket
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.lvs.direct_routing.plugins.module_utils.listeners import Listener, listeners, parse

HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'
LINE = '   0: {0} 00000000:0000 {1} 00000000:00000000 00:00000000 00000000     0        0 1234 1 0 100 0 0 10 0\n'
ANY, ANY6 = '00000000:0050', '0' * 32 + ':0050'


def table(*lines):
    return HEAD + ''.join(LINE.format(*line) for line in lines)


def printed_here(address):
    """Return what this machine's kernel prints where a little-endian one prints this: words in its own byte order."""
    def word(text):
        return '{0:08X}'.format(int.from_bytes(int(text, 16).to_bytes(4, 'little'), sys.byteorder))

    return re.sub('[0-9A-F]{8}', lambda found: word(found.group()), address)


@pytest.mark.parametrize('line, protocol, found', [
    (('150200C0:0050', '0A'), 'tcp', ('192.0.2.21', 80)),
    (('B80D0120000002000000000021000000:01BB', '0A'), 'tcp', ('2001:db8:2::21', 443)),
    (('0000000000000000FFFF0000150200C0:0050', '0A'), 'tcp', ('192.0.2.21', 80)),
    (('00000000:0035', '07'), 'udp', ('0.0.0.0', 53)),
])
def test_an_address_is_read_as_the_kernel_prints_it(line, protocol, found):
    assert parse(table((printed_here(line[0]), line[1])), protocol) == {found}


@given(address=st.ip_addresses(v=4), port=st.integers(0, 65535))
def test_every_address_is_read(address, port):
    word = int.from_bytes(address.packed, sys.byteorder)
    assert parse(table(('{0:08X}:{1:04X}'.format(word, port), '0A')), 'tcp') == {(str(address), port)}


@pytest.mark.parametrize('protocol, state', [('tcp', '01'), ('tcp', '06'), ('udp', '01')])
def test_a_connection_is_no_listener(protocol, state):
    assert parse(table((ANY, state)), protocol) == set()


@pytest.mark.parametrize('tables, bindv6only, dual_stack', [
    ({'tcp6': table((ANY6, '0A'))}, False, True),
    ({'tcp6': table((ANY6, '0A'))}, True, False),
    ({'tcp6': table((ANY6, '0A')), 'tcp': table((ANY, '0A'))}, False, False),
    ({'tcp6': table((ANY6, '0A')), 'udp': table((ANY, '07'))}, False, True),
])
def test_an_ipv6_wildcard_serves_ipv4_unless_something_speaks_against_it(tables, bindv6only, dual_stack):
    assert Listener('tcp', '::', 80, dual_stack) in listeners(tables, bindv6only)


def test_a_real_listener_is_found():
    with open('/proc/net/tcp') as stream, socket.socket() as sock:
        sock.bind(('127.0.0.1', 0))
        sock.listen()
        assert ('127.0.0.1', sock.getsockname()[1]) in parse(stream.read(), 'tcp')
