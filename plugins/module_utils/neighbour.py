# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ARP and IPv6 neighbour discovery on raw Ethernet frames: announce a VIP, ask who has it.

Private to this collection. Frames are built and parsed by pure functions (RFC 826, RFC 4861); sockets are AF_PACKET.
"""

from __future__ import annotations

import contextlib
import ctypes
import ipaddress
import select
import socket
import struct
import time
from typing import Iterable, Iterator, NamedTuple, Sequence, Tuple

ETH_P_IP = 0x0800
ETH_P_ARP = 0x0806
ETH_P_IPV6 = 0x86DD
ETHERNET_HEADER = 14
ARPHRD_ETHER = 1
PACKET_OUTGOING = 4
SO_ATTACH_FILTER = 26

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


def ethernet(to: bytes, sender: bytes, kind: int, payload: bytes) -> bytes:
    """Return an Ethernet frame."""
    return to + sender + struct.pack('!H', kind) + payload


def arp_frame(operation: int, sender_mac: bytes, sender: str, target_mac: bytes, target: str,
              to: bytes = EVERYBODY) -> bytes:
    """Return an Ethernet frame with an ARP packet for IPv4."""
    return ethernet(to, sender_mac, ETH_P_ARP, struct.pack('!HHBBH', 1, ETH_P_IP, 6, 4, operation)
                    + sender_mac + socket.inet_aton(sender) + target_mac + socket.inet_aton(target))


def gratuitous_arp(vip: str, mac: bytes, operation: int) -> bytes:
    """Return the frame that tells a segment where an IPv4 VIP is, as request or as reply (RFC 5227, section 3)."""
    return arp_frame(operation, mac, vip, NOBODY if operation == ARP_REQUEST else EVERYBODY, vip)


def checksum(data: bytes) -> int:
    """Return the checksum that IP, TCP, UDP and ICMP have (RFC 1071)."""
    if len(data) % 2:
        data += b'\x00'
    total = sum(struct.unpack('!{0}H'.format(len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _icmpv6_frame(to: bytes, mac: bytes, source: bytes, destination: bytes, body: bytes) -> bytes:
    pseudo = source + destination + struct.pack('!I3xB', len(body), ICMPV6)
    body = body[:2] + struct.pack('!H', checksum(pseudo + body)) + body[4:]
    # Hop limit 255 proves that no router passed it on: anything else is ignored (RFC 4861, section 7.1).
    header = struct.pack('!IHBB', 6 << 28, len(body), ICMPV6, 255) + source + destination
    return ethernet(to, mac, ETH_P_IPV6, header + body)


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


Program = Sequence[Tuple[int, int, int, int]]
"""Classic BPF: code, jumps where true and where false, operand of each instruction."""

ADVERTISEMENTS: Program = (
    # ldb [next header]; jeq #ICMPv6, next, drop; ldb [type]; jeq #advertisement, keep, drop
    (0x30, 0, 0, ETHERNET_HEADER + 6), (0x15, 0, 3, ICMPV6),
    (0x30, 0, 0, ETHERNET_HEADER + 40), (0x15, 0, 1, ND_ADVERTISEMENT),
    (0x06, 0, 0, 65535), (0x06, 0, 0, 0),
)


def packet_socket(interface: str, protocol: int, program: Program = ()) -> socket.socket:
    """Open a raw socket on one interface; raise `OSError` without CAP_NET_RAW or where the interface is missing.

    With a program the kernel keeps only what that lets through: a busy host would otherwise queue all its traffic, and
    frames that matter could be dropped.
    """
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    try:
        if program:
            code = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *step) for step in program))
            sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack('HP', len(program), ctypes.addressof(code)))
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


def frames(socks: Iterable[socket.socket], until: float) -> Iterator[tuple[socket.socket, bytes]]:
    """Yield what arrives on raw sockets until the monotonic clock reaches `until`."""
    while True:
        left = until - time.monotonic()
        ready = select.select(list(socks), [], [], left)[0] if left > 0 else []
        if not ready:
            return
        for sock in ready:
            frame, sender = sock.recvfrom(65535)
            if sender[2] != PACKET_OUTGOING:
                yield sock, frame


class Question(NamedTuple):
    """Who has `address`? To be asked through `interface`; `source` is the asking host's own address there.

    As the source of an ARP request 0.0.0.0 says nothing about anybody (RFC 5227, ARP probe).
    """

    interface: str
    address: str
    source: str


def _question_frame(question: Question, mac: bytes) -> bytes:
    if ':' in question.address:
        return solicitation(question.address, mac, question.source)
    return arp_frame(ARP_REQUEST, mac, question.source, NOBODY, question.address)


def ask_all(questions: Iterable[Question], tries: int, interval: float) -> dict[Question, list[str] | None]:
    """Ask all questions `tries` times and return every MAC address that claimed each address, sorted.

    All are asked at once; after each round it listens for `interval` seconds. The answer is None where the interface
    is no Ethernet: there is nothing to ask.
    """
    answers: dict[Question, set[str] | None] = {}
    with contextlib.ExitStack() as stack:
        asked: dict[tuple, tuple[socket.socket, list[tuple[Question, bytes]]]] = {}
        for question in questions:
            where = (question.interface,) + (
                (ETH_P_IPV6, ADVERTISEMENTS) if ':' in question.address else (ETH_P_ARP, ()))
            if where not in asked:
                asked[where] = stack.enter_context(packet_socket(*where)), []
            sock, mine = asked[where]
            hardware, mac = sock.getsockname()[3:5]
            answers[question] = set() if hardware == ARPHRD_ETHER else None
            if hardware == ARPHRD_ETHER:
                mine.append((question, _question_frame(question, mac)))
        listening = {sock: mine for sock, mine in asked.values() if mine}
        for _number in range(tries if listening else 0):
            for sock, mine in listening.items():
                for _question, frame in mine:
                    sock.send(frame)
            for sock, frame in frames(listening, time.monotonic() + interval):
                for question, _frame in listening[sock]:
                    claimed = claim(frame, question.address)
                    if claimed:
                        answers[question].add(claimed)
    return {question: None if macs is None else sorted(macs) for question, macs in answers.items()}


def ask(interface: str, source: str, vip: str, tries: int, interval: float) -> list[str] | None:
    """Ask one question; see `ask_all`."""
    question = Question(interface, vip, source)
    return ask_all([question], tries, interval)[question]
