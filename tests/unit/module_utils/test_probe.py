# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client's view of a virtual service: replies, counts and bounds."""

from __future__ import annotations

import contextlib
import datetime
import errno
import socket
import ssl
import struct
import threading

import pytest

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ansible_collections.lvs.direct_routing.plugins.module_utils import data_path, neighbour, probe
from ansible_collections.lvs.direct_routing.plugins.module_utils.capture import Seen
from ansible_collections.lvs.direct_routing.plugins.module_utils.command import Result
from ansible_collections.lvs.direct_routing.plugins.module_utils.probe import (
    Client, ProbeError, Reply, Target, first_line, make_requests, quantiles, read_http, summary,
)

VIP, VIP6 = '192.0.2.100', '2001:db8::100'
DIRECTOR, SERVER = '02:00:00:00:00:02', '02:00:00:00:00:04'


def target(**options):
    defaults = {'address': VIP, 'port': 80, 'protocol': 'tcp', 'requests': 10, 'path': None, 'payload': 'lvs',
                'timeout': 2.0, 'deadline': 60.0, 'arp_tries': 3, 'arp_interval': 0.3, 'interface': None, 'real_server': None, 'forward': 'dr'}
    return Target.from_options(dict(defaults, **options))


@pytest.mark.parametrize('options, message', [
    ({'address': 'www.example.com'}, "address: 'www.example.com' is not a literal IPv4 or IPv6 address"),
    ({'port': 0}, 'port: 0 is out of range: 1 to 65535'),
    ({'port': 65536}, 'port: 65536 is out of range'),
    ({'requests': 0}, 'requests: 0 is out of range: 1 to 100000'),
    ({'requests': 100001}, 'requests: 100001 is out of range'),
    ({'timeout': 0.0}, 'timeout: 0.0 is out of range: 0.001 to 3600 seconds'),
    ({'timeout': float('nan')}, 'timeout: nan is out of range'),
    ({'deadline': -1.0}, 'deadline: -1.0 is out of range'),
    ({'arp_tries': 0}, 'arp_tries: 0 is out of range'),
    ({'arp_interval': 0.0}, 'arp_interval: 0.0 is out of range'),
    ({'path': '/', 'protocol': 'udp'}, "path: '/' is asked for by HTTP, which is protocol: tcp"),
    ({'path': 'healthz'}, "path: 'healthz' is not a path of an HTTP request"),
    ({'path': '/a b'}, "path: '/a b' is not a path"),
    ({'path': '/\r\nHost: other'}, 'is not a path'),
    ({'real_server': 'real1'}, "real_server: 'real1' is not a literal IPv4 or IPv6 address"),
    ({'real_server': VIP}, 'real_server: 192.0.2.100 is the VIP'),
    ({'real_server': '192.0.2.21', 'interface': 'eth0'}, 'interface: eth0 cannot be chosen with real_server'),
    ({'tls': True, 'protocol': 'udp'}, 'tls: goes with protocol: tcp, and not with real_server'),
    ({'tls': True, 'real_server': '192.0.2.21'}, 'tls: goes with protocol: tcp, and not with real_server'),
    ({'host': 'www.example.com'}, "host: 'www.example.com' is not the name of a host in an HTTP request, which needs a path"),
    ({'path': '/', 'host': 'a\r\nX: y'}, 'is not the name of a host'),
    ({'status': ['200-']}, "status: '200-' is not a status of HTTP, or a range of them"),
    ({'interface': 'eth0 down'}, "interface: 'eth0 down' is not the name of an interface"),
])
def test_a_bad_option_is_refused_by_name_and_value(options, message):
    with pytest.raises(ProbeError) as error:
        target(**options)
    assert message in str(error.value)


@pytest.mark.parametrize('address, port, host', [
    (VIP, 80, VIP), (VIP, 8080, VIP + ':8080'), (VIP6, 80, '[2001:db8::100]'), (VIP6, 81, '[2001:db8::100]:81'),
])
def test_the_host_is_named_as_in_a_url(address, port, host):
    assert target(address=address, port=port).named == host
    assert target(address=address, port=port, path='/', host='www.example.com').named == 'www.example.com'


@pytest.mark.parametrize('body, line', [
    (b'web1\n<p>hello', 'web1'), (b'\r\n\r\n  web1 \r\n', 'web1'), (b'', ''), (b'a' * 100, 'a' * 80),
    (b'\xff\x1b[31mred', '\ufffd?[31mred'), ('w\u00e9b\n'.encode(), 'w\u00e9b'),
])
def test_the_first_line_of_a_body_is_short_and_printable(body, line):
    assert first_line(body) == line


