# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a Linux kernel says of ways and MAC addresses: its answers, and this host's own."""

from __future__ import annotations

import errno
import socket
import struct

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils import rtnetlink
from ansible_collections.lvs.direct_routing.plugins.module_utils.rtnetlink import Route


def message(kind, header, *attributes):
    body = header
    for number, value in attributes:
        body += struct.pack('=HH', 4 + len(value), number) + value + b'\0' * (-len(value) % 4)
    return struct.pack('=IHHII', 16 + len(body), kind, 0, 1, 0) + body


def route(kind, *attributes):
    return message(24, struct.pack('=8BI', 2, 32, 0, 0, 254, 0, 0, kind, 0), *attributes)


def known(interface, address, mac=None):
    attributes = [(1, socket.inet_aton(address)), *([(2, mac)] if mac else [])]
    return message(28, struct.pack('=BxxxiHBB', 2, interface, 4, 0, 1), *attributes)


DONE = message(3, b'\0\0\0\0')
DEVICE, SOURCE = (4, struct.pack('=I', 2)), (7, socket.inet_aton('192.0.2.10'))


@pytest.fixture(name='kernel')
def a_kernel(monkeypatch):
    """Return a function that says what the kernel sends, each time that it is read."""

    def send(*datagrams):
        class Socket:
            def __init__(self, *_kind):
                self.left = list(datagrams)

            def __enter__(self):
                return self

            def __exit__(self, *_error):
                pass

            def send(self, _request):
                pass

            def recv(self, _size):
                return self.left.pop(0)

        monkeypatch.setattr(socket, 'socket', Socket)

    return send


@pytest.mark.parametrize('sent, expected', [
    (route(1, DEVICE, SOURCE), Route(2, '192.0.2.10', False, False)),
    (route(1, DEVICE, SOURCE, (5, socket.inet_aton('192.0.2.1'))), Route(2, '192.0.2.10', True, False)),
    # A host that is its own gateway.
    (route(1, DEVICE, SOURCE, (5, socket.inet_aton('192.0.2.21'))), Route(2, '192.0.2.10', False, False)),
    (route(1, DEVICE, SOURCE, (18, b'\x0a\0' + bytes(16))), Route(2, '192.0.2.10', True, False)),
    (route(2, DEVICE, SOURCE), Route(2, '192.0.2.10', False, True)),
    (route(1, DEVICE), Route(2, None, False, False)),
    (route(7, DEVICE, SOURCE), None),
    (message(2, struct.pack('=i', -errno.ENETUNREACH)), None),
])
def test_a_way(kernel, sent, expected):
    kernel(sent)
    assert rtnetlink.route_to('192.0.2.21') == expected


@pytest.mark.parametrize('interface, expected', [(2, b'\x02\0\0\0\0\x15'), (3, b'\x02\0\0\0\0\x99'), (4, None), (5, None)])
def test_a_mac_address_is_that_on_the_interface(kernel, interface, expected):
    kernel(known(3, '192.0.2.21', b'\x02\0\0\0\0\x99') + known(2, '192.0.2.22', b'\x02\0\0\0\0\x16'),
           known(2, '192.0.2.21', b'\x02\0\0\0\0\x15') + known(4, '192.0.2.21'), DONE)
    assert rtnetlink.mac_of('192.0.2.21', interface) == expected


def test_this_kernel_understands_it():
    assert rtnetlink.route_to('127.0.0.1')[1:] == ('127.0.0.1', False, True)
    assert rtnetlink.route_to('::1') in (None, Route(1, '::1', False, True))
    assert rtnetlink.mac_of('192.0.2.21', 1) is None and rtnetlink.mac_of('2001:db8::21', 1) is None
