# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Frames of ARP and neighbour discovery, against frames that a Linux kernel sent and accepted."""

from __future__ import annotations

import socket

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils import neighbour

from .bpf import run_filter

VIP, VIP6 = '192.0.2.100', '2001:db8::100'
CLIENT, DIRECTOR = '02:00:00:00:00:01', '02:00:00:00:00:02'

KERNEL_ARP_REPLY = bytes.fromhex(
    '02000000000102000000000208060001080006040002020000000002c0000264020000000001c0000201')
KERNEL_ADVERTISEMENT = bytes.fromhex(
    '02000000000102000000000286dd6000000000203aff20010db800000000000000000000010020010db80000000000000000000000018800'
    '88756000000020010db80000000000000000000001000201020000000002')
ADVERTISEMENT_ON_THE_WIRE = bytes.fromhex(
    '33330000000102000000000286dd6000000000203aff20010db8000000000000000000000100ff0200000000000000000000000000018800'
    'f72b2000000020010db80000000000000000000001000201020000000002')
GRATUITOUS_REQUEST_ON_THE_WIRE = bytes.fromhex(
    'ffffffffffff02000000000208060001080006040001020000000002c0000264000000000000c0000264')


def test_mac_addresses_are_read_and_written_as_ip_prints_them():
    assert neighbour.mac_text(neighbour.mac_bytes('02:0a:ff:00:00:01')) == '02:0a:ff:00:00:01'


def test_a_gratuitous_request_has_the_vip_on_both_sides():
    frame = neighbour.gratuitous_arp(VIP, neighbour.mac_bytes(DIRECTOR), neighbour.ARP_REQUEST)
    assert frame == GRATUITOUS_REQUEST_ON_THE_WIRE


def test_a_gratuitous_reply_is_for_everybody():
    frame = neighbour.gratuitous_arp(VIP, neighbour.mac_bytes(DIRECTOR), neighbour.ARP_REPLY)
    assert frame[:6] == b'\xff' * 6 and frame[20:22] == b'\x00\x02'
    assert frame[28:32] == frame[38:42] == socket.inet_aton(VIP)


def test_an_unsolicited_advertisement_overrides_what_hosts_know():
    assert neighbour.unsolicited_advertisement(VIP6, neighbour.mac_bytes(DIRECTOR)) == ADVERTISEMENT_ON_THE_WIRE


def test_a_solicitation_goes_to_the_group_of_the_vip():
    frame = neighbour.solicitation(VIP6, neighbour.mac_bytes(CLIENT), '2001:db8::1')
    assert frame[:6] == bytes.fromhex('3333ff000100')
    assert frame[38:54] == bytes.fromhex('ff0200000000000000000001ff000100')
    assert frame[21] == 255


@pytest.mark.parametrize('frame, vip, claimed', [
    pytest.param(KERNEL_ARP_REPLY, VIP, DIRECTOR, id='ARP reply'),
    pytest.param(GRATUITOUS_REQUEST_ON_THE_WIRE, VIP, DIRECTOR, id='gratuitous request'),
    pytest.param(KERNEL_ADVERTISEMENT, VIP6, DIRECTOR, id='advertisement'),
    pytest.param(KERNEL_ADVERTISEMENT[:78], VIP6, DIRECTOR, id='advertisement without the option: the sender'),
    pytest.param(KERNEL_ARP_REPLY, '192.0.2.101', None, id='ARP reply for another address'),
    pytest.param(KERNEL_ARP_REPLY, '192.0.2.1', None, id='ARP reply to, not for'),
    pytest.param(KERNEL_ADVERTISEMENT, '2001:db8::101', None, id='advertisement of another address'),
    pytest.param(KERNEL_ARP_REPLY, VIP6, None, id='the other family'),
    pytest.param(KERNEL_ADVERTISEMENT, VIP, None, id='the other family, IPv6'),
    pytest.param(neighbour.solicitation(VIP6, b'\x02' * 6, '2001:db8::1'), VIP6, None, id='a question'),
    pytest.param(KERNEL_ARP_REPLY[:30], VIP, None, id='cut short'),
    pytest.param(KERNEL_ADVERTISEMENT[:60], VIP6, None, id='cut short, IPv6'),
    pytest.param(b'', VIP, None, id='empty'),
])
def test_what_a_frame_claims(frame, vip, claimed):
    assert neighbour.claim(frame, vip) == claimed


