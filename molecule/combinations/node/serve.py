# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""On a real server: `python3 serve.py FIRST COUNT VIP...` answers on so many ports with the name of the host.

A connection is closed when the client closes it: one that it is not told of stays. Datagrams are answered at the VIPs
alone, and from them; a VIP may come later.
"""

from __future__ import annotations

import selectors
import socket
import sys

FREEBIND = {socket.AF_INET: (socket.IPPROTO_IP, 15), socket.AF_INET6: (socket.IPPROTO_IPV6, 78)}


def stream(port):
    return socket.create_server(('::', port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=128)


def datagram(vip, port):
    family = socket.AF_INET6 if ':' in vip else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_DGRAM)
    bound.setsockopt(*FREEBIND[family], 1)
    bound.bind((vip, port))
    return bound


def main():
    first, count, vips = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    name = socket.gethostname().encode()
    ready = selectors.DefaultSelector()
    for port in range(first, first + count):
        ready.register(stream(port), selectors.EVENT_READ, 'listen')
        for vip in vips:
            ready.register(datagram(vip, port), selectors.EVENT_READ, 'datagram')
    while True:
        for key, _events in ready.select():
            try:
                if key.data == 'listen':
                    ready.register(key.fileobj.accept()[0], selectors.EVENT_READ, 'connection')
                elif key.data == 'datagram':
                    key.fileobj.sendto(name, key.fileobj.recvfrom(1024)[1])
                elif key.fileobj.recv(1024):
                    key.fileobj.sendall(name)
                else:
                    ready.unregister(key.fileobj)
                    key.fileobj.close()
            except OSError:
                if key.data == 'connection':
                    ready.unregister(key.fileobj)
                    key.fileobj.close()


if __name__ == '__main__':
    main()
