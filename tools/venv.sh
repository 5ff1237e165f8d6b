#!/usr/bin/env bash
# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# venv.sh DIRECTORY REQUIREMENTS: make or update the virtual environment. PYTHON chooses the interpreter.
set -euo pipefail

directory=$1
requirements=$2

fits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

for python in ${PYTHON:-python3 python3.13 python3.12 python3.11} none; do
    if fits "$python"; then break; fi
done
if [ "$python" = none ]; then
    echo "No Python 3.11 or newer found as: ${PYTHON:-python3 python3.13 python3.12 python3.11}." >&2
    echo "Install one and name it: make setup PYTHON=/path/to/python3" >&2
    exit 1
fi

# Debian packages the interpreter without what `python3 -m venv` needs.
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    install=(apt-get install --yes --no-install-recommends python3-venv)
    echo "$python cannot make virtual environments: python3-venv is missing."
    if ! command -v apt-get >/dev/null; then
        echo "Install it, then run make again." >&2
        exit 1
    elif [ "$(id -u)" = 0 ]; then
        apt-get update --quiet && "${install[@]}"
    elif sudo -n true 2>/dev/null; then
        sudo -n apt-get update --quiet && sudo -n "${install[@]}"
    else
        echo "Run this, then make again: sudo ${install[*]}" >&2
        exit 1
    fi
fi

echo "Installing $requirements into $directory with $("$python" --version)"
"$python" -m venv "$directory"
"$directory/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
