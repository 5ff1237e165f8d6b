# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab is made of: names, sizes, time limits."""
from __future__ import annotations

from pathlib import Path

SUITE = 'bookworm'
ARCH = 'amd64'
# Where a Linux source of 6.16 or newer comes from: user mode is fast only since then.
KERNEL_SUITE = 'sid'
DEFAULT_MIRROR = 'http://deb.debian.org/debian'
DEFAULT_SECURITY_MIRROR = 'http://deb.debian.org/debian-security'
KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'

RECIPE = Path(__file__).resolve().parent / 'recipe'
IMAGE_NAME = 'lvs-lab-node'
LABEL = 'lvs.lab'

MIB = 1024 ** 2
GIB = 1024 ** 3
VM_CPUS = 2
# Of a guest in user mode, all on one CPU of the host (lab/uml.py).
UML_CPUS = 1
VM_MEMORY = 4096 * MIB
# QEMU's own share: translated code (tb-size), disk buffers.
VM_OVERHEAD = 1024 * MIB
VM_DISK = '16G'
BUILD_DISK = 5 * GIB
RUN_DISK = 3 * GIB

# Seconds. Generous ends: an emulated machine beside a busy host is slow, not broken.
LOAD_LIMIT = 600
BOOT_LIMIT = 420
TUNNEL_LIMIT = 90
PING_LIMIT = 30
STOP_LIMIT = 10
PROBE_LIMIT = 15