@pytest.mark.parametrize('parts, expected', [
    ([b'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nweb1'], (200, b'web1', True)),
    ([b'HTTP/1.1 200 OK\r\ncontent-', b'length: 4\r\n\r', b'\nwe', b'b1'], (200, b'web1', True)),
    ([b'HTTP/1.0 503 Sorry\r\n\r\nno', b'', b'never read'], (503, b'no', True)),
    ([b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nweb1', b''], (200, b'web1', False)),
    ([b'HTTP/1.1 200 OK\r\nContent-', b''], (None, b'', False)),
    ([b'SSH-2.0-OpenSSH\r\n\r\n'], (None, b'', False)),
    ([b''], (None, b'', False)),
])
def test_an_http_reply_is_read_to_its_end(parts, expected):
    waiting = iter(parts)
    assert read_http(lambda: next(waiting)) == expected


@pytest.mark.parametrize('values, expected', [
    ([], None),
    ([0.5], {'p50': 0.5, 'p90': 0.5, 'p95': 0.5, 'p99': 0.5, 'max': 0.5}),
    ([n / 100 for n in range(100, 0, -1)], {'p50': 0.5, 'p90': 0.9, 'p95': 0.95, 'p99': 0.99, 'max': 1.0}),
    ([0.1, 0.2, 0.3], {'p50': 0.2, 'p90': 0.3, 'p95': 0.3, 'p99': 0.3, 'max': 0.3}),
])
def test_quantiles_are_by_nearest_rank(values, expected):
    assert quantiles(values) == expected


def test_the_counts_of_a_run():
    replies = [
        Reply(1, SERVER, 200, 'web1', None, 0.1),
        Reply(2, SERVER, 503, 'sorry', 'http_status', 0.1),
        Reply(3, DIRECTOR, error='refused', seconds=0.1),
        Reply(4, error='timeout', seconds=2.0),
    ]
    counts = summary(replies, 6)
    assert counts['answers'] == {SERVER: 2}
    assert counts['refused'] == {DIRECTOR: 1}
    assert counts['failures'] == {'http_status': 1, 'refused': 1, 'timeout': 1}
    assert counts['bodies'] == {'web1': 1}
    assert counts['latency']['max'] == 0.1
    assert counts['unsent'] == 2
    assert counts['replies'][1] == {
        'mac': SERVER, 'ok': False, 'status': 503, 'body': 'sorry', 'error': 'http_status'}


class Captured:
    """A capture with one list of frames per time that it is asked."""

    def __init__(self, *batches):
        self.batches = list(batches)

    def seen(self):
        return self.batches.pop(0) if self.batches else []


def test_the_first_frame_to_a_port_says_who_answered_the_request_from_it():
    ports = iter((1001, 1002))
    capture = Captured([Seen(1001, SERVER), Seen(1001, DIRECTOR), Seen(9, DIRECTOR)], [Seen(1002, DIRECTOR)])
    replies = make_requests(lambda: Reply(port=next(ports)), capture, 2, 60)
    assert [reply.mac for reply in replies] == [SERVER, DIRECTOR]


def test_a_frame_that_comes_after_the_timeout_still_says_who_it_was():
    ports = iter((1001, 1002))
    replies = make_requests(lambda: Reply(port=next(ports)), Captured([], [Seen(1001, SERVER)]), 2, 60)
    assert [reply.mac for reply in replies] == [SERVER, None]


def test_no_request_is_made_after_the_deadline():
    now = [0.0]

    def request():
        now[0] += 2.0
        return Reply(error='timeout')

    assert len(make_requests(request, None, 100, 5.0, clock=lambda: now[0])) == 3


@contextlib.contextmanager
def service(answer):
    """Serve one TCP port on the loopback with a function of the accepted socket."""
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        listener.listen(8)

        def serve():
            while True:
                try:
                    connection = listener.accept()[0]
                except OSError:
                    return
                with connection, contextlib.suppress(OSError):
                    answer(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


@pytest.fixture(name='secure', scope='module')
def a_certificate_of_a_server(tmp_path_factory):
    """Make of an answer one that is given by TLS."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, 'www.example.com')])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path_factory.mktemp('tls') / 'pem'
    path.write_bytes(certificate.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)

    def secure(answer):
        def secured(connection):
            with context.wrap_socket(connection, server_side=True) as wrapped:
                answer(wrapped)
        return secured
    return secure


def say(*parts):
    def answer(connection):
        connection.recv(4096)
        for part in parts:
            connection.sendall(part)
    return answer


def hang_up(connection):
    connection.recv(4096)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))


def never_end(connection):
    connection.recv(4096)
    while True:
        connection.sendall(b'HTTP')
        threading.Event().wait(0.05)


@pytest.mark.parametrize('answer, options, expected', [
    pytest.param(say(b'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nweb1\n'), {'path': '/'}, (200, 'web1', None),
                 id='HTTP'),
    pytest.param(say(b'HTTP/1.1 404 No\r\n\r\n'), {'path': '/'}, (404, '', 'http_status'), id='HTTP status'),
    pytest.param(say(b'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nweb1'), {'path': '/'}, (200, 'web1', 'closed'),
                 id='incomplete'),
    pytest.param(say(), {'path': '/'}, (None, '', 'closed'), id='nothing'),
    pytest.param(hang_up, {'path': '/'}, (None, None, 'reset'), id='reset'),
    pytest.param(never_end, {'path': '/', 'timeout': 0.3}, (None, None, 'timeout'), id='dripping beyond the timeout'),
    pytest.param(say(), {}, (None, None, None), id='connection'),
])
def test_a_request_and_what_became_of_it(answer, options, expected):
    with service(answer) as port:
        reply = Client(target(address='127.0.0.1', port=port, **options)).request()
    assert (reply.status, reply.body, reply.error) == expected
    assert reply.port and reply.seconds < 2


def test_by_tls_it_is_asked_and_its_status_is_judged(secure):
    with service(secure(say(b'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nweb1\n'))) as port:
        reply = Client(target(address='127.0.0.1', port=port, tls=True, path='/')).request()
        agreed = Client(target(address='127.0.0.1', port=port, tls=True)).request()
    assert (reply.status, reply.body, reply.error, agreed.error) == (200, 'web1', None, None)
    with service(secure(say(b'HTTP/1.1 503 No\r\n\r\n'))) as port:
        assert Client(target(address='127.0.0.1', port=port, tls=True, path='/')).request().error == 'http_status'


def test_who_does_not_speak_tls_is_said():
    with service(say(b'HTTP/1.1 400 No\r\n\r\n')) as port:
        assert Client(target(address='127.0.0.1', port=port, tls=True, path='/')).request().error == 'tls'
    with service(never_end) as port:
        assert Client(target(address='127.0.0.1', port=port, tls=True, timeout=0.2)).request().error in ('tls', 'timeout')


def test_a_host_is_asked_for_by_its_name():
    asked = []

    def listen(connection):
        asked.append(connection.recv(4096).decode())
        connection.sendall(b'HTTP/1.1 200 OK\r\n\r\n')

    with service(listen) as port:
        assert Client(target(address='127.0.0.1', port=port, path='/', host='www.example.com')).request().ok
    assert '\r\nHost: www.example.com\r\n' in asked[0]


@pytest.mark.parametrize('good, error', [(['401'], None), (['200', '400-403'], None), (['200-299'], 'http_status')])
def test_which_statuses_are_good_can_be_said(good, error):
    with service(say(b'HTTP/1.1 401 Who\r\n\r\n')) as port:
        assert Client(target(address='127.0.0.1', port=port, path='/', status=good)).request().error == error


def test_a_closed_port_refuses():
    with socket.socket() as unused:
        unused.bind(('127.0.0.1', 0))
        assert Client(target(address='127.0.0.1', port=unused.getsockname()[1])).request().error == 'refused'


def test_a_datagram_and_its_answer():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(('127.0.0.1', 0))

        def serve():
            data, sender = server.recvfrom(100)
            server.sendto(data.upper() + b'\nmore', sender)

        thread = threading.Thread(target=serve)
        thread.start()
        reply = Client(target(address='127.0.0.1', port=server.getsockname()[1], protocol='udp')).request()
        thread.join()
        silent = Client(target(address='127.0.0.1', port=server.getsockname()[1], protocol='udp',
                               timeout=0.1)).request()
    assert (reply.body, reply.error, silent.error) == ('LVS', None, 'timeout')


@pytest.mark.parametrize('number, kind', [
    (errno.ECONNREFUSED, 'refused'), (errno.EHOSTUNREACH, 'unreachable'), (errno.ENETUNREACH, 'unreachable'),
    (errno.EADDRNOTAVAIL, 'no_port'), (errno.EPERM, 'other'),
])
def test_no_error_of_a_socket_escapes(monkeypatch, number, kind):
    def refuse(*_arguments):
        raise OSError(number, 'no')

    client = Client(target())
    monkeypatch.setattr(client, '_talk', refuse)
    assert client.request().error == kind


class Ip:
    def __init__(self, rc, stdout='', stderr=''):
        self.reply = rc, stdout, stderr
        self.calls = []

    def __call__(self, argv, stdin=None):
        self.calls.append(' '.join(argv))
        return Result(tuple(argv), *self.reply)


@pytest.fixture
def wire(monkeypatch):
    """Replace the sockets of the probe and return what they were asked."""
    asked = []

    def ask(*arguments):
        asked.append(arguments)
        return [DIRECTOR]

    class Capture(Captured):
        def __init__(self, interface, *_service):
            super().__init__()
            asked.append(interface)

        def lost(self):
            return 2

        def close(self):
            asked.append('closed')

    monkeypatch.setattr(neighbour, 'ask', ask)
    monkeypatch.setattr(probe, 'Capture', Capture)
    monkeypatch.setattr(Client, 'request', lambda self: Reply(1, SERVER, seconds=0.1))
    return asked


def test_the_segment_is_asked_from_the_interface_and_address_of_the_route(wire):
    ip = Ip(0, '[{"dst":"192.0.2.100","dev":"eth0","prefsrc":"192.0.2.11","flags":[],"uid":0,"cache":[]}]')
    result = probe.probe(ip, target())
    assert ip.calls == ['ip -json route get 192.0.2.100']
    assert wire == [('eth0', '192.0.2.11', VIP, 3, 0.3), 'eth0', 'closed']
    assert (result['arp'], result['on_link'], result['interface']) == ([DIRECTOR], True, 'eth0')
    assert result['answers'] == {SERVER: 10}
    assert result['warnings'] == ['2 frames were lost, so some replies have no MAC address']


@pytest.mark.parametrize('route', [
    '[{"dst":"192.0.2.100","gateway":"198.51.100.1","dev":"eth0","prefsrc":"198.51.100.2","flags":[]}]',
    '[{"dst":"192.0.2.100","via":{"family":"inet6","host":"fe80::1"},"dev":"eth0","prefsrc":"198.51.100.2"}]',
])
def test_behind_a_router_nobody_is_asked(wire, route):
    result = probe.probe(Ip(0, route), target())
    assert (result['arp'], result['on_link']) == (None, False) and wire == ['eth0', 'closed']


def test_a_probe_from_the_holder_of_the_vip_says_that_it_proves_nothing(wire):
    result = probe.probe(Ip(0, '[{"type":"local","dst":"192.0.2.100","dev":"lo","prefsrc":"192.0.2.100"}]'), target())
    assert (result['arp'], result['on_link']) == (None, False) and wire == []
    assert 'is an address of this host' in result['warnings'][0]


def test_without_a_route_every_request_is_unreachable(wire):
    result = probe.probe(Ip(2, '', 'RTNETLINK answers: Network is unreachable\n'), target(requests=3))
    assert (result['arp'], result['on_link'], result['failures']) == (None, None, {'unreachable': 3}) and wire == []


def test_an_interface_that_is_given_is_the_one_that_is_asked_for(wire):
    ip = Ip(0, '[{"dst":"192.0.2.100","dev":"eth1","prefsrc":"192.0.2.12"}]')
    probe.probe(ip, target(interface='eth1'))
    assert ip.calls == ['ip -json route get 192.0.2.100 oif eth1']


LINK = '[{"dst":"192.0.2.21","dev":"eth0","prefsrc":"192.0.2.10"}]'


def test_a_real_server_is_asked_past_the_director_and_nobody_who_has_the_vip(wire, monkeypatch):
    asked = []
    answers = iter([data_path.Answer(None, SERVER, 302), data_path.Answer(None, SERVER, 503), data_path.Nobody()])

    def ask(question):
        asked.append(question)
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(data_path, 'ask', ask)
    result = probe.probe(Ip(0, LINK), target(real_server='192.0.2.21', forward='tun', path='/healthz', requests=3, timeout=1.5))
    assert set(asked) == {data_path.Question(VIP, 80, '192.0.2.21', 'tcp', 'tun', '/healthz', None, b'lvs', 1.5)}
    assert wire == [] and (result['arp'], result['on_link'], result['interface']) == (None, True, 'eth0')
    assert (result['answers'], result['failures']) == ({SERVER: 2}, {'http_status': 1, 'unreachable': 1})


@pytest.mark.parametrize('error, sentence', [
    (data_path.NoWay('192.0.2.21 is behind the router 192.0.2.1'), 'real_server: 192.0.2.21 is behind the router'),
    (PermissionError(errno.EPERM, 'Operation not permitted'), 'needs root'),
])
def test_a_real_server_that_cannot_be_asked_is_said(wire, monkeypatch, error, sentence):
    def refuse(*_arguments):
        raise error

    monkeypatch.setattr(data_path, 'ask', refuse)
    with pytest.raises(ProbeError, match=sentence):
        probe.probe(Ip(0, LINK), target(real_server='192.0.2.21'))


def test_without_the_right_to_listen_the_message_says_so(wire, monkeypatch):
    def refuse(*_arguments):
        raise PermissionError(errno.EPERM, 'Operation not permitted')

    monkeypatch.setattr(neighbour, 'ask', refuse)
    with pytest.raises(ProbeError, match='needs root'):
        probe.probe(Ip(0, '[{"dst":"192.0.2.100","dev":"eth0","prefsrc":"192.0.2.11"}]'), target())
