#!/usr/bin/env bash
# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Print the path of a tar of Salt for the node (Debian 12: Python 3.11, x86_64), made once and cached beside the lab's images.
set -euo pipefail
cd "$(dirname "$0")"

cache=${LVS_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/lvs-lab}
tree=$cache/salt-$(sha256sum salt.txt salt.sh | sha256sum | cut -c1-12).tar
if [ ! -e "$tree" ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    mkdir -p "$cache"
    # Salt itself is there as source only, the rest as wheels for the node's Python, whatever Python runs this.
    salt=$(grep '^salt==' salt.txt)
    python3 -m pip wheel --quiet --no-deps --wheel-dir "$work/wheels" "$salt"
    python3 -m pip install --quiet --target "$work/tree" --find-links "$work/wheels" --only-binary=:all: \
        --python-version 3.11 --platform manylinux2014_x86_64 --platform manylinux_2_28_x86_64 --requirement salt.txt
    tar --create --file="$work/tree.tar" --directory="$work/tree" .
    # Renamed within one folder, so that nobody sees half of it.
    cp "$work/tree.tar" "$tree.$$"
    mv "$tree.$$" "$tree"
fi
echo "$tree"