class Wire:
    """A socket that remembers what was sent."""

    def __init__(self):
        self.sent = []

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        pass

    def send(self, frame):
        self.sent.append(frame)


def test_announcements_take_turns_over_all_vips(monkeypatch):
    wire, pauses = Wire(), []
    monkeypatch.setattr(neighbour, 'packet_socket', lambda interface, protocol: wire)
    monkeypatch.setattr(neighbour.time, 'sleep', pauses.append)
    neighbour.announce('eth0', DIRECTOR, [VIP, VIP6], 3, gap=0.5)
    request, reply = (neighbour.gratuitous_arp(VIP, neighbour.mac_bytes(DIRECTOR), kind) for kind in (1, 2))
    advertisement = ADVERTISEMENT_ON_THE_WIRE
    assert wire.sent == [request, advertisement, reply, advertisement, request, advertisement]
    assert pauses == [0.5, 0.5]


class Segment(Wire):
    """A socket of an interface that has a MAC address and a type of hardware."""

    def __init__(self, hardware):
        super().__init__()
        self.hardware = hardware

    def getsockname(self):
        return 'eth0', 0, 0, self.hardware, neighbour.mac_bytes(CLIENT)


@pytest.fixture(name='segments')
def replaced_sockets(monkeypatch):
    """Return the sockets that were opened, by interface and protocol; all hear an ARP reply for the VIP."""
    opened = {}

    def open_socket(interface, protocol, _program=()):
        assert (interface, protocol) not in opened
        opened[interface, protocol] = Segment(neighbour.ARPHRD_ETHER if interface == 'eth0' else 65534)
        return opened[interface, protocol]

    monkeypatch.setattr(neighbour, 'packet_socket', open_socket)
    monkeypatch.setattr(neighbour, 'frames', lambda socks, _until: [(sock, KERNEL_ARP_REPLY) for sock in socks])
    return opened


def test_many_questions_share_a_socket_and_each_has_its_own_answer(segments):
    vip, other, vip6 = (neighbour.Question('eth0', *rest) for rest in (
        (VIP, '192.0.2.1'), ('192.0.2.101', '0.0.0.0'), (VIP6, '2001:db8::1')))
    assert neighbour.ask_all([vip, other, vip6], 2, 0.1) == {vip: [DIRECTOR], other: [], vip6: []}
    assert [frame[28:32] + frame[38:42] for frame in segments['eth0', neighbour.ETH_P_ARP].sent] == 2 * [
        socket.inet_aton('192.0.2.1') + socket.inet_aton(VIP), socket.inet_aton('0.0.0.0') + socket.inet_aton('192.0.2.101')]
    assert segments['eth0', neighbour.ETH_P_IPV6].sent == 2 * [
        neighbour.solicitation(VIP6, neighbour.mac_bytes(CLIENT), '2001:db8::1')]


def test_what_is_no_ethernet_is_not_asked(segments):
    assert neighbour.ask('tun0', '192.0.2.1', VIP, 3, 0.1) is None
    assert segments['tun0', neighbour.ETH_P_ARP].sent == []


@pytest.mark.parametrize('frame, kept', [
    (KERNEL_ADVERTISEMENT, True), (ADVERTISEMENT_ON_THE_WIRE, True),
    (neighbour.solicitation(VIP6, b'\x02' * 6, '2001:db8::1'), False),
    pytest.param(KERNEL_ADVERTISEMENT[:20] + b'\x06' + KERNEL_ADVERTISEMENT[21:], False, id='TCP'),
])
def test_the_kernel_keeps_advertisements_only(frame, kept):
    assert bool(run_filter(neighbour.ADVERTISEMENTS, frame)) is kept
