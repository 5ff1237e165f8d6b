# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A health check is what keepalived makes of it, or a sentence that names the key of the inventory."""

from __future__ import annotations

import pytest

from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import model, options
from ansible_collections.lvs.direct_routing.plugins.plugin_utils.inventory import Findings
from ansible_collections.lvs.direct_routing.plugins.plugin_utils.keepalived import checks

VIP = '192.0.2.100'


def read(given, protocol='tcp', ports=(80,)):
    found = Findings()
    check = checks.read(given, 'web.check', protocol, ports, found)
    assert (check is None) == bool(found.sentences)
    return check, found.sentences


def server(protocol='tcp', port=80, **settings):
    key = options.service_key({'address': VIP, 'port': port, 'protocol': protocol})
    return model.RealServer(options.realserver_key(key, '192.0.2.21', port), **settings)


def text(given, protocol='tcp', port=80, **settings):
    check, sentences = read(given, protocol, (port,))
    assert sentences == []
    return ' '.join(check.block(VIP, server(protocol, port, **settings)).text().split())


END = ' retry 2 delay_before_retry 1 }'


@pytest.mark.parametrize('given, expected', [
    (None, 'TCP_CHECK { connect_timeout 2' + END),
    ({}, 'TCP_CHECK { connect_timeout 2' + END),
    ({'type': 'tcp', 'port': 8080}, 'TCP_CHECK { connect_port 8080 connect_timeout 2' + END),
    ({'type': 'tcp', 'port': 80}, 'TCP_CHECK { connect_timeout 2' + END),
    ({'timeout': 0.5, 'retries': 0, 'retry_delay': '1.5'}, 'TCP_CHECK { connect_timeout 0.5 retry 0 delay_before_retry 1.5 }'),
    ({'type': 'http'}, 'HTTP_GET { connect_timeout 2 url { path / status_code 200-299 }' + END),
    ({'type': 'http', 'path': '/a?b=c#d', 'status': 204, 'host': 'www.example.org'},
     'HTTP_GET { connect_timeout 2 url { path "/a?b=c#d" status_code 204 virtualhost www.example.org }' + END),
    ({'type': 'http', 'status': ['200', '301-302']}, 'HTTP_GET { connect_timeout 2 url { path / status_code 200 301-302 }' + END),
    ({'type': 'https', 'digest': '9B3A0C85A887A256D6939DA88AABD8CD'},
     'SSL_GET { connect_timeout 2 url { path / digest 9b3a0c85a887a256d6939da88aabd8cd }' + END),
    ({'type': 'https', 'host': 'a.b'}, 'SSL_GET { connect_timeout 2 url { path / status_code 200-299 virtualhost a.b } enable_sni' + END),
    ({'type': 'smtp', 'helo': 'lb1.example.org'}, 'SMTP_CHECK { connect_timeout 2 helo_name lb1.example.org' + END),
    ({'type': 'ping'}, 'PING_CHECK { connect_timeout 2' + END),
    ({'type': 'misc', 'command': '/usr/bin/check --deep', 'timeout': 2.5},
     'MISC_CHECK { misc_path "/usr/bin/check --deep" misc_timeout 3 @^lvs_test user keepalived_script @lvs_test user root' + END),
    ({'type': 'misc', 'command': '/usr/bin/check', 'user': 'nobody'},
     'MISC_CHECK { misc_path /usr/bin/check misc_timeout 2 @^lvs_test user nobody @lvs_test user root' + END),
])
def test_a_check_is_one_block(given, expected):
    assert text(given) == expected


@pytest.mark.parametrize('given, expected', [
    ({'type': 'dns'}, 'DNS_CHECK { connect_timeout 2 type SOA name .' + END),
    ({'type': 'dns', 'query_type': 'A', 'query_name': 'example.org'}, 'DNS_CHECK { connect_timeout 2 type A name example.org' + END),
    ({'type': 'udp', 'payload': '00ff01', 'reply': True}, 'UDP_CHECK { connect_timeout 2 payload 00ff01 require_reply' + END),
])
def test_a_check_of_datagrams_is_one_block(given, expected):
    assert text(given, 'udp', 53) == expected


ASKS = 'MISC_CHECK { misc_path "/etc/keepalived/lvs-data-path 192.0.2.100 '
BY_ROOT = ' user root' + END


@pytest.mark.parametrize('given, protocol, settings, expected', [
    ({}, 'tcp', {}, '80 192.0.2.21 --timeout 2" misc_timeout 3'),
    ({'port': 8080, 'timeout': 0.5}, 'tcp', {}, '8080 192.0.2.21 --timeout 0.5" misc_timeout 2'),
    ({'type': 'http', 'path': '/a?b', 'status': [200, '301-302'], 'host': 'a.b'}, 'tcp', {'forward': 'tun'},
     '80 192.0.2.21 --timeout 2 --forward tun --path /a?b --status 200 --status 301-302 --host a.b" misc_timeout 3'),
    ({'type': 'udp', 'payload': '00', 'reply': True}, 'udp', {}, '80 192.0.2.21 --timeout 2 --protocol udp --reply --payload 00" misc_timeout 3'),
])
def test_over_the_data_path_it_is_asked_at_the_vip(given, protocol, settings, expected):
    assert text(dict(given, data_path=True), protocol, **settings) == ASKS + expected + BY_ROOT


