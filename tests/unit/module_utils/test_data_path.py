# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is sent to a real server, and what its answers mean. The scenario `keepalived` does it on hosts."""

from __future__ import annotations

import socket
import struct
import threading
import types
import time

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils import capture, data_path, neighbour, rtnetlink
from ansible_collections.lvs.direct_routing.plugins.module_utils.data_path import ACK, FIN, PSH, RST, SYN, Answer, Question

VIP, VIP6, RIP, RIP6, DIP, DIP6 = '192.0.2.100', '2001:db8::100', '192.0.2.21', '2001:db8::21', '192.0.2.10', '2001:db8::10'
MAC, OURS = '02:00:00:00:00:15', '02:00:00:00:00:0a'
PORT = 40000
WEB = Question(VIP, 80, RIP, path='/healthz', timeout=0.2)


def right(packet):
    """Return whether the checksums of a packet are right: over what they are for, they come to 0."""
    six = packet[0] >> 4 == 6
    number, inner = (packet[6], packet[40:]) if six else (packet[9], packet[20:])
    addresses = packet[8:40] if six else packet[12:20]
    pseudo = addresses + struct.pack('!II', len(inner), number)
    return neighbour.checksum(pseudo + inner) == 0 and (six or neighbour.checksum(packet[:20]) == 0)


@pytest.mark.parametrize('source, question', [(DIP, WEB), (DIP6, WEB.__class__(VIP6, 80, RIP6, payload=b'odd'))])
def test_packets_have_the_checksums_that_kernels_want(source, question):
    assert right(data_path.tcp_packet(source, PORT, question, 7, 0, SYN))
    assert right(data_path.tcp_packet(source, PORT, question, 8, 9, ACK | PSH, b'GET'))
    assert right(data_path.udp_packet(source, PORT, question))
    assert not right(data_path.udp_packet(source, PORT, question)[:-1] + b'?')


def test_a_packet_is_for_the_vip_though_its_frame_is_for_the_real_server():
    packet = data_path.tcp_packet(DIP, PORT, WEB, 7, 0, SYN)
    assert packet[16:20] == socket.inet_aton(VIP) and packet[12:16] == socket.inet_aton(DIP)
    assert struct.unpack('!HHIIBB', packet[20:34]) == (PORT, 80, 7, 0, 0x60, SYN)


@pytest.mark.parametrize('question, host', [
    (WEB, VIP), (Question(VIP, 8080, RIP, path='/'), VIP + ':8080'), (Question(VIP6, 81, RIP6, path='/'), '[2001:db8::100]:81'),
    (Question(VIP, 8080, RIP, path='/', host='www.example.org'), 'www.example.org'),
])
def test_a_request_names_the_host(question, host):
    assert 'Host: {0}\r\n'.format(host).encode() in question.request and question.request.endswith(b'\r\n\r\n')


class Wire(data_path.Path):
    """The path to a real server that is a function of the flags and the data of a segment, or of a datagram."""

    def __init__(self, question, answer):
        self.way, self.question, self.port = data_path.Way('eth0', DIP, neighbour.mac_bytes(MAC)), question, PORT
        self.until = time.monotonic() + question.timeout
        self.answer, self.sent = answer, []

    def send(self, packet):
        self.sent.append(packet)

    def frames(self, packet):
        self.send(packet)
        for answer in self.answer(self.parse(packet)):
            packet = data_path.ip_packet(self.question.vip, self.way.source, answer[0], answer[1])
            yield neighbour.ethernet(neighbour.mac_bytes(OURS), neighbour.mac_bytes(MAC), neighbour.ETH_P_IP, packet.ljust(46, b'\0'))

    @staticmethod
    def parse(packet):
        _source, _port, sequence, acknowledged, offset, flags = struct.unpack('!HHIIBB', packet[20:34].ljust(14, b'\0'))
        return data_path.Segment(0, sequence, acknowledged, flags, packet[20 + (offset >> 4) * 4:])


def segment(sequence, acknowledged, flags, data=b'', port=PORT):
    return capture.TCP, struct.pack('!HHIIBBHHH', 80, port, sequence & 0xFFFFFFFF, acknowledged & 0xFFFFFFFF, 0x50, flags, 1000, 0, 0) + data


def server(*parts, first=0xFFFFFFFF, end=()):
    """Return a web server that sends these parts, the first of them with this sequence number and one."""

    def answer(got):
        if got.flags == SYN:
            # What is for another port, or about another packet, is not meant.
            return [segment(1, got.sequence + 1, RST, port=PORT + 1), segment(1, got.sequence, RST | ACK),
                    segment(first, got.sequence + 1, SYN | ACK)]
        at, made = first + 1, []
        for part in parts:
            made.append(segment(at, got.sequence + len(got.data), ACK | PSH, part))
            at += len(part)
        return [*made, *(segment(at, 0, flags) for flags in end)]

    return answer


