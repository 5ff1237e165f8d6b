# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An interpreter for what our classic BPF programs use."""

from __future__ import annotations

import struct


def run_filter(program, frame):
    """Return how many bytes of a frame are kept."""
    position, accumulator = 0, None
    while True:
        code, on_true, on_false, operand = program[position]
        position += 1
        if code == 0x20:
            accumulator = struct.unpack('!I', frame[operand:operand + 4])[0]
        elif code == 0x30:
            accumulator = frame[operand]
        elif code == 0x15:
            position += on_true if accumulator == operand else on_false
        else:
            return operand
