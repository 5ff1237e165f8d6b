# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No connection is lost while a real server changes between direct routing and a tunnel.

Private to this collection. The connections that it has keep their way, and the kernel keeps one route for both ways. If a
packet that goes through the tunnel looks it up, the route names no next hop, and a packet that goes directly is then sent
to whoever answers for its destination, the VIP, on the segment (FLOWI_FLAG_KNOWN_NH of ip_vs_xmit.c; seen with Linux 6.1).
A host route whose gateway is the real server itself leads both to it. It stays as long as an entry of the table sends
there, since nobody can tell when the last connection of the other kind has ended.
"""

from __future__ import annotations

from typing import Callable, Iterable, Sequence

from ..command import CommandError, NotInstalled, Runner
from ..iproute import Route, read_routing
from .model import RealServer, Table, family_of
from .plan import Change

# Whose a route is, as numbers below 256 of rtnetlink(7) say; none that a routing daemon uses.
PROTOCOL = '173'
WAYS = {'dr', 'tun'}

Warn = Callable[[str], None]


def hold(run: Runner, changes: Iterable[Change], warn: Warn) -> None:
    """Have the routes that these changes call for; warn where this host has no way to. Three processes at most."""
    addresses = sorted({change.key.address for change in changes if _changes_its_way(change)})
    try:
        routes: dict[str, Route] = {}
        for version, family in ((4, 'ipv4'), (6, 'ipv6')):
            of_family = [address for address in addresses if family_of(address) == family]
            if of_family:
                routes.update(read_routing(run, version, of_family).to)
        _batch(run, [
            'route prepend {0} via {0} dev {1} onlink{2} proto {3}'.format(
                address, route.interface, ' src ' + route.source if route.source else '', PROTOCOL)
            for address, route in sorted(routes.items()) if not route.gateway and not route.local
        ], 'File exists')
    except CommandError as error:
        warn('While {0} changes between direct routing and a tunnel, connections may be lost: {1}'.format(
            ', '.join(addresses), error))


def release(run: Runner, changes: Iterable[Change], have: Table, after: Table, warn: Warn) -> None:
    """Remove the routes to those whom a change takes out of the table. One process at most."""
    if all(change.after is not None for change in changes):
        return
    gone = {key.address for key in have.realservers} - {key.address for key in after.realservers}
    try:
        _batch(run, ['route delete {0} via {0} proto {1}'.format(address, PROTOCOL) for address in sorted(gone)],
               'No such process')
    except NotInstalled:
        # Then there was nothing to make a route with either.
        pass
    except CommandError as error:
        warn('A host route to a real server that is gone may be left, see `ip route show proto {0}`: {1}'.format(
            PROTOCOL, error))


def _changes_its_way(change: Change) -> bool:
    before, after = change.before, change.after
    return (isinstance(before, RealServer) and isinstance(after, RealServer)
            and {before.forward, after.forward} == WAYS)


def _batch(run: Runner, lines: Sequence[str], content: str) -> None:
    """Run lines of `ip`; it may find things as they should be, and says so in the words of `content`."""
    if not lines:
        return
    result = run(('ip', '-force', '-batch', '-'), stdin=''.join(line + '\n' for line in lines))
    errors = [line for line in result.stderr.splitlines() if line.strip() and not line.startswith('Command failed')]
    if any(content not in line for line in errors):
        raise CommandError(result.argv, result.rc, '; '.join(errors))