REJECTED = struct.pack('!BBHI', 3, 3, 0, 0) + data_path.tcp_packet(DIP, PORT, WEB, 7, 0, SYN)


def lost_before_the_end(got):
    """The end arrives, and what was before it does not."""
    return server()(got) if got.flags == SYN else [segment(100, 0, FIN | ACK)]


@pytest.mark.parametrize('question, answer, expected', [
    (WEB, server(b'HTTP/1.1 200 OK\r\n'), Answer(None, MAC, 200)),
    (WEB, server(b'HTTP/1.0 503\r\n\r\n'), Answer(None, MAC, 503)),
    (WEB, server(b'HTT', b'P/1.1 ', b'302 Found\r\n'), Answer(None, MAC, 302)),
    (WEB, server(b'SSH-2.0-OpenSSH_9.2\r\n'), Answer('closed', MAC)),
    (WEB, server(end=[FIN | ACK]), Answer('closed', MAC)),
    (WEB, server(end=[RST]), Answer('reset', MAC)),
    (WEB, server(), Answer('timeout', MAC)),
    (Question(VIP, 80, RIP), server(), Answer(None, MAC)),
    (WEB, lambda got: [segment(0, got.sequence + 1, RST | ACK)], Answer('refused', MAC)),
    (WEB, lambda _got: [(capture.ICMP, REJECTED)], Answer('refused', MAC)),
    (WEB, lost_before_the_end, Answer('timeout', MAC)),
    (WEB, lambda got: [], Answer('timeout')),
])
def test_what_comes_back_is_understood(question, answer, expected):
    assert data_path._tcp(Wire(question, answer)) == expected


def test_what_was_begun_is_ended():
    wire = Wire(WEB, server(b'HTTP/1.1 200 OK\r\n'))
    data_path._tcp(wire)
    first, request, end = map(wire.parse, wire.sent)
    assert (first.flags, request.flags, end.flags) == (SYN, ACK | PSH, RST)
    assert (request.sequence, request.acknowledged, request.data) == (first.sequence + 1, 0, WEB.request)
    assert end.sequence == request.sequence + len(request.data)


def test_a_mere_connection_is_never_established():
    wire = Wire(Question(VIP, 80, RIP), server())
    data_path._tcp(wire)
    assert [wire.parse(packet).flags for packet in wire.sent] == [SYN, RST]


UNREACHABLE = struct.pack('!BBHI', 3, 3, 0, 0) + data_path.udp_packet(DIP, PORT, Question(VIP, 53, RIP, 'udp'))


@pytest.mark.parametrize('answers, expected', [
    ([(capture.UDP, struct.pack('!HHHH', 53, PORT, 12, 0) + b'here')], Answer(None, MAC)),
    ([(capture.ICMP, UNREACHABLE)], Answer('refused', MAC)),
    ([(capture.UDP, struct.pack('!HHHH', 53, PORT + 1, 8, 0))], Answer('timeout')),
])
def test_a_datagram_is_answered_refused_or_neither(answers, expected):
    assert data_path._udp(Wire(Question(VIP, 53, RIP, 'udp'), lambda _got: answers)) == expected


@pytest.mark.parametrize('answer, question, reply, wrong', [
    (Answer(None, MAC, 200), WEB, False, None),
    (Answer(None, MAC, 299), WEB, False, None),
    (Answer(None, MAC, 301), WEB, False, 'the answer has status 301'),
    (Answer(None, MAC), Question(VIP, 80, RIP), False, None),
    (Answer('refused', MAC), WEB, False, 'refused'),
    (Answer('closed', MAC), WEB, False, 'the answer is not HTTP'),
    (Answer('timeout'), WEB, False, 'timeout'),
    (Answer('timeout'), Question(VIP, 53, RIP, 'udp'), False, None),
    (Answer('timeout'), Question(VIP, 53, RIP, 'udp'), True, 'timeout'),
    (Answer('refused'), Question(VIP, 53, RIP, 'udp'), False, 'refused'),
])
def test_an_answer_is_judged(answer, question, reply, wrong):
    assert data_path.fault(answer, question, [(200, 299)], reply) == wrong


@pytest.fixture(name='kernel')
def what_the_kernel_knows(monkeypatch):
    """Return a function that says which route and which MAC address the kernel is to know."""
    monkeypatch.setattr(socket, 'if_indextoname', {2: 'eth0'}.get)
    monkeypatch.setattr(data_path, 'nudge', lambda _question: None)

    def know(route, mac=None):
        monkeypatch.setattr(rtnetlink, 'route_to', lambda _address: route)
        monkeypatch.setattr(rtnetlink, 'mac_of', lambda address, interface: mac if (address, interface) == (RIP, 2) else None)

    return know


LINK = rtnetlink.Route(2, DIP, False, False)


