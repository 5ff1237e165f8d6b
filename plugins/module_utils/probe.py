# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client's view of one virtual service: who claims the VIP, who answers, what fails.

Private to this collection. In direct routing the reply comes straight from the real server, so the source MAC address
of the reply's frame, which `capture` has, says which one answered. `summary` and the parsing are pure; `Client` does the
talking.
"""

from __future__ import annotations

import collections
import dataclasses
import errno
import ipaddress
import math
import re
import socket
import ssl
import time
from typing import Callable, Mapping, Sequence

from . import data_path, iproute, neighbour
from .capture import Capture
from .command import Runner

BODY_LINE = 80
STATUS = re.compile('[1-5][0-9]{2}(-[1-5][0-9]{2})?')
BODY_KEPT = 4096

KINDS = {
    errno.ECONNREFUSED: 'refused',
    errno.ECONNRESET: 'reset',
    errno.EPIPE: 'reset',
    errno.ETIMEDOUT: 'timeout',
    errno.EHOSTUNREACH: 'unreachable',
    errno.EHOSTDOWN: 'unreachable',
    errno.ENETUNREACH: 'unreachable',
    errno.ENETDOWN: 'unreachable',
    errno.EADDRINUSE: 'no_port',
    errno.EADDRNOTAVAIL: 'no_port',
}


class ProbeError(Exception):
    """The probe cannot be made as asked."""


@dataclasses.dataclass(frozen=True)
class Target:
    """The virtual service and how to probe it: the validated options of the vip_probe module."""

    address: str
    port: int
    protocol: str = 'tcp'
    requests: int = 10
    tls: bool = False
    path: str | None = None
    host: str | None = None
    status: Sequence[str] = ('200-399',)
    payload: str = 'lvs'
    timeout: float = 2.0
    arp_tries: int = 3
    arp_interval: float = 0.3
    interface: str | None = None
    deadline: float = 60.0
    real_server: str | None = None
    forward: str = 'dr'

    @classmethod
    def from_options(cls, options: Mapping) -> Target:
        """Validate the module's options; raise `ProbeError`."""
        address = _literal('address', options['address'])
        real_server = options.get('real_server')
        if real_server is not None:
            real_server = _literal('real_server', real_server)
            if options.get('interface') is not None:
                raise ProbeError('interface: {0} cannot be chosen with real_server: the frames go where the real server is'.format(
                    options['interface']))
            if real_server == address:
                raise ProbeError('real_server: {0} is the VIP, not an address that is the real server\'s alone'.format(real_server))
        for name, low, high, unit in (('port', 1, 65535, ''), ('requests', 1, 100000, ''), ('arp_tries', 1, 100, ''),
                                      ('timeout', 0.001, 3600, ' seconds'), ('arp_interval', 0.01, 60, ' seconds'),
                                      ('deadline', 0.001, 86400, ' seconds')):
            # Written so that a value that is not a number is out of range as well.
            if not low <= options[name] <= high:
                raise ProbeError('{0}: {1} is out of range: {2} to {3}{4}'.format(name, options[name], low, high, unit))
        path = options.get('path')
        if path is not None and options['protocol'] != 'tcp':
            raise ProbeError("path: '{0}' is asked for by HTTP, which is protocol: tcp".format(path))
        if path is not None and (not path.startswith('/') or not path.isascii() or not path.isprintable()
                                 or ' ' in path):
            raise ProbeError("path: '{0}' is not a path of an HTTP request; it begins with '/' and is percent-encoded, "
                             "for example /healthz".format(path))
        if options.get('tls') and (options['protocol'] != 'tcp' or real_server is not None):
            raise ProbeError('tls: goes with protocol: tcp, and not with real_server')
        host = options.get('host')
        if host is not None and (path is None or not re.fullmatch('[!-~]{1,255}', host)):
            raise ProbeError("host: '{0}' is not the name of a host in an HTTP request, which needs a path".format(host))
        for one in options.get('status') or ():
            if not STATUS.fullmatch(str(one)):
                raise ProbeError("status: '{0}' is not a status of HTTP, or a range of them: for example 200, or 200-299".format(one))
        interface = options.get('interface')
        if interface is not None and not iproute.INTERFACE_NAME.match(interface):
            raise ProbeError("interface: '{0}' is not the name of an interface".format(interface))
        return cls(**dict({field.name: options[field.name] for field in dataclasses.fields(cls)
                           if options.get(field.name) is not None}, address=address, real_server=real_server,
                          status=tuple(options.get('status') or cls.status)))

    @property
    def family(self) -> int:
        return socket.AF_INET6 if ':' in self.address else socket.AF_INET

    @property
    def named(self) -> str:
        """Return the host as it stands in a request."""
        name = '[{0}]'.format(self.address) if ':' in self.address else self.address
        return self.host or (name if self.port == (443 if self.tls else 80) else '{0}:{1}'.format(name, self.port))

    def is_good(self, status: int) -> bool:
        """Return whether a status of HTTP is a success."""
        ranges = (str(one).partition('-') for one in self.status)
        return any(int(low) <= status <= int(high or low) for low, _dash, high in ranges)


