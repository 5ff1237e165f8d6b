# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What IPVS holds beside the table: connection timeouts and sync daemons, as values, and what may be set.

Private to this collection.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .model import MAX_PORT, InvalidEntry, family_of, in_range, unusable

# ipvsadm takes 31 days, but the kernel counts in ticks and refuses more than INT_MAX / HZ seconds (ip_vs_ctl.c); this is
# what it takes at 1000 ticks a second, the most there are.
MAX_TIMEOUT = 2147483

ROLES = ('master', 'backup')
MAX_SYNCID = 255
MAX_TTL = 255
# The payload of an UDP datagram; what is above, and for a backup what is below, the kernel changes without a word.
MAX_MAXLEN = {'ipv4': 65507, 'ipv6': 65487}
MIN_MAXLEN = {'master': 1, 'backup': 1024}
_INTERFACE = re.compile(r'[\w.:@+-]{1,15}', re.ASCII)


class Timeouts(NamedTuple):
    """How long idle connections are kept, in seconds: TCP sessions, those after a FIN, and UDP."""

    tcp: int
    tcp_fin: int
    udp: int


# Of a kernel that has just loaded ip_vs.
DEFAULT_TIMEOUTS = Timeouts(900, 120, 300)
# To ipvsadm, 0 means to keep the timeout that is set.
UNDECLARED = Timeouts(0, 0, 0)


class SyncDaemon(NamedTuple):
    """A daemon that sends or receives connections; 0 and '' are what the kernel chooses by itself."""

    role: str
    interface: str
    syncid: int = 0
    maxlen: int = 0
    group: str = ''
    port: int = 0
    ttl: int = 0


def check_timeout(option: str, seconds: int) -> None:
    """Raise `InvalidEntry` for a timeout that some kernel refuses, or that means to keep the one there is."""
    in_range(option, seconds, 1, MAX_TIMEOUT, ' seconds; leave it out to keep the timeout that is set')


def check_daemon(daemon: SyncDaemon) -> None:
    """Raise `InvalidEntry` if ipvsadm would refuse these settings or the kernel quietly change them."""
    if not _INTERFACE.fullmatch(daemon.interface):
        raise InvalidEntry('interface', daemon.interface, 'is not the name of a network interface')
    in_range('syncid', daemon.syncid, 0, MAX_SYNCID)
    if daemon.group and unusable(daemon.group) != 'multicast':
        raise InvalidEntry('group', daemon.group, 'is not a multicast address')
    if daemon.maxlen:
        low = MIN_MAXLEN[daemon.role]
        high = MAX_MAXLEN[family_of(daemon.group)]
        in_range('maxlen', daemon.maxlen, low, high, ', the range of a {0}'.format(daemon.role))
    if daemon.port:
        in_range('port', daemon.port, 1, MAX_PORT)
    if daemon.ttl:
        in_range('ttl', daemon.ttl, 1, MAX_TTL)
