# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Frames that come from a VIP, kept by the kernel: which of our ports each is for, and which MAC address sent it.

Private to this collection. Parsing is pure.
"""

from __future__ import annotations

import ipaddress
import socket
import struct
from typing import Iterable, NamedTuple

from . import neighbour

TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
RECEIVE_BUFFER = 8 << 20
"""Bytes; room for the frames of a request however late they are fetched. Root may exceed net.core.rmem_max."""

SNAP = 256
"""Bytes of a frame that are kept: enough for the headers, also of a packet quoted in an ICMP error."""

SO_RCVBUFFORCE = 33
SOL_PACKET = 263
PACKET_STATISTICS = 6


class Seen(NamedTuple):
    """A frame from the VIP: which of our ports it is for, who sent it, and whether it says that nobody is there."""

    port: int
    mac: str
    unreachable: bool = False


def from_vip(frame: bytes, vip: str) -> tuple[int, bytes] | None:
    """Return protocol number and payload of an Ethernet frame with an IP packet from the VIP; None for any other frame.

    The payload ends where the packet does, so it is without what fills a short frame up.
    """
    kind = frame[12:14]
    packet = frame[neighbour.ETHERNET_HEADER:]
    source = ipaddress.ip_address(vip).packed
    if kind == b'\x08\x00' and len(source) == 4 and len(packet) >= 20 and packet[12:16] == source:
        length, fragment = struct.unpack('!H2xH', packet[2:8])
        # Only the first fragment has a header of the next layer.
        if fragment & 0x1FFF:
            return None
        return packet[9], packet[(packet[0] & 0xF) * 4:length or None]
    if kind == b'\x86\xdd' and len(source) == 16 and len(packet) >= 40 and packet[8:24] == source:
        length = struct.unpack('!H', packet[4:6])[0]
        return packet[6], packet[40:40 + length if length else None]
    return None


def parse_frame(frame: bytes, vip: str, port: int, protocol: str) -> Seen | None:
    """Return what an Ethernet frame from the VIP's service says; None for any other frame."""
    packet = from_vip(frame, vip)
    if packet is None:
        return None
    number, inner = packet
    mac = neighbour.mac_text(frame[6:12])
    wanted = TCP if protocol == 'tcp' else UDP
    if number == wanted and len(inner) >= 8:
        sender, receiver = struct.unpack('!HH', inner[:4])
        return Seen(receiver, mac) if sender == port else None
    if (number, inner[:1]) in ((ICMP, b'\x03'), (ICMPV6, b'\x01')):
        ports = _quoted_ports(inner[8:], wanted)
        if ports and ports[1] == port:
            return Seen(ports[0], mac, True)
    return None


def _quoted_ports(packet: bytes, wanted: int) -> tuple[int, int] | None:
    """Return source and destination port of our own packet as an ICMP error quotes it."""
    if packet[:1] and packet[0] >> 4 == 4 and len(packet) >= 20:
        number, inner = packet[9], packet[(packet[0] & 0xF) * 4:]
    elif packet[:1] and packet[0] >> 4 == 6 and len(packet) >= 40:
        number, inner = packet[6], packet[40:]
    else:
        return None
    if number != wanted or len(inner) < 4:
        return None
    sender, receiver = struct.unpack('!HH', inner[:4])
    return sender, receiver


def kernel_filter(vip: str) -> neighbour.Program:
    """Return a program that keeps only IP packets from the VIP, cut to `SNAP` bytes."""
    packed = ipaddress.ip_address(vip).packed
    start = neighbour.ETHERNET_HEADER + (12 if len(packed) == 4 else 8)
    words = struct.unpack('!{0}I'.format(len(packed) // 4), packed)
    program = []
    for index, word in enumerate(words):
        # ld [offset]; jeq #word, next, drop. The socket is bound to the protocol, so that needs no check.
        program += [(0x20, 0, 0, start + 4 * index), (0x15, 0, 2 * (len(words) - index) - 1, word)]
    return program + [(0x06, 0, 0, SNAP), (0x06, 0, 0, 0)]


class Capture:
    """Frames from the VIP on one interface, kept by the kernel until `seen` fetches them."""

    def __init__(self, interface: str, vip: str, port: int, protocol: str) -> None:
        self.service = vip, port, protocol
        kind = neighbour.ETH_P_IPV6 if ':' in vip else neighbour.ETH_P_IP
        self.sock = neighbour.packet_socket(interface, kind, kernel_filter(vip))
        try:
            try:
                self.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
            except OSError:
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            self.sock.setblocking(False)
        except OSError:
            self.sock.close()
            raise

    def seen(self) -> Iterable[Seen]:
        """Yield what has arrived since the last call. It is there before the kernel hands the reply to a program."""
        while True:
            try:
                frame, sender = self.sock.recvfrom(SNAP)
            except BlockingIOError:
                return
            if sender[2] == neighbour.PACKET_OUTGOING:
                continue
            seen = parse_frame(frame, *self.service)
            if seen:
                yield seen

    def lost(self) -> int:
        """Return how many frames the kernel dropped since the last call."""
        return struct.unpack('II', self.sock.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))[1]

    def close(self) -> None:
        self.sock.close()
