# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a client sees is counted right: requests that are lost, and a spread that is not the declared one."""

from __future__ import annotations

import datetime
import os
import re

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from nodes import REALSERVERS, Play, bring, on
from operate import play

RUNS = int(os.environ.get('LVS_HEALTHY_RUNS', '3'))
# So many of them are one run of Ansible.
ROUNDS = 10
# Every tenth connection to the IPv4 VIP is lost with all of its packets, also those that are sent again.
LOSE = """\
table inet lose {
    set lost { type ipv4_addr . inet_service; flags timeout; timeout 30s; }
    chain in {
        type filter hook input priority 0;
        ip daddr 192.0.2.100 ip saddr . tcp sport @lost drop
        ip daddr 192.0.2.100 tcp dport 80 tcp flags & (syn | ack) == syn numgen inc mod 10 0 add @lost { ip saddr . tcp sport } drop
    }
}
"""


@pytest.fixture(name='healthy', scope='module')
def a_healthy_topology(site):
    site()
    on('director', 'which nft || apt-get install --yes --quiet nftables')


def test_every_tenth_request_that_is_lost_is_counted(healthy):
    on('director', "echo '{0}' | nft --file -".format(LOSE))
    try:
        seen = play('verify', verify_requests=100)
    finally:
        on('director', 'nft delete table inet lose')
    assert seen.status != 0 and 'client: 10 of 100 requests to web (tcp 192.0.2.100:80) failed (10 timeout)' in seen.output, seen.output
    assert '2001:db8:2::100' not in seen.output.partition('Fail with one sentence')[2]


def test_another_spread_than_the_declared_one_is_said(healthy):
    on('director', 'ipvsadm -e -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 2')
    try:
        seen = play('verify', verify_requests=1000)
    finally:
        on('director', 'ipvsadm -e -t 192.0.2.100:80 -r 192.0.2.21:80 -g -w 1')
    said = re.search(r'of 1000 requests to web \(tcp 192.0.2.100:80\) real1 answered (\d+) \(its weight makes that 500\)', seen.output)
    assert seen.status != 0 and said and 600 < int(said.group(1)) < 733, seen.output


SECURE = """\
server {{ listen 443 ssl; listen [::]:443 ssl; ssl_certificate {0}/pem; ssl_certificate_key {0}/pem; server_name _; return 421; }}
server {{ listen 443 ssl; listen [::]:443 ssl; server_name www.example.com; return {1}; }}
"""


def serve_by_tls(host, status, folder='/root/lvs-tls'):
    on(host, "echo '{0}' > /etc/nginx/conf.d/secure.conf && systemctl restart nginx".format(SECURE.format(folder, status)))


def test_a_service_of_https_is_asked_as_its_check_asks(healthy, site, tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, 'www.example.com')])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    (tmp_path / 'pem').write_bytes(
        certificate.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    for host in REALSERVERS:
        bring(host, '/root/lvs-tls', tmp_path / 'pem')
        serve_by_tls(host, 204)
    secure = [{'name': 'secure', 'vip': '192.0.2.100', 'port': 443, 'scheduler': 'wrr', 'realservers': 'realservers',
               'check': {'type': 'https', 'host': 'www.example.com', 'status': 204}}]
    try:
        site(lvs_virtual_services=secure)
        seen = play('verify', lvs_virtual_services=secure)
        assert seen.status == 0, seen.output
        serve_by_tls('real2', 503)
        seen = play('verify', lvs_virtual_services=secure)
        assert seen.status != 0 and '20 of 40 requests to secure (tcp 192.0.2.100:443) failed (20 http_status)' in seen.output, seen.output
    finally:
        for host in REALSERVERS:
            on(host, 'rm -r /etc/nginx/conf.d/secure.conf /root/lvs-tls; systemctl restart nginx')
        site()


@pytest.mark.parametrize('rounds', [min(ROUNDS, RUNS - begin) for begin in range(0, RUNS, ROUNDS)])
def test_a_healthy_service_raises_no_alarm(healthy, rounds):
    seen = Play('molecule/operate/plays/again.yml', verify_requests=200, again_rounds=rounds).run()
    assert seen.status == 0, seen.output
    assert seen.output.count('200 requests from client') == 2 * rounds
