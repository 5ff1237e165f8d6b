# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client that ends its connections in one of three ways, and waits for no server to do so.

ends.py KIND COUNT VIP...   prints how many requests had no answer; KIND is fin, rst, or half, which closes one side first
"""

from __future__ import annotations

import socket
import struct
import sys


def ask(vip, kind):
    """Return whether there was an answer."""
    try:
        with socket.create_connection((vip, 80), 5) as connection:
            connection.sendall(b'GET / HTTP/1.1\r\nHost: vip\r\n\r\n')
            answered = connection.recv(4096).startswith(b'HTTP/1.1 200')
            if kind == 'rst':
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
            elif kind == 'half':
                connection.shutdown(socket.SHUT_WR)
            return answered
    except OSError:
        return False


if __name__ == '__main__':
    KIND, COUNT, VIPS = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    print(sum(not ask(VIPS[number % len(VIPS)], KIND) for number in range(COUNT)))
