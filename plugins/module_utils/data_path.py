# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ask one real server at the VIP as a director's packets reach it: the VIP's address in a frame for that real server.

Private to this collection, and on directors the program lvs-data-path. The kernel of a director cannot do it, since there
the VIP is its own or another director's. So the packets are made here; of TCP there is as much as a question needs: no
connection is ever established for a mere connection check, and after the status of an HTTP reply it is reset.
Packets are built and parsed by pure functions.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import select
import socket
import struct
import sys
import time
from typing import Iterator, NamedTuple, Sequence

from . import capture, neighbour, rtnetlink

# It is started at every health check, so it imports nothing that takes long: argparse, subprocess, dataclasses.
USAGE = """\
usage: lvs-data-path VIP PORT REAL-SERVER [--protocol tcp|udp] [--forward dr|tun] [--timeout SECONDS]
                     [--path PATH [--host NAME] [--status LOW[-HIGH]]...] [--payload HEX] [--reply]

Asks one real server at the VIP, as the packets of a director reach it. Says nothing if all is well.

--path     ask for it by HTTP; without one a connection is enough, which is not even established
--host     the name in that request, instead of the VIP
--status   good ones, 200-299 if left out
--payload  what a datagram carries
--reply    it has to be answered; otherwise it may not be refused
--timeout  in all, 2 if left out
"""
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
WINDOW = 65535
AGAIN = 1.0
"""Seconds after which a packet that has no answer is sent once more, as TCP does."""

DISCARD = 9
PATIENCE = 0.25
"""Seconds between two looks whether the kernel knows the MAC address by now."""

STATUS_LENGTH = len('HTTP/1.1 200')
TUNNELS = {4: socket.IPPROTO_IPIP, 6: socket.IPPROTO_IPV6}


class NoWay(Exception):
    """The real server cannot be asked like this."""


class Nobody(NoWay):
    """Nobody on the segment has the address of the real server."""


class Itself(NoWay):
    """The real server is this host: there is no path to it."""


class Question(NamedTuple):
    """What to ask, and whom. With a `path` it is asked for by HTTP; a datagram has the `payload`."""

    vip: str
    port: int
    real_server: str
    protocol: str = 'tcp'
    forward: str = 'dr'
    path: str | None = None
    host: str | None = None
    payload: bytes = b'lvs'
    timeout: float = 2.0

    @property
    def version(self) -> int:
        return ipaddress.ip_address(self.vip).version

    @property
    def request(self) -> bytes:
        name = self.host or ('[{0}]' if self.version == 6 else '{0}').format(self.vip)
        if self.host is None and self.port != 80:
            name += ':{0}'.format(self.port)
        return ('GET {0} HTTP/1.0\r\nHost: {1}\r\nUser-Agent: lvs.direct_routing\r\nConnection: close\r\n\r\n'
                .format(self.path, name).encode())


class Answer(NamedTuple):
    """What came back. `error` is None, timeout, refused, reset or closed; the last is an answer that is no HTTP."""

    error: str | None
    mac: str | None = None
    status: int | None = None


class Segment(NamedTuple):
    """What counts of a TCP segment."""

    receiver: int
    sequence: int
    acknowledged: int
    flags: int
    data: bytes


def ip_packet(source: str, destination: str, number: int, inner: bytes) -> bytes:
    """Return an IP packet; `number` is the protocol of what is in it."""
    ours, theirs = ipaddress.ip_address(source).packed, ipaddress.ip_address(destination).packed
    if len(ours) == 16:
        return struct.pack('!IHBB', 6 << 28, len(inner), number, 64) + ours + theirs + inner
    header = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(inner), 0, 0x4000, 64, number, 0) + ours + theirs
    return header[:10] + struct.pack('!H', neighbour.checksum(header)) + header[12:] + inner


def _with_checksum(source: str, destination: str, number: int, inner: bytes, place: int) -> bytes:
    pseudo = (ipaddress.ip_address(source).packed + ipaddress.ip_address(destination).packed
              + struct.pack('!II', len(inner), number))
    # A datagram whose checksum is 0 says so by its complement (RFC 768).
    total = neighbour.checksum(pseudo + inner) or 0xFFFF
    return inner[:place] + struct.pack('!H', total) + inner[place + 2:]


