#!/usr/bin/env bash
# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# ansible-test sanity on a copy of the working tree, in the folder that ansible-test wants it in.
# ansible-test keeps its virtual environments in ~/.ansible/test, so only the first run installs anything.
set -euo pipefail
cd "$(dirname "$0")/.."

# pyenv's shims answer to python3.8 and the rest and then refuse: put the real interpreters before them.
for folder in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.*/bin; do
    if [ -d "$folder" ]; then pythons=${pythons:+$pythons:}$folder; fi
done
export PATH=$PWD/.venv/bin${pythons:+:$pythons}:$PATH

found=()
for minor in {8..14}; do
    if "python3.$minor" --version >/dev/null 2>&1; then found+=("3.$minor"); fi
done
echo "Pythons at hand: ${found[*]}"

# ansible-test downloads a script that installs pip; where it cannot, ours does.
ansible_test=$(python3 -c 'import importlib.util; print(importlib.util.find_spec("ansible_test").submodule_search_locations[0])')
version=$(sed -n "s/^ *pip='\([0-9.]*\)',$/\1/p" "$ansible_test/_internal/python_requirements.py")
url=$(sed -n "s/^ *url = '\(.*\)%s\(.*\)' % pip_version$/\1$version\2/p" "$ansible_test/_util/target/setup/requirements.py")
cached=$HOME/.ansible/test/cache/get_pip_${version//./_}.py
if [ ! -e "$cached" ] && ! python3 -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=10)' "$url" 2>/dev/null; then
    mkdir -p "${cached%/*}"
    cp tests/get_pip.py "$cached"
fi

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
root=$copy/ansible_collections/lvs/direct_routing
mkdir -p "$root"
# A file that is deleted but still tracked is listed as well; the link to ourselves would be an endless tree.
git ls-files -z --cached --others --exclude-standard -- ':!.collections' |
    while IFS= read -r -d '' path; do if [ -e "$path" ]; then printf '%s\0' "$path"; fi; done |
    tar --create --null --files-from=- | tar --extract --directory="$root"

cd "$root"
ansible-test sanity --color=no "$@"
