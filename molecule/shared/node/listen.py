# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""On the client: ask the segment all the time who has the VIPs, and note every MAC address that a frame claims one for.

`python3 listen.py ADDRESS ADDRESS_IPV6 VIP...`. A line on stdin is answered with what was heard so far; at the end of
stdin the program ends. It reads every frame that arrives, so it hears gratuitous claims as well as answers.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time

import neighbour

INTERFACE = 'eth0'
ETH_P_ALL = 3
# Seconds between two rounds of questions: several a second, as a busy segment has them.
GAP = 0.15


class Ear:
    """Every claim that was heard, as {VIP: {MAC: number of frames}}."""

    def __init__(self, vips):
        self.heard = {vip: {} for vip in vips}
        self.asked = 0

    def listen(self, receiver, stop):
        receiver.settimeout(0.2)
        while not stop.is_set():
            try:
                frame, origin = receiver.recvfrom(65535)
            except socket.timeout:
                continue
            if origin[2] == neighbour.PACKET_OUTGOING:
                continue
            for vip, macs in self.heard.items():
                mac = neighbour.claim(frame, vip)
                if mac:
                    macs[mac] = macs.get(mac, 0) + 1

    def ask(self, sender, questions, stop):
        while not stop.wait(GAP):
            for question in questions:
                sender.send(question)
            self.asked += 1

    def figures(self):
        return {'heard': {vip: dict(macs) for vip, macs in self.heard.items()}, 'asked': self.asked}


def question(vip, mac, address, address_ipv6):
    if ':' in vip:
        return neighbour.solicitation(vip, mac, address_ipv6)
    return neighbour.arp_frame(neighbour.ARP_REQUEST, mac, address, neighbour.NOBODY, vip)


def main():
    address, address_ipv6, *vips = sys.argv[1:]
    with open('/sys/class/net/{0}/address'.format(INTERFACE), encoding='ascii') as stream:
        mac = neighbour.mac_bytes(stream.read().strip())
    questions = [question(vip, mac, address, address_ipv6) for vip in vips]
    ear, stop = Ear(vips), threading.Event()
    with neighbour.packet_socket(INTERFACE, ETH_P_ALL) as receiver, neighbour.packet_socket(INTERFACE, 0) as sender:
        threads = [
            threading.Thread(target=ear.listen, args=(receiver, stop)),
            threading.Thread(target=ear.ask, args=(sender, questions, stop)),
        ]
        for thread in threads:
            thread.start()
        print(json.dumps(ear.figures()), flush=True)
        for _line in sys.stdin:
            print(json.dumps(ear.figures()), flush=True)
        # What was asked last is still on its way.
        time.sleep(1)
        stop.set()
        for thread in threads:
            thread.join()
    print(json.dumps(ear.figures()), flush=True)


if __name__ == '__main__':
    main()