def tcp_packet(source: str, port: int, question: Question, sequence: int, acknowledged: int, flags: int, data: bytes = b'') -> bytes:
    """Return an IP packet with a TCP segment to the VIP."""
    # Of options there is the maximum segment size in the first one, small enough for any tunnel.
    options = struct.pack('!BBH', 2, 4, 1220) if flags & SYN else b''
    header = struct.pack('!HHIIBBHHH', port, question.port, sequence, acknowledged, (20 + len(options)) // 4 << 4, flags, WINDOW, 0, 0)
    inner = _with_checksum(source, question.vip, capture.TCP, header + options + data, 16)
    return ip_packet(source, question.vip, capture.TCP, inner)


def udp_packet(source: str, port: int, question: Question) -> bytes:
    """Return an IP packet with a datagram to the VIP."""
    header = struct.pack('!HHHH', port, question.port, 8 + len(question.payload), 0)
    return ip_packet(source, question.vip, capture.UDP, _with_checksum(source, question.vip, capture.UDP, header + question.payload, 6))


def parse_segment(frame: bytes, vip: str, port: int) -> Segment | None:
    """Return the TCP segment that an Ethernet frame brings from the VIP's service; None for any other frame."""
    number, inner = capture.from_vip(frame, vip) or (0, b'')
    if number != capture.TCP or len(inner) < 20:
        return None
    sender, receiver, sequence, acknowledged, offset, flags = struct.unpack('!HHIIBB', inner[:14])
    return Segment(receiver, sequence, acknowledged, flags, inner[(offset >> 4) * 4:]) if sender == port else None


class Way(NamedTuple):
    """How a director reaches a real server. Without a MAC address, through a tunnel."""

    interface: str
    source: str
    mac: bytes | None


def way_to(question: Question, until: float) -> Way:
    """Return the way to the real server as the kernel knows it; raise `NoWay`."""
    route = rtnetlink.route_to(question.real_server)
    if route is None or not route.source:
        raise NoWay('there is no route to {0}'.format(question.real_server))
    if (':' in route.source) != (question.version == 6):
        raise NoWay('{0} and {1} are not of the same address family, which cannot be asked like this'.format(
            question.vip, question.real_server))
    if route.local:
        raise Itself('{0} is an address of this host itself, and what it sends to itself says nothing'.format(question.real_server))
    interface = socket.if_indextoname(route.interface)
    if question.forward == 'tun':
        return Way(interface, route.source, None)
    if route.gateway:
        raise NoWay('{0} is behind a router, and direct routing needs it on the same segment'.format(question.real_server))
    while True:
        mac = rtnetlink.mac_of(question.real_server, route.interface)
        if mac:
            return Way(interface, route.source, mac)
        if time.monotonic() > until:
            raise Nobody('nobody on {0} has {1}'.format(interface, question.real_server))
        nudge(question)
        time.sleep(PATIENCE)


def nudge(question: Question) -> None:
    """Have the kernel ask who has the address of the real server, or whether that still holds: it has something to send there."""
    with socket.socket(socket.AF_INET6 if question.version == 6 else socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b'', (question.real_server, DISCARD))


class Path:
    """The data path to one real server, for one question: frames there, and back from the VIP."""

    def __init__(self, way: Way, question: Question, until: float) -> None:
        self.way, self.question, self.until = way, question, until
        six = question.version == 6
        family = socket.AF_INET6 if six else socket.AF_INET
        self.kind = neighbour.ETH_P_IPV6 if six else neighbour.ETH_P_IP
        self.ear = neighbour.packet_socket(way.interface, self.kind, capture.kernel_filter(question.vip))
        self.tunnel = None
        # Holds the port, so that nobody else on this host gets it meanwhile.
        self.holder = socket.socket(family, socket.SOCK_STREAM if question.protocol == 'tcp' else socket.SOCK_DGRAM)
        try:
            self.holder.bind((way.source, 0))
            self.port = self.holder.getsockname()[1]
            if way.mac is None:
                outer = ipaddress.ip_address(question.real_server).version
                self.tunnel = socket.socket(socket.AF_INET6 if outer == 6 else socket.AF_INET, socket.SOCK_RAW, TUNNELS[question.version])
        except OSError:
            self.close()
            raise

    def send(self, packet: bytes) -> None:
        if self.tunnel:
            self.tunnel.sendto(packet, (self.question.real_server, 0))
        else:
            mine = self.ear.getsockname()[4]
            self.ear.send(neighbour.ethernet(self.way.mac, mine, self.kind, packet))

    def frames(self, packet: bytes) -> Iterator[bytes]:
        """Send a packet, and yield what comes from the VIP until the time is up; the packet is sent again meanwhile."""
        while time.monotonic() < self.until:
            self.send(packet)
            again = min(self.until, time.monotonic() + AGAIN)
            while True:
                left = again - time.monotonic()
                if left <= 0 or not select.select([self.ear], [], [], left)[0]:
                    break
                frame, sender = self.ear.recvfrom(capture.SNAP)
                if sender[2] != neighbour.PACKET_OUTGOING:
                    yield frame

    def segments(self, packet: bytes) -> Iterator[tuple[str, Segment | None]]:
        """Send a TCP packet, and yield the segments for our port with the MAC address that sent each.

        None stands for an ICMP error that says that nobody is there.
        """
        vip, port = self.question.vip, self.question.port
        for frame in self.frames(packet):
            segment, seen = parse_segment(frame, vip, port), capture.parse_frame(frame, vip, port, 'tcp')
            if seen and seen.port == self.port:
                yield seen.mac, segment

    def close(self) -> None:
        for sock in (self.ear, self.holder, self.tunnel):
            if sock:
                sock.close()


def _tcp(path: Path) -> Answer:
    question = path.question
    begin = struct.unpack('!I', os.urandom(4))[0]
    mine = (begin + 1) & 0xFFFFFFFF

    def packet(sequence, acknowledged, flags, data=b''):
        return tcp_packet(path.way.source, path.port, question, sequence, acknowledged, flags, data)

    for mac, segment in path.segments(packet(begin, 0, SYN)):
        if segment is None:
            return Answer('refused', mac)
        if segment.acknowledged != mine:
            continue
        if segment.flags & RST:
            return Answer('refused', mac)
        if segment.flags & (SYN | ACK) == SYN | ACK:
            break
    else:
        return Answer('timeout')
    theirs = (segment.sequence + 1) & 0xFFFFFFFF
    if question.path is None:
        # The server's kernel forgets it, and its program never hears of it.
        path.send(packet(mine, 0, RST))
        return Answer(None, mac)
    answer = _http(path, packet(mine, theirs, ACK | PSH, question.request), theirs)
    path.send(packet((mine + len(question.request)) & 0xFFFFFFFF, theirs, RST))
    return answer._replace(mac=mac)


def _http(path: Path, packet: bytes, theirs: int) -> Answer:
    data = b''
    for _mac, segment in path.segments(packet):
        if segment is None or segment.flags & RST:
            return Answer('reset')
        if segment.sequence != (theirs + len(data)) & 0xFFFFFFFF:
            continue
        data += segment.data
        if len(data) >= STATUS_LENGTH or segment.flags & FIN:
            return _of_http(data)
    return Answer('timeout')


def _of_http(data: bytes) -> Answer:
    status = data[9:STATUS_LENGTH]
    return Answer(None, status=int(status)) if data.startswith(b'HTTP/1.') and status.isdigit() else Answer('closed')


def _udp(path: Path) -> Answer:
    for frame in path.frames(udp_packet(path.way.source, path.port, path.question)):
        seen = capture.parse_frame(frame, path.question.vip, path.question.port, 'udp')
        if seen and seen.port == path.port:
            return Answer('refused' if seen.unreachable else None, seen.mac)
    return Answer('timeout')


def ask(question: Question) -> Answer:
    """Ask the real server once; raise `NoWay`, or `OSError` for example without CAP_NET_RAW."""
    until = time.monotonic() + question.timeout
    path = Path(way_to(question, until), question, until)
    try:
        answer = (_tcp if question.protocol == 'tcp' else _udp)(path)
    finally:
        path.close()
    if answer.error == 'timeout' and path.way.mac:
        # The kernel does not hear of these packets: for the next question it is to know whether the MAC address still holds.
        # Where a filter does not let that out, the answer is the same.
        with contextlib.suppress(OSError):
            nudge(question)
    return answer


def ask_itself(question: Question) -> Answer:
    """Ask a real server that is this host at its own address, which is all that can be asked there."""
    kind = socket.SOCK_STREAM if question.protocol == 'tcp' else socket.SOCK_DGRAM
    try:
        with socket.socket(socket.AF_INET6 if ':' in question.real_server else socket.AF_INET, kind) as sock:
            sock.settimeout(question.timeout)
            sock.connect((question.real_server, question.port))
            if question.protocol == 'udp':
                sock.send(question.payload)
                sock.recv(1)
                return Answer(None)
            if question.path is None:
                return Answer(None)
            sock.sendall(question.request)
            return _of_http(sock.recv(capture.SNAP))
    except socket.timeout:
        return Answer('timeout')
    except ConnectionRefusedError:
        return Answer('refused')


def fault(answer: Answer, question: Question, statuses: Sequence[tuple[int, int]], reply: bool) -> str | None:
    """Return what is wrong with an answer; None if it is as it should be. `reply` says that a datagram must be answered."""
    if answer.error == 'timeout' and question.protocol == 'udp' and not reply:
        return None
    if answer.error:
        return {'closed': 'the answer is not HTTP'}.get(answer.error, answer.error)
    if answer.status is not None and not any(low <= answer.status <= high for low, high in statuses):
        return 'the answer has status {0}'.format(answer.status)
    return None


def read(words: Sequence[str]) -> tuple[Question, list[tuple[int, int]], bool]:
    """Return what the command line asks, which statuses are good, and whether a datagram has to be answered; raise `ValueError`."""
    options: dict = {'status': []}
    plain = []
    waiting = iter(words)
    for word in waiting:
        if word == '--reply':
            options['reply'] = True
        elif word == '--status':
            low, _dash, high = next(waiting, '').partition('-')
            options['status'].append((int(low), int(high or low)))
        elif word in ('--protocol', '--forward', '--timeout', '--path', '--host', '--payload'):
            options[word[2:]] = next(waiting, '')
        else:
            plain.append(word)
    vip, port, real_server = plain
    question = Question(
        str(ipaddress.ip_address(vip)), int(port), str(ipaddress.ip_address(real_server)), options.get('protocol', 'tcp'),
        options.get('forward', 'dr'), options.get('path'), options.get('host'), bytes.fromhex(options.get('payload', '6c7673')),
        float(options.get('timeout', 2)))
    if not 0 < question.port < 65536 or question.protocol not in ('tcp', 'udp') or question.forward not in ('dr', 'tun'):
        raise ValueError
    return question, options['status'] or [(200, 299)], options.get('reply', False)


def main(words: Sequence[str]) -> int:
    """Ask as the command line says; return 0 if the answer is as it should be, otherwise say why not and return 1."""
    if '--help' in words:
        sys.stdout.write(USAGE)
        return 0
    try:
        question, statuses, reply = read(words)
    except ValueError:
        sys.stderr.write(USAGE)
        return 1
    try:
        try:
            answer = ask(question)
        except Itself:
            answer = ask_itself(question)
        wrong = fault(answer, question, statuses, reply)
    except (NoWay, OSError) as error:
        wrong = str(error)
    if wrong:
        sys.stderr.write('lvs-data-path: {0} at {1} port {2}: {3}\n'.format(question.real_server, question.vip, question.port, wrong))
    return 1 if wrong else 0
