# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hypothesis strategies: tables that may be declared, as option dictionaries and as the model."""

from __future__ import annotations

from hypothesis import strategies as st

from ansible_collections.lvs.direct_routing.plugins.module_utils.ipvs import model, options

_ports = st.integers(1, 65535)
_ipv4 = st.tuples(st.integers(1, 223), st.integers(0, 255), st.integers(0, 255), st.integers(1, 254)).map(
    lambda octets: '.'.join(map(str, octets))
).filter(lambda text: not text.startswith('169.254.'))
_ipv6 = st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFFFF), st.integers(1, 0xFFFF)).map(
    lambda groups: model.normal_address('2001:db8:{0:x}:{1:x}::{2:x}'.format(*groups))
)
_thresholds = st.tuples(*[st.integers(0, model.MAX_THRESHOLD)] * 2).map(sorted)


@st.composite
def service_options(draw, families=('ipv4', 'ipv6')):
    """Return the options of one valid service, without real servers."""
    family = draw(st.sampled_from(families))
    protocol = draw(st.sampled_from(model.PROTOCOLS + ('fwmark',)))
    entry = {}
    if protocol == 'fwmark':
        entry.update(fwmark=draw(st.integers(1, model.MAX_FWMARK)), family=family)
    else:
        entry.update(
            protocol=protocol, address=draw(_ipv4 if family == 'ipv4' else _ipv6), port=draw(st.just(0) | _ports)
        )
    entry['scheduler'] = draw(st.sampled_from(model.SCHEDULERS))
    flags = model.flags_of(entry['scheduler']) + model.GENERIC_FLAGS[:2]
    entry['scheduler_flags'] = draw(st.lists(st.sampled_from(flags), max_size=3))
    if entry.get('port') == 0 or draw(st.booleans()):
        entry['persistence_timeout'] = draw(st.integers(1, model.MAX_PERSISTENCE))
        if draw(st.booleans()):
            entry['persistence_netmask'] = str(draw(st.integers(1, 32 if family == 'ipv4' else 128)))
        if protocol in ('udp', 'fwmark') and draw(st.booleans()):
            entry['persistence_engine'] = 'sip'
    if protocol in ('udp', 'fwmark'):
        entry['one_packet'] = draw(st.booleans())
    return entry


@st.composite
def realserver_options(draw, service):
    """Return the options of one valid real server of a service."""
    family = options.service_key(service).family
    forward = draw(st.sampled_from(model.FORWARDING_METHODS))
    other = 'ipv6' if family == 'ipv4' else 'ipv4'
    chosen = draw(st.sampled_from((family, other))) if forward == 'tun' else family
    upper_first = draw(_thresholds)
    entry = {
        'address': draw(_ipv4 if chosen == 'ipv4' else _ipv6),
        'forward': forward,
        'weight': draw(st.integers(0, model.MAX_WEIGHT)),
        'upper_threshold': upper_first[1],
        'lower_threshold': upper_first[0],
    }
    if forward == 'nat':
        entry['port'] = draw(_ports)
    if forward == 'tun':
        kind = draw(st.sampled_from(model.TUNNEL_TYPES))
        checksums = {'ipip': ('none',), 'gre': ('none', 'csum'), 'gue': model.TUNNEL_CHECKSUMS}[kind]
        entry['tunnel'] = {
            'type': kind,
            'port': draw(_ports) if kind == 'gue' else None,
            'checksum': draw(st.sampled_from(checksums)),
        }
    return entry


@st.composite
def declarations(draw, max_services=4, max_servers=4):
    """Return a list of services with real servers, as `ipvs_table` takes them, without duplicates."""
    services = {}
    for entry in draw(st.lists(service_options(), max_size=max_services)):
        key = options.service_key(entry)
        servers = {}
        for server in draw(st.lists(realserver_options(entry), max_size=max_servers)):
            server_key = options.realserver_key(key, server['address'], server.get('port'))
            servers[server_key] = server
        services[key] = dict(entry, realservers=list(servers.values()))
    return list(services.values())


tables = declarations().map(options.table)
