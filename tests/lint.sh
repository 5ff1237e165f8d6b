#!/usr/bin/env bash
# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Run every linter, then fail if one of them had something to say.
set -euo pipefail
cd "$(dirname "$0")/.."

status=0
check() {
    local name=$1
    shift
    if "$@"; then echo "$name: nothing to say"; else status=1; fi
}

# Shell by its first line, or by its name where it is only sourced.
shell_files() {
    git ls-files --cached --others --exclude-standard | while read -r path; do
        if [ -f "$path" ] && { [[ $path == *.sh ]] || head -n 1 "$path" | grep -aqE '^#!.*\b(ba|da)?sh\b'; }; then
            echo "$path"
        fi
    done | grep -v '\.j2$'
}

mapfile -t scripts < <(shell_files)
check shellcheck shellcheck --external-sources "${scripts[@]}"
check yamllint yamllint --strict .
check antsibull-changelog antsibull-changelog lint
check ansible-lint ansible-lint --offline --strict
exit "$status"
