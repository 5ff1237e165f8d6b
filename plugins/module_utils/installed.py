# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is in place of files that a role installs, so that it copies only those that differ.

Private to this collection.
"""

from __future__ import annotations

import hashlib
import os
import stat


def look(path: str) -> dict | None:
    """Return checksum, mode and owner of a regular file, None for anything else or nothing."""
    try:
        # Looked at before it is opened: there are devices that act on being opened, and a pipe would wait for ever.
        status = os.lstat(path)
        if not stat.S_ISREG(status.st_mode):
            return None
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    with os.fdopen(handle, 'rb') as stream:
        digest = hashlib.sha256(stream.read()).hexdigest()
    return {
        'sha256': digest,
        'mode': '{0:04o}'.format(stat.S_IMODE(status.st_mode)),
        'root': status.st_uid == status.st_gid == 0,
    }
