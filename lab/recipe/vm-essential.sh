#!/bin/sh
# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Puts in place ($1) what the packages of the VM should find when they are installed.
set -eu
cp -rT "$(dirname "$0")/vm" "$1"