@pytest.mark.parametrize('given, protocol, ports', [
    (None, 'udp', (53,)), (None, 'sctp', (3868,)), (None, 'tcp', (0,)), (None, 'tcp', ()), ({'type': 'none'}, 'tcp', (80,)),
])
def test_where_nothing_can_be_asked_a_real_server_counts_as_alive(given, protocol, ports):
    check, sentences = read(given, protocol, ports)
    assert sentences == [] and check.block(VIP, server()) is None


@pytest.mark.parametrize('given, sentence', [
    ('http', "web.check: 'http' is not a check; write for example check: {type: http, path: /}"),
    ({'type': 'htp'}, "web.check.type: 'htp' is none of tcp, http, https, smtp, dns, udp, ping, misc, none"),
    ({'type': 'tcp', 'path': '/'}, "web.check: unknown key 'path'; a check of type tcp has type, port, retries, interval, timeout, retry_delay, data_path"),
    ({'type': 'http', 'data_path': True, 'digest': 'a' * 32},
     'web.check.digest: with data_path only the status of the reply is looked at; leave out one of the two'),
    ({'type': 'http', 'data_path': True, 'path': "/it's"}, "web.check.path: with data_path it cannot have the character ', write %27"),
    ({'type': 'tcp', 'data_path': 1}, 'web.check.data_path: 1 is neither true nor false'),
    ({'type': 'https', 'data_path': True}, "web.check: unknown key 'data_path'; a check of type https has type, port, retries, "
                                           'interval, timeout, retry_delay, path, status, digest, host'),
    ({'type': 'misc'}, 'web.check.command: is missing; a check of type misc needs it'),
    ({'type': 'misc', 'command': 'check'}, "web.check.command: 'check' has to begin with the absolute path of a program"),
    ({'type': 'misc', 'command': '/bin/a', 'user': 'a b'}, "web.check.user: 'a b' is not the name of a user"),
    ({'port': 0}, 'web.check.port: 0 is not a whole number 1..65535'),
    ({'port': 65536}, 'web.check.port: 65536 is not a whole number 1..65535'),
    ({'port': True}, 'web.check.port: True is not a whole number 1..65535'),
    ({'retries': -1}, 'web.check.retries: -1 is not a whole number 0..100'),
    ({'interval': 0}, 'web.check.interval: 0 is not a number 0.1..3600'),
    ({'timeout': 'nan'}, "web.check.timeout: 'nan' is not a number 0.1..3600"),
    ({'type': 'http', 'path': 'index.html'}, "web.check.path: 'index.html' is not a path: it begins with '/' and has no spaces"),
    ({'type': 'http', 'path': '/a"b'}, "web.check.path: '/a\"b' has a character that keepalived.conf cannot hold: a quote, a "
                                       'backslash, a dollar sign or a control character'),
    ({'type': 'http', 'status': '2xx'}, "web.check.status: '2xx' is not a status of HTTP, or a range of them: for example 200, or 200-299"),
    ({'type': 'http', 'status': '299-200'}, "web.check.status: '299-200' is not a status of HTTP, or a range of them: for example 200, "
                                            'or 200-299'),
    ({'type': 'http', 'digest': 'abc'}, "web.check.digest: 'abc' is not what genhash prints: 32 hexadecimal digits"),
    ({'type': 'http', 'host': 'a b'}, "web.check.host: 'a b' is not the name of a host"),
    ({'type': 'udp', 'payload': 'f'}, "web.check.payload: 'f' is not a row of bytes, each of two hexadecimal digits"),
    ({'type': 'udp', 'payload': '01FF'}, "web.check.payload: '01FF' ends with ff, which keepalived takes for a mistake"),
    ({'type': 'udp', 'reply': 'yes'}, "web.check.reply: 'yes' is neither true nor false"),
    ({'type': 'dns', 'query_type': 'ANY'}, "web.check.query_type: 'ANY' is none of A, NS, CNAME, SOA, MX, TXT, AAAA"),
])
def test_what_keepalived_would_not_do_is_said(given, sentence):
    assert read(given)[1] == [sentence]


def test_all_mistakes_are_said():
    assert len(read({'type': 'http', 'path': 'x', 'status': 1, 'interval': -1, 'nonsense': 1})[1]) == 4


@pytest.mark.parametrize('ports', [(), (0,), (80, 0)])
def test_without_a_single_port_the_check_has_to_name_one(ports):
    assert read({'type': 'http'}, ports=ports)[1] == [
        'web.check.port: is missing; the service has no single port that could be asked for']
    assert read({'type': 'http', 'port': 80}, ports=ports)[1] == []
    assert read({'type': 'ping'}, ports=ports)[1] == []