def _literal(name: str, given: str) -> str:
    try:
        if '%' in given:
            raise ValueError('scope id')
        return str(ipaddress.ip_address(given))
    except ValueError:
        raise ProbeError("{0}: '{1}' is not a literal IPv4 or IPv6 address; names are not resolved here, write it as for "
                         "example 192.0.2.100".format(name, given)) from None


@dataclasses.dataclass
class Reply:
    """What became of one request. `error` is one of timeout, refused, reset, unreachable, tls, http_status, closed, ..."""

    port: int | None = None
    mac: str | None = None
    status: int | None = None
    body: str | None = None
    error: str | None = None
    seconds: float | None = None

    @property
    def ok(self) -> bool:
        return self.error is None

    def compact(self) -> dict:
        return {'mac': self.mac, 'ok': self.ok, 'status': self.status, 'body': self.body, 'error': self.error}


class Client:
    """Makes one request after the other, each on a connection, and so from a port, of its own."""

    def __init__(self, target: Target) -> None:
        self.target = target
        # Who answers is the question, not whether its certificate is good.
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if target.tls else None
        if self._tls:
            self._tls.check_hostname = False
            self._tls.verify_mode = ssl.CERT_NONE

    def request(self) -> Reply:
        reply = Reply()
        begin = time.monotonic()
        try:
            kind = socket.SOCK_STREAM if self.target.protocol == 'tcp' else socket.SOCK_DGRAM
            with socket.socket(self.target.family, kind) as sock:
                if self.target.interface:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self.target.interface.encode() + b'\0')
                sock.bind(('', 0))
                reply.port = sock.getsockname()[1]
                self._talk(sock, begin + self.target.timeout, reply)
        except socket.timeout:
            reply.error = 'timeout'
        except ssl.SSLError:
            reply.error = 'tls'
        except OSError as error:
            reply.error = KINDS.get(error.errno, 'other')
        reply.seconds = time.monotonic() - begin
        return reply

    def _talk(self, sock: socket.socket, until: float, reply: Reply) -> None:
        sock.settimeout(self.target.timeout)
        sock.connect((self.target.address, self.target.port))
        if self.target.protocol == 'udp':
            sock.send(self.target.payload.encode())
            reply.body = first_line(_receive(sock, until))
        elif self._tls:
            with self._tls.wrap_socket(sock, server_hostname=self.target.host or self.target.address) as wrapped:
                self._ask(wrapped, until, reply)
        else:
            self._ask(sock, until, reply)

    def _ask(self, sock: socket.socket, until: float, reply: Reply) -> None:
        if self.target.path is None:
            return
        # HTTP/1.0, so that the reply is neither chunked nor kept alive.
        sock.sendall('GET {0} HTTP/1.0\r\nHost: {1}\r\nUser-Agent: lvs.direct_routing\r\nConnection: close\r\n\r\n'
                     .format(self.target.path, self.target.named).encode())
        reply.status, body, complete = read_http(lambda: _receive(sock, until))
        reply.body = first_line(body)
        if reply.status is None or not complete:
            reply.error = 'closed'
        elif not self.target.is_good(reply.status):
            reply.error = 'http_status'


