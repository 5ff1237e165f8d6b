# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of IPVS and their values: each as a task says it and as ipvsadm prints it, written by hand.

Read on the node, which runs the cases, and by the tests, which name them.
"""

from __future__ import annotations

SCHEDULERS = ('rr', 'wrr', 'lc', 'wlc', 'fo', 'ovf', 'lblc', 'lblcr', 'dh', 'sh', 'mh', 'sed', 'nq', 'twos')

VIP = '192.0.2.100'
VIP_IPV6 = '2001:db8:2::100'
HELD_PORT = 7000

# How a real server is reached. Only a tunnel may mix families.
TUNNELS = [
    ({'forward': 'tun', 'tunnel': {'type': 'ipip'}}, '-i', '--tun-type ipip'),
    ({'forward': 'tun', 'tunnel': {'type': 'gue', 'port': 6080}}, '-i', '--tun-type gue --tun-port 6080 --tun-nocsum'),
    (
        {'forward': 'tun', 'tunnel': {'type': 'gue', 'port': 6080, 'checksum': 'csum'}},
        '-i',
        '--tun-type gue --tun-port 6080 --tun-csum',
    ),
    (
        {'forward': 'tun', 'tunnel': {'type': 'gue', 'port': 65535, 'checksum': 'remcsum'}},
        '-i',
        '--tun-type gue --tun-port 65535 --tun-remcsum',
    ),
    ({'forward': 'tun', 'tunnel': {'type': 'gre'}}, '-i', '--tun-type gre --tun-nocsum'),
    ({'forward': 'tun', 'tunnel': {'type': 'gre', 'checksum': 'csum'}}, '-i', '--tun-type gre --tun-csum'),
]
FORWARDING = [({'forward': 'dr'}, '-g', ''), ({'forward': 'nat'}, '-m', '')] + TUNNELS
WEIGHTS = (0, 1, 65535)
THRESHOLDS = [
    ({}, ''),
    ({'upper_threshold': 100}, '-x 100 -y 0'),
    ({'upper_threshold': 2147483647, 'lower_threshold': 50}, '-x 2147483647 -y 50'),
]

FLAGS = {
    'sh': (('sh-port',), ('sh-fallback',), ('sh-fallback', 'sh-port')),
    'mh': (('mh-port',), ('mh-fallback',), ('mh-fallback', 'mh-port')),
    # Any scheduler takes the three bits; sh and mh have names for two of them.
    'rr': (('flag-1',), ('flag-1', 'flag-2', 'flag-3')),
}


def schedulings(available):
    """Return (options, words) of each scheduler with each set of its flags."""
    plain = [({'scheduler': name}, '-s ' + name) for name in available]
    return plain + [
        ({'scheduler': name, 'scheduler_flags': list(flags)}, '-s {0} -b {1}'.format(name, ','.join(flags)))
        for name in available
        for flags in FLAGS.get(name, ())
    ]


def persistences(family, engine):
    """Return (options, words) of each kind of persistence."""
    mask, printed = ('64', '64') if family == 'ipv6' else ('24', '255.255.255.0')
    kinds = [
        ({}, ''),
        ({'persistence_timeout': 300}, '-p 300'),
        ({'persistence_timeout': 2678400, 'persistence_netmask': mask}, '-p 2678400 -M ' + printed),
    ]
    if engine:
        kinds.append(({'persistence_timeout': 60, 'persistence_engine': 'sip'}, '-p 60 --pe sip'))
    return kinds


def transitions(available):
    """Return the options of a service, {name: {value: (options, words)}}; every pair of values is a transition."""
    named = {
        'scheduler': {name: ({'scheduler': name, 'scheduler_flags': []}, '-s ' + name) for name in available},
        'persistence': {
            'none': ({'persistence_timeout': 0}, '-s rr'),
            '1 s': ({'persistence_timeout': 1, 'persistence_netmask': '32'}, '-s rr -p 1'),
            '300 s': ({'persistence_timeout': 300, 'persistence_netmask': '32'}, '-s rr -p 300'),
            '31 days': ({'persistence_timeout': 2678400, 'persistence_netmask': '32'}, '-s rr -p 2678400'),
            '300 s, mask 24': (
                {'persistence_timeout': 300, 'persistence_netmask': '24'},
                '-s rr -p 300 -M 255.255.255.0',
            ),
            '300 s, mask 1': ({'persistence_timeout': 300, 'persistence_netmask': '128.0.0.0'}, '-s rr -p 300 -M 128.0.0.0'),
        },
        'persistence (IPv6)': {
            'none': ({'persistence_timeout': 0}, '-s rr'),
            '300 s': ({'persistence_timeout': 300, 'persistence_netmask': '128'}, '-s rr -p 300'),
            '300 s, mask 64': ({'persistence_timeout': 300, 'persistence_netmask': '64'}, '-s rr -p 300 -M 64'),
            '60 s, mask 1': ({'persistence_timeout': 60, 'persistence_netmask': '1'}, '-s rr -p 60 -M 1'),
        },
        'persistence engine': {
            'no persistence': ({'persistence_timeout': 0}, '-s rr'),
            'none': ({'persistence_timeout': 60, 'persistence_engine': ''}, '-s rr -p 60'),
            'sip': ({'persistence_timeout': 60, 'persistence_engine': 'sip'}, '-s rr -p 60 --pe sip'),
        },
        'one packet': {
            'off': ({'one_packet': False}, '-s rr'),
            'on': ({'one_packet': True}, '-s rr -o'),
        },
    }
    for name in ('sh', 'mh', 'rr'):
        named['flags of ' + name] = {
            ', '.join(flags) or 'none': (
                {'scheduler': name, 'scheduler_flags': list(flags)},
                ' '.join(['-s', name] + (['-b', ','.join(flags)] if flags else [])),
            )
            for flags in ((),) + FLAGS[name]
        }
    return named


# Of a real server, where all else is -g and -w 1. Thresholds stand at the end, as `modules.whole` puts them.
REALSERVER_TRANSITIONS = {
    'weight': {str(weight): ({'weight': weight}, '-g -w {0}'.format(weight)) for weight in (0, 1, 10, 65535)},
    'thresholds': {
        'none': ({'upper_threshold': 0, 'lower_threshold': 0}, '-g -w 1'),
        '10': ({'upper_threshold': 10, 'lower_threshold': 0}, '-g -w 1 -x 10 -y 0'),
        '10, again below 5': ({'upper_threshold': 10, 'lower_threshold': 5}, '-g -w 1 -x 10 -y 5'),
        '100, again below 5': ({'upper_threshold': 100, 'lower_threshold': 5}, '-g -w 1 -x 100 -y 5'),
        'the highest': (
            {'upper_threshold': 2147483647, 'lower_threshold': 2147483647},
            '-g -w 1 -x 2147483647 -y 2147483647',
        ),
    },
    'forwarding': {
        ' '.join((flag + ' ' + words).split()): (options, ' '.join((flag + ' -w 1 ' + words).split()))
        for options, flag, words in FORWARDING
    },
}

# {name: (service as a task says it, as ipvsadm prints it, options of the service, options of its real server)}
SERVICES = {
    'tcp': (
        {'address': VIP, 'port': HELD_PORT},
        '-t 192.0.2.100:7000',
        ('scheduler', 'persistence', 'flags of sh', 'flags of mh', 'flags of rr'),
        ('weight', 'thresholds', 'forwarding'),
    ),
    'tcp in IPv6': (
        {'address': VIP_IPV6, 'port': HELD_PORT},
        '-t [2001:db8:2::100]:7000',
        ('persistence (IPv6)',),
        ('weight',),
    ),
    'udp': (
        {'address': VIP, 'port': 5060, 'protocol': 'udp'},
        '-u 192.0.2.100:5060',
        ('persistence engine', 'one packet'),
        ('weight', 'thresholds'),
    ),
    'sctp': ({'address': VIP, 'port': 99, 'protocol': 'sctp'}, '--sctp-service 192.0.2.100:99', ('flags of mh',), ('weight',)),
    'fwmark': ({'fwmark': 7}, '-f 7', ('one packet', 'persistence engine'), ('weight', 'thresholds')),
    'fwmark in IPv6': (
        {'fwmark': 7, 'family': 'ipv6'},
        '-f 7 -6',
        ('one packet', 'persistence (IPv6)'),
        ('weight', 'thresholds'),
    ),
}


def tour(values):
    """Return a walk that takes each ordered pair of values exactly once and ends where it began."""
    # Hierholzer on the complete directed graph: as many ways lead into a value as out of it.
    ways = {value: [other for other in values if other != value] for value in values}
    stack, walk = [next(iter(values))], []
    while stack:
        if ways[stack[-1]]:
            stack.append(ways[stack[-1]].pop())
        else:
            walk.append(stack.pop())
    return walk[::-1]
