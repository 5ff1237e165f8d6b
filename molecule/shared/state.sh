#!/bin/sh
# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Write down ($1) whatever of a host the collection could have touched.
set -eu
{
    echo '# addresses, links and routes'
    ip -brief address | sort
    ip -brief -6 route show table local | sort
    ip -brief route show table all | sort
    echo '# kernel parameters'
    # Without those that a scheduler's module brings, which stays loaded, and those of IPv6 that tunl0 has once it has been up.
    sysctl --all 2>/dev/null | grep -E 'arp_(ignore|announce)|rp_filter|redirects|forward|net\.ipv4\.vs' |
        grep -Ev 'net\.ipv4\.vs\.lblcr?_expiration|net\.ipv6\.conf\.tunl0\.' | sort || true
    echo '# virtual services'
    grep -v '^IP Virtual Server' /proc/net/ip_vs || true
    echo '# files'
    find /etc/sysctl.d /etc/modules-load.d /etc/systemd/system /var/lib/lvs /run/lvs* 2>/dev/null | sort || true
} > "$1"
