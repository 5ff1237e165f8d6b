# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a frame from a VIP says. The frames are from a real wire."""

from __future__ import annotations

import itertools
import struct

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils import capture
from ansible_collections.lvs.direct_routing.plugins.module_utils.capture import Seen, kernel_filter, parse_frame

from .bpf import run_filter

VIP, VIP6 = '192.0.2.100', '2001:db8::100'
DIRECTOR, SERVER = '02:00:00:00:00:02', '02:00:00:00:00:04'

FRAMES = {name: bytes.fromhex(text) for name, text in {
    'SYN-ACK': (
        '02000000000102000000000408004500003c000040004006b656c0000264c00002010050e3cbc9d8f1e520b1e12ba012'
        'fe8884940000020405b40402080a6a8e57421b426e4101030306'
    ),
    'SYN-ACK6': (
        '02000000000102000000000486dd600192090028064020010db800000000000000000000010020010db8000000000000'
        '0000000000010050a7638cce8a8bc13c0bf5a012fb045ca10000020405a00402080a81b294ebdf842a5d01030306'
    ),
    'UDP': (
        '02000000000102000000000408004500001f0e9d40004011a7cbc0000264c00002010035c064000b8482727332'
    ),
    'UDP6': (
        '02000000000102000000000486dd6009a174000b114020010db800000000000000000000010020010db8000000000000'
        '0000000000010035a1ef000b5c8f727332'
    ),
    'RST': (
        '020000000001020000000002080045000028000040004006b66ac0000264c00002010051a7c7000000007b1adcd15014'
        '00002b660000'
    ),
    'ICMP': (
        '020000000001020000000002080045c0003bcd4000004001285cc0000264c00002010303c2e1000000004500001f26a5'
        '400040118fc3c0000201c0000264d5e00036000b84826c7673'
    ),
    'ICMP6': (
        '02000000000102000000000286dd6003e2e7003b3a4020010db800000000000000000000010020010db8000000000000'
        '0000000000010104ed6300000000600ee5cc000b114020010db800000000000000000000000120010db8000000000000'
        '000000000100c4ce0036000b5c8f6c7673'
    ),
}.items()}


@pytest.mark.parametrize('name, vip, port, protocol, seen', [
    ('SYN-ACK', VIP, 80, 'tcp', Seen(58315, SERVER)),
    ('SYN-ACK6', VIP6, 80, 'tcp', Seen(42851, SERVER)),
    ('UDP', VIP, 53, 'udp', Seen(49252, SERVER)),
    ('UDP6', VIP6, 53, 'udp', Seen(41455, SERVER)),
    ('RST', VIP, 81, 'tcp', Seen(42951, DIRECTOR)),
    ('ICMP', VIP, 54, 'udp', Seen(54752, DIRECTOR, True)),
    ('ICMP6', VIP6, 54, 'udp', Seen(50382, DIRECTOR, True)),
    ('SYN-ACK', VIP, 8080, 'tcp', None),
    ('SYN-ACK', '192.0.2.10', 80, 'tcp', None),
    ('SYN-ACK', VIP, 80, 'udp', None),
    ('SYN-ACK', VIP6, 80, 'tcp', None),
    ('ICMP', VIP, 53, 'udp', None),
    ('ICMP', VIP, 54, 'tcp', None),
])
def test_a_frame_says_who_answered_which_port(name, vip, port, protocol, seen):
    assert parse_frame(FRAMES[name], vip, port, protocol) == seen


@pytest.mark.parametrize('name', sorted(FRAMES))
def test_no_frame_that_is_cut_short_breaks_the_probe(name):
    frame = FRAMES[name]
    for length in range(len(frame)):
        for vip, port, protocol in itertools.product((VIP, VIP6), (80, 54), ('tcp', 'udp')):
            parse_frame(frame[:length], vip, port, protocol)


def test_a_later_fragment_has_no_ports():
    frame = bytearray(FRAMES['UDP'])
    frame[20:22] = struct.pack('!H', 185)
    assert parse_frame(bytes(frame), VIP, 53, 'udp') is None


@pytest.mark.parametrize('vip, name, kept', [
    (VIP, 'SYN-ACK', True), (VIP, 'ICMP', True), ('192.0.2.10', 'SYN-ACK', False), ('192.0.2.1', 'SYN-ACK', False),
    (VIP6, 'SYN-ACK6', True), (VIP6, 'ICMP6', True), ('2001:db8::101', 'SYN-ACK6', False),
    ('2001:db9::100', 'SYN-ACK6', False), ('2001:db8:0:0:1::100', 'SYN-ACK6', False),
    pytest.param('2001:db9:2001:db8::100', 'SYN-ACK6', False, id='a jump that is too short lands on the next word'),
])
def test_the_kernel_keeps_frames_from_the_vip_only(vip, name, kept):
    assert run_filter(kernel_filter(vip), FRAMES[name]) == (capture.SNAP if kept else 0)
