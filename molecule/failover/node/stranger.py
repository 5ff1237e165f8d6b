# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""On the client: adverts of VRRP version 3 with the highest priority, to one director.

`python3 stranger.py SOURCE DIRECTOR ROUTER_ID VIP`. It sends ten a second until the end of stdin, in the name of SOURCE.
"""

from __future__ import annotations

import socket
import struct
import sys
import threading

VRRP = 112
# Hundredths of a second between adverts, as it says of itself.
INTERVAL = 20


def checksum(data):
    total = sum(struct.unpack('!{0}H'.format(len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def advert(source, director, router_id, vip):
    """Return the IPv4 packet (RFC 5798, section 5)."""
    addresses = socket.inet_aton(source) + socket.inet_aton(director)
    body = struct.pack('!BBBBHH', 0x31, router_id, 254, 1, INTERVAL, 0) + socket.inet_aton(vip)
    pseudo = addresses + struct.pack('!BBH', 0, VRRP, len(body))
    body = body[:6] + struct.pack('!H', checksum(pseudo + body)) + body[8:]
    return struct.pack('!BBHHHBBH', 0x45, 0xC0, 20 + len(body), 0, 0, 255, VRRP, 0) + addresses + body


def main():
    source, director, router_id, vip = sys.argv[1:]
    packet = advert(source, director, int(router_id), vip)
    stop = threading.Event()
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW) as sender:
        def send():
            while not stop.wait(0.1):
                sender.sendto(packet, (director, 0))

        thread = threading.Thread(target=send)
        thread.start()
        print('{}', flush=True)
        sys.stdin.read()
        stop.set()
        thread.join()
    print('{}', flush=True)


if __name__ == '__main__':
    main()
