# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ARP and IPv6 neighbour discovery on raw Ethernet frames: announce a VIP, ask who has it.

Private to this collection. Frames are built and parsed by pure functions (RFC 826, RFC 4861); sockets are AF_PACKET.
"""

from __future__ import annotations

import ipaddress
import select
import socket
import struct
import time
from typing import Iterator, Sequence

ETH_P_IP = 0x0800
ETH_P_ARP = 0x0806
ETH_P_IPV6 = 0x86DD
ETHERNET_HEADER = 14
ARPHRD_ETHER = 1
PACKET_OUTGOING = 4

ARP_REQUEST, ARP_REPLY = 1, 2
ND_SOLICITATION, ND_ADVERTISEMENT = 135, 136
ND_OVERRIDE = 0x20000000
ICMPV6 = 58
EVERYBODY = b'\xff' * 6
NOBODY = b'\x00' * 6

ANNOUNCE_GAP = 0.1
"""Seconds between two announcements of the same VIP."""


def mac_bytes(mac: str) -> bytes:
    """Return the six bytes of a MAC address as `ip` prints it."""
    return bytes(int(part, 16) for part in mac.split(':'))


def mac_text(mac: bytes) -> str:
    """Return a MAC address as `ip` prints it."""
    return ':'.join('{0:02x}'.format(byte) for byte in mac)


def _ethernet(to: bytes, sender: bytes, kind: int, payload: bytes) -> bytes:
    return to + sender + struct.pack('!H', kind) + payload


def arp_frame(operation: int, sender_mac: bytes, sender: str, target_mac: bytes, target: str,
              to: bytes = EVERYBODY) -> bytes:
    """Return an Ethernet frame with an ARP packet for IPv4."""
    return _ethernet(to, sender_mac, ETH_P_ARP, struct.pack('!HHBBH', 1, ETH_P_IP, 6, 4, operation)
                     + sender_mac + socket.inet_aton(sender) + target_mac + socket.inet_aton(target))


def gratuitous_arp(vip: str, mac: bytes, operation: int) -> bytes:
    """Return the frame that tells a segment where an IPv4 VIP is, as request or as reply (RFC 5227, section 3)."""
    return arp_frame(operation, mac, vip, NOBODY if operation == ARP_REQUEST else EVERYBODY, vip)


def _checksum(data: bytes) -> int:
    if len(data) % 2:
        data += b'\x00'
    total = sum(struct.unpack('!{0}H'.format(len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _icmpv6_frame(to: bytes, mac: bytes, source: bytes, destination: bytes, body: bytes) -> bytes:
    pseudo = source + destination + struct.pack('!I3xB', len(body), ICMPV6)
    checksum = struct.pack('!H', _checksum(pseudo + body))
    body = body[:2] + checksum + body[4:]
    # Hop limit 255 proves that no router passed it on: anything else is ignored (RFC 4861, section 7.1).
    header = struct.pack('!IHBB', 6 << 28, len(body), ICMPV6, 255) + source + destination
    return _ethernet(to, mac, ETH_P_IPV6, header + body)


def unsolicited_advertisement(vip: str, mac: bytes) -> bytes:
    """Return the frame that tells a segment where an IPv6 VIP is (RFC 4861, section 7.2.6)."""
    address = ipaddress.IPv6Address(vip).packed
    body = (struct.pack('!BBHI', ND_ADVERTISEMENT, 0, 0, ND_OVERRIDE) + address
            + struct.pack('!BB', 2, 1) + mac)
    return _icmpv6_frame(b'\x33\x33\x00\x00\x00\x01', mac, address, ipaddress.IPv6Address('ff02::1').packed, body)


def solicitation(vip: str, mac: bytes, source: str) -> bytes:
    """Return the frame that asks a segment who has an IPv6 VIP."""
    address = ipaddress.IPv6Address(vip).packed
    group = ipaddress.IPv6Address('ff02::1:ff00:0').packed[:13] + address[13:]
    body = (struct.pack('!BBHI', ND_SOLICITATION, 0, 0, 0) + address
            + struct.pack('!BB', 1, 1) + mac)
    return _icmpv6_frame(b'\x33\x33' + group[12:], mac, ipaddress.IPv6Address(source).packed, group, body)


def claim(frame: bytes, vip: str) -> str | None:
    """Return the MAC address that a frame claims the VIP for, or None if the frame claims nothing about it.

    An ARP packet claims its sender's address, be it request or reply; an advertisement claims its target.
    """
    if len(frame) < 14:
        return None
    kind = struct.unpack('!H', frame[12:14])[0]
    body = frame[14:]
    if kind == ETH_P_ARP and len(body) >= 28 and ':' not in vip:
        if body[:6] == struct.pack('!HHBB', 1, ETH_P_IP, 6, 4) and body[14:18] == socket.inet_aton(vip):
            return mac_text(body[8:14])
    if kind == ETH_P_IPV6 and len(body) >= 64 and ':' in vip:
        if body[6] == ICMPV6 and body[40] == ND_ADVERTISEMENT and body[48:64] == ipaddress.IPv6Address(vip).packed:
            return _target_mac(body[64:]) or mac_text(frame[6:12])
    return None


def _target_mac(options: bytes) -> str | None:
    while len(options) >= 8 and options[1]:
        if options[0] == 2 and options[1] == 1:
            return mac_text(options[2:8])
        options = options[options[1] * 8:]
    return None


def packet_socket(interface: str, protocol: int) -> socket.socket:
    """Open a raw socket on one interface; raise `OSError` without CAP_NET_RAW or where the interface is missing."""
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    try:
        # Opened for no protocol and switched on as it is bound, or frames of other interfaces would be in the queue.
        sock.bind((interface, protocol))
    except OSError:
        sock.close()
        raise
    return sock


def announce(interface: str, mac: str, vips: Sequence[str], count: int, gap: float = ANNOUNCE_GAP) -> None:
    """Send `count` frames for each VIP that tell the segment where it is; raise `OSError` where that is impossible.

    For IPv4 requests and replies take turns, since some equipment listens to only one of the two.
    """
    sender = mac_bytes(mac)
    # Protocol 0 receives nothing: this socket only sends.
    with packet_socket(interface, 0) as sock:
        for number in range(count):
            if number:
                time.sleep(gap)
            for vip in vips:
                if ':' in vip:
                    frame = unsolicited_advertisement(vip, sender)
                else:
                    frame = gratuitous_arp(vip, sender, ARP_REPLY if number % 2 else ARP_REQUEST)
                sock.send(frame)


def frames(sock: socket.socket, until: float) -> Iterator[bytes]:
    """Yield what arrives on a raw socket until the monotonic clock reaches `until`."""
    while True:
        left = until - time.monotonic()
        if left <= 0 or not select.select([sock], [], [], left)[0]:
            return
        frame, sender = sock.recvfrom(65535)
        if sender[2] != PACKET_OUTGOING:
            yield frame


def ask(interface: str, source: str, vip: str, tries: int, interval: float) -> list[str] | None:
    """Ask the segment `tries` times who has the VIP and return every MAC address that claimed it, sorted.

    After each question it listens for `interval` seconds. `source` is the asking host's own address there. None is
    returned for an interface that is no Ethernet: there is nothing to ask.
    """
    claims = set()
    with packet_socket(interface, ETH_P_IPV6 if ':' in vip else ETH_P_ARP) as sock:
        hardware, sender = sock.getsockname()[3:5]
        if hardware != ARPHRD_ETHER:
            return None
        if ':' in vip:
            question = solicitation(vip, sender, source)
        else:
            question = arp_frame(ARP_REQUEST, sender, source, NOBODY, vip)
        for _number in range(tries):
            sock.send(question)
            for frame in frames(sock, time.monotonic() + interval):
                claimed = claim(frame, vip)
                if claimed:
                    claims.add(claimed)
    return sorted(claims)
