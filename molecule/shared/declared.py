# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Virtual services of the lab as variables of site.yml."""

from __future__ import annotations

from nodes import VIPS

RIPS = ({'real1': '192.0.2.21', 'real2': '192.0.2.22'}, {'real1': '2001:db8:2::21', 'real2': '2001:db8:2::22'})


def web(weights=None, **settings):
    """Return the web service in IPv4 and IPv6; `weights` are by host, 1 if left out, None for a host that is out."""
    weights = weights or {}
    return [
        dict(
            {'name': 'web-' + family, 'vip': vip, 'port': 80, 'scheduler': 'wrr', 'realservers': [
                {'address': rips[host], 'weight': weights.get(host, 1)}
                for host in rips if weights.get(host, 1) is not None
            ]},
            **settings,
        )
        for family, vip, rips in zip(('ipv4', 'ipv6'), VIPS, RIPS)
    ]