def test_the_way_is_the_one_that_the_kernel_knows(kernel):
    kernel(LINK, b'\x02\0\0\0\0\x15')
    assert data_path.way_to(WEB, 0) == ('eth0', DIP, b'\x02\0\0\0\0\x15')
    kernel(LINK._replace(gateway=True))
    assert data_path.way_to(Question(VIP, 80, RIP, forward='tun'), 0) == ('eth0', DIP, None)


@pytest.mark.parametrize('route, question, sentence', [
    (None, WEB, 'there is no route to 192.0.2.21'),
    (LINK._replace(gateway=True), WEB, '192.0.2.21 is behind a router'),
    (LINK._replace(local=True), WEB, '192.0.2.21 is an address of this host itself'),
    (LINK, WEB, 'nobody on eth0 has 192.0.2.21'),
    (LINK, Question(VIP6, 80, RIP, forward='tun'), '2001:db8::100 and 192.0.2.21 are not of the same address family'),
])
def test_where_there_is_no_way_it_says_why(kernel, route, question, sentence):
    kernel(route)
    with pytest.raises(data_path.NoWay, match=sentence):
        data_path.way_to(question, 0)


def test_what_a_filter_keeps_back_beside_it_changes_no_answer(kernel, monkeypatch):
    def refuse(_question):
        raise PermissionError

    kernel(LINK, b'\x02\0\0\0\0\x15')
    monkeypatch.setattr(data_path, 'Path', lambda way, *_question: types.SimpleNamespace(way=way, close=lambda: None))
    monkeypatch.setattr(data_path, '_udp', lambda _path: Answer('timeout'))
    monkeypatch.setattr(data_path, 'nudge', refuse)
    assert data_path.ask(Question(VIP, 53, RIP, 'udp')) == Answer('timeout')


@pytest.mark.parametrize('answer, status, said', [(b'HTTP/1.0 200 OK\r\n', 0, ''), (b'HTTP/1.0 500 No\r\n', 1, 'status 500')])
def test_a_director_that_serves_too_is_asked_at_its_own_address(kernel, capsys, answer, status, said):
    kernel(rtnetlink.Route(1, '127.0.0.1', False, True))
    with socket.socket() as server:
        server.bind(('127.0.0.1', 0))
        words = [VIP, str(server.getsockname()[1]), '127.0.0.1', '--path', '/']
        assert data_path.main(words) == 1
        assert 'refused' in capsys.readouterr().err
        server.listen(1)

        def serve():
            with server.accept()[0] as connection:
                connection.recv(4096)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        assert data_path.main(words) == status
        thread.join()
        assert said in capsys.readouterr().err


def test_datagrams_to_itself_are_refused_where_nobody_listens():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(('127.0.0.1', 0))
        port = server.getsockname()[1]
        assert data_path.ask_itself(Question(VIP, port, '127.0.0.1', 'udp', timeout=0.1)) == Answer('timeout')
    assert data_path.ask_itself(Question(VIP, port, '127.0.0.1', 'udp', timeout=5)) == Answer('refused')


@pytest.mark.parametrize('words', [
    ('www.example.org', '80', RIP), (VIP, '70000', RIP), (VIP, '80', 'real1'), (VIP, '80'), (VIP, '80', RIP, '--verbose'),
    (VIP, '80', RIP, '--protocol', 'sctp'), (VIP, '80', RIP, '--forward', 'nat'), (VIP, '80', RIP, '--timeout'), (VIP, '80', RIP, '--status', 'ok'),
])
def test_what_cannot_be_understood_is_answered_by_how_it_is_used(words, capsys):
    assert data_path.main(words) == 1
    assert 'usage: lvs-data-path' in capsys.readouterr().err


def test_all_that_can_be_said():
    words = '{0} 53 {1} --protocol udp --forward tun --timeout 0.5 --payload 00ff --reply --status 200 --status 301-302'.format(VIP6, RIP6)
    assert data_path.read([*words.split(), '--path', '/a b', '--host', 'a.b']) == (
        Question(VIP6, 53, RIP6, 'udp', 'tun', '/a b', 'a.b', b'\x00\xff', 0.5), [(200, 200), (301, 302)], True)
    assert data_path.main(['--help']) == 0


def test_the_program_says_in_one_line_what_is_wrong(monkeypatch, capsys):
    monkeypatch.setattr(data_path, 'ask', lambda _question: Answer(None, MAC, 500))
    assert data_path.main([VIP, '80', RIP, '--path', '/healthz', '--status', '200-299', '--status', '301']) == 1
    assert capsys.readouterr().err == 'lvs-data-path: 192.0.2.21 at 192.0.2.100 port 80: the answer has status 500\n'
    assert data_path.main([VIP, '80', RIP, '--path', '/healthz', '--status', '500']) == 0
