# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same virtual services for keepalived: `checks` reads health checks, `configuration` writes keepalived.conf.

Private to this collection.
"""
