# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look at the table without pause and without ipvsadm: is it ever empty, is a live service ever gone or bare?

Listings are no way to look: the kernel prints them piece by piece while entries come and go, and may skip one. The
socket options of ip_vs.h answer for the whole table and for one service under the lock that changes take.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import time

# linux/ip_vs.h: the options, struct ip_vs_getinfo, struct ip_vs_get_dests, and the size of struct ip_vs_dest_entry.
IP_VS_SO_GET_INFO = 64 + 1024 + 64 + 1
IP_VS_SO_GET_DESTS = 64 + 1024 + 64 + 4
INFO = struct.Struct('=III')
DESTS = struct.Struct('=H2x4s2s2xII4x')
SERVER_SIZE = 96
# Room for the real servers of one service.
ROOM = 16

_LIBC = ctypes.CDLL(None, use_errno=True)


class Table:
    """The kernel's table as the socket options show it; IPv4 and TCP."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)

    def ask(self, option, question, size):
        answer = ctypes.create_string_buffer(question, size)
        length = ctypes.c_uint32(size)
        if _LIBC.getsockopt(self.socket.fileno(), socket.IPPROTO_IP, option, answer, ctypes.byref(length)):
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))
        return answer.raw[:length.value]

    def number_of_services(self):
        return INFO.unpack(self.ask(IP_VS_SO_GET_INFO, b'', INFO.size))[2]

    def realservers(self, address, port):
        """Return the addresses of the real servers of a service; raise OSError if there is no such service."""
        question = DESTS.pack(socket.IPPROTO_TCP, socket.inet_aton(address), port.to_bytes(2, 'big'), 0, ROOM)
        answer = self.ask(IP_VS_SO_GET_DESTS, question, DESTS.size + ROOM * SERVER_SIZE)
        starts = range(DESTS.size, len(answer), SERVER_SIZE)
        return {socket.inet_ntoa(answer[start:start + 4]) for start in starts} - {'0.0.0.0'}


def watch(live, stop):
    """Look until told to stop; return how often, and what was wrong when.

    `live` is {(address, port): the real servers that must always be there}.
    """
    table = Table()
    looks, wrong = 0, []
    while not stop():
        looks += 1
        if not table.number_of_services():
            wrong.append('look {0}: the table is empty'.format(looks))
        for (address, port), servers in live.items():
            try:
                seen = table.realservers(address, port)
            except OSError as error:
                seen = error
            if seen != servers:
                wrong.append('look {0}: {1}:{2} has {3}'.format(looks, address, port, seen))
        time.sleep(0.002)
    return {'looks': looks, 'wrong': wrong[:20]}