class Director:
    """Asks one real server at the VIP, past the director, as a director's packets reach it."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.question = data_path.Question(
            target.address, target.port, str(target.real_server), target.protocol, target.forward, target.path, target.host,
            payload=target.payload.encode(), timeout=target.timeout)

    def request(self) -> Reply:
        begin = time.monotonic()
        try:
            answer = data_path.ask(self.question)
        except data_path.Nobody:
            answer = data_path.Answer('unreachable')
        error = answer.error
        if error is None and answer.status is not None and not self.target.is_good(answer.status):
            error = 'http_status'
        return Reply(None, answer.mac, answer.status, None, error, time.monotonic() - begin)


def _receive(sock: socket.socket, until: float) -> bytes:
    left = until - time.monotonic()
    if left <= 0:
        raise socket.timeout('timed out')
    sock.settimeout(left)
    return sock.recv(65536)


def read_http(receive: Callable[[], bytes]) -> tuple[int | None, bytes, bool]:
    """Read an HTTP reply up to its end; return its status, the beginning of its body and whether it was complete."""
    head = b''
    while b'\r\n\r\n' not in head:
        data = receive()
        if not data or len(head) > 65536:
            return None, b'', False
        head += data
    head, _separator, body = head.partition(b'\r\n\r\n')
    lines = head.decode('latin-1').split('\r\n')
    words = lines[0].split(None, 2)
    if len(words) < 2 or not words[0].startswith('HTTP/') or not words[1].isdigit():
        return None, b'', False
    length = None
    for line in lines[1:]:
        name, _colon, value = line.partition(':')
        if name.strip().lower() == 'content-length' and value.strip().isdigit():
            length = int(value)
    size = len(body)
    body = body[:BODY_KEPT]
    while length is None or size < length:
        data = receive()
        if not data:
            break
        size += len(data)
        body = (body + data)[:BODY_KEPT]
    return int(words[1]), body, length is None or size >= length


def first_line(body: bytes) -> str:
    """Return the first line that is not empty, at most 80 characters, without control characters."""
    for line in body[:BODY_KEPT].decode('utf-8', errors='replace').splitlines():
        if line.strip():
            return ''.join(char if char.isprintable() else '?' for char in line.strip()[:BODY_LINE])
    return ''


def quantiles(values: Sequence[float]) -> dict | None:
    """Return p50, p90, p95, p99 and max by nearest rank, in seconds; None without values."""
    if not values:
        return None
    ordered = sorted(values)
    result = {'p{0}'.format(share): ordered[math.ceil(share / 100 * len(ordered)) - 1] for share in (50, 90, 95, 99)}
    result['max'] = ordered[-1]
    return {name: round(value, 6) for name, value in result.items()}


def summary(replies: Sequence[Reply], requests: int) -> dict:
    """Return the counts of a run."""
    def count(values):
        return dict(collections.Counter(value for value in values if value is not None).most_common())

    return {
        'answers': count(reply.mac for reply in replies if reply.error != 'refused'),
        'refused': count(reply.mac for reply in replies if reply.error == 'refused'),
        'failures': count(reply.error for reply in replies),
        'bodies': count(reply.body for reply in replies if reply.ok),
        'latency': quantiles([reply.seconds for reply in replies if reply.ok]),
        'replies': [reply.compact() for reply in replies],
        'unsent': requests - len(replies),
    }


def make_requests(request: Callable[[], Reply], capture: Capture | None, count: int, deadline: float,
                  clock: Callable[[], float] = time.monotonic) -> list[Reply]:
    """Make requests until there are `count` of them or the deadline, in seconds from now, has passed."""
    replies: list[Reply] = []
    by_port: dict[int, Reply] = {}
    until = clock() + deadline

    def attribute() -> None:
        for seen in capture.seen() if capture else ():
            reply = by_port.get(seen.port)
            # The first frame decides: it is the answer to the first packet of the connection.
            if reply is not None and reply.mac is None:
                reply.mac = seen.mac

    while len(replies) < count and clock() < until:
        reply = request()
        replies.append(reply)
        if reply.port is not None:
            by_port[reply.port] = reply
        attribute()
    return replies


def probe(run: Runner, target: Target) -> dict:
    """Ask who has the VIP, make the requests, and return what the vip_probe module returns."""
    if target.real_server is not None:
        return _probe_real_server(run, target)
    route = iproute.route_to(run, target.address, target.interface)
    if route is None:
        unreachable = [Reply(error='unreachable') for _number in range(target.requests)]
        return dict(summary(unreachable, target.requests), arp=None, on_link=None, interface=None,
                    warnings=['There is no route to {0}: nothing was sent'.format(target.address)])
    on_link = not route.gateway and not route.local
    warnings = []
    if route.local:
        warnings.append('{0} is an address of this host: the requests went to itself, and that says nothing about the '
                        'virtual service. Probe from a client'.format(target.address))
    try:
        claims = None
        if on_link and route.source:
            claims = neighbour.ask(route.interface, route.source, target.address, target.arp_tries,
                                   target.arp_interval)
        capture = None
        if not route.local:
            capture = Capture(route.interface, target.address, target.port, target.protocol)
    except OSError as error:
        raise _cannot(route.interface, error) from None
    try:
        replies = make_requests(Client(target).request, capture, target.requests, target.deadline)
        lost = capture.lost() if capture else 0
    finally:
        if capture:
            capture.close()
    if lost:
        warnings.append('{0} frames were lost, so some replies have no MAC address'.format(lost))
    return dict(summary(replies, target.requests), arp=claims, on_link=on_link, interface=route.interface,
                warnings=warnings)


def _probe_real_server(run: Runner, target: Target) -> dict:
    """Make the requests to one real server. Nobody is asked who has the VIP: that is not what they are about."""
    route = iproute.route_to(run, str(target.real_server))
    interface = route.interface if route else None
    try:
        replies = make_requests(Director(target).request, None, target.requests, target.deadline)
    except data_path.NoWay as error:
        raise ProbeError('real_server: {0}'.format(error)) from None
    except OSError as error:
        raise _cannot(interface, error) from None
    return dict(summary(replies, target.requests), arp=None, on_link=bool(route and not route.gateway), interface=interface, warnings=[])


def _cannot(interface: str | None, error: OSError) -> ProbeError:
    if isinstance(error, PermissionError):
        return ProbeError('Probing needs root (CAP_NET_RAW) to see which host answers; use become: true')
    return ProbeError('Cannot listen on {0}: {1}'.format(interface, error.strerror or error))
