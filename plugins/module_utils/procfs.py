# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What /proc and /sys say of a kernel: parameters that take effect, modules, offloads, who runs.

Private to this collection. Nothing here needs root, and nothing here changes anything.
"""

from __future__ import annotations

import array
import errno
import fcntl
import os
import socket
import struct

CONF = '/proc/sys/net/ipv4/conf'
PARAMETERS = ('arp_ignore', 'arp_announce', 'rp_filter', 'send_redirects')
IPVS = '/proc/sys/net/ipv4/vs'
IPVS_PARAMETERS = (
    'backup_only', 'conn_reuse_mode', 'conntrack', 'expire_nodest_conn', 'expire_quiescent_template', 'pmtu_disc', 'sloppy_tcp',
)
MODULES = ('dummy', 'ip6_tunnel', 'ip_vs', 'ipip')

SIOCETHTOOL = 0x8946
ETHTOOL_GET_FLAGS, ETHTOOL_GET_GRO = 0x25, 0x2B
FLAG_LRO = 1 << 15


class Files:
    """Files of the kernel. `root` is where the file system begins."""

    def __init__(self, root: str = '/') -> None:
        self.root = root

    def path(self, path: str) -> str:
        return os.path.join(self.root, path.lstrip('/'))

    def text(self, path: str) -> str | None:
        """Return what a file holds; None where it is missing, as with an interface or a process that has gone."""
        try:
            with open(self.path(path), encoding='utf-8', errors='replace') as stream:
                return stream.read()
        except (FileNotFoundError, NotADirectoryError, ProcessLookupError):
            return None
        except OSError as error:
            # So the kernel answers for an interface that goes while its file is open.
            if error.errno in (errno.EINVAL, errno.ENODEV):
                return None
            raise

    def number(self, path: str) -> int | None:
        text = self.text(path)
        return None if text is None else int(text)

    def names(self, path: str) -> list[str]:
        try:
            return sorted(os.listdir(self.path(path)))
        except FileNotFoundError:
            return []


def effective(files: Files, interface: str) -> dict[str, int] | None:
    """Return what counts for an interface; None if it has gone.

    That is the higher value of conf/all and its own, and for send_redirects, where either is enough, it is the same
    (ip-sysctl). For `default` it is what a new interface starts with.
    """
    values = {}
    for parameter in PARAMETERS:
        both = [files.number('/'.join((CONF, name, parameter))) for name in ('all', interface)]
        if None in both:
            return None
        values[parameter] = max(both)
    return values


def ipvs(files: Files) -> dict[str, int]:
    """Return the parameters of IPVS that a kernel has; none before IPVS is loaded."""
    values = {name: files.number('{0}/{1}'.format(IPVS, name)) for name in IPVS_PARAMETERS}
    return {name: value for name, value in values.items() if value is not None}


def release(files: Files) -> str:
    """Return the release of the running kernel, as 6.1.0-18-amd64."""
    return (files.text('/proc/sys/kernel/osrelease') or '').strip()


def read_only(files: Files) -> bool:
    """Return whether the parameters are mounted read-only, as in a container without privileges."""
    return bool(os.statvfs(files.path(CONF)).f_flag & os.ST_RDONLY)


def modules(files: Files) -> list[str]:
    """Return which modules that LVS may need are in the kernel, as far as /sys/module shows those built in."""
    return [name for name in files.names('/sys/module') if name in MODULES or name.startswith('ip_vs_')]


def loadable(files: Files) -> list[str] | None:
    """Return which schedulers and other modules of IPVS a kernel could load or has built in; None in a container without them."""
    folder = '/lib/modules/{0}/'.format(release(files))
    texts = [files.text(folder + name) for name in ('modules.dep', 'modules.builtin')]
    if texts[0] is None:
        return None
    paths = (line.partition(':')[0] for text in texts if text for line in text.splitlines())
    names = {os.path.basename(path).partition('.ko')[0].replace('-', '_') for path in paths}
    return sorted(name for name in names if name == 'ip_vs' or name.startswith('ip_vs_'))


def runs(files: Files, name: str) -> bool:
    """Return whether a process of this name runs."""
    return any(files.text('/proc/{0}/comm'.format(entry)) == name + '\n'
               for entry in files.names('/proc') if entry.isdigit())


def offloads(interface: str) -> dict[str, bool | None]:
    """Return whether an interface merges what it receives (ethtool -k); None where its driver does not say."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        gro, flags = (_ethtool(sock, interface, command) for command in (ETHTOOL_GET_GRO, ETHTOOL_GET_FLAGS))
    return {'gro': None if gro is None else bool(gro), 'lro': None if flags is None else bool(flags & FLAG_LRO)}


def _ethtool(sock: socket.socket, interface: str, command: int) -> int | None:
    # struct ethtool_value, and a struct ifreq that points to it.
    value = array.array('I', [command, 0])
    request = struct.pack('16sP16x', interface.encode(), value.buffer_info()[0])
    try:
        fcntl.ioctl(sock, SIOCETHTOOL, request)
    except OSError:
        return None
    return value[1]
