#!/usr/bin/env bash
# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Build the tarball, install it offline into a clean environment, use it there by its collection name.
set -euo pipefail
cd "$(dirname "$0")/.."

clone=$PWD
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

# Nothing of this shell, this clone or this user's home reaches what runs in here.
# The collections beside ansible-core stay findable: they stand for what Galaxy would install.
clean() {
    (cd "$place" && env -i HOME="$place" PATH="$clone/.venv/bin:/usr/bin:/bin" LC_ALL=C.UTF-8 NO_COLOR=1 \
        ANSIBLE_COLLECTIONS_PATH="$place/collections" "$@")
}

echo "Build"
ansible-galaxy collection build --output-path "$place" >/dev/null
tarball=$(echo "$place"/lvs-direct_routing-*.tar.gz)
wanted='^(MANIFEST\.json|FILES\.json|LICENSE|README\.md|CHANGELOG\.md|(changelogs|docs|inventories|meta|playbooks|plugins|roles)(/.*)?)$'
stray=$(tar --list --file "$tarball" | sed 's,/$,,' | grep -vE "$wanted" || true)
stray+=$(tar --list --file "$tarball" | grep -E '(^|/)(\.|__pycache__)|\.pyc$' || true)
if [ -n "$stray" ]; then
    printf 'Does not belong into the tarball, see build_ignore in galaxy.yml:\n%s\n' "$stray" >&2
    exit 1
fi

echo "Install"
clean ansible-galaxy collection install --offline --no-deps --collections-path "$place/collections" "$tarball" >/dev/null

echo "Every module has its documentation"
mapfile -t modules < <(basename --suffix=.py "$clone"/plugins/modules/[a-z]*.py)
clean ansible-doc --type module --json "${modules[@]/#/lvs.direct_routing.}" >"$place/documentation.json"
python3 - "$place/documentation.json" "${modules[@]}" <<'PYTHON'
import json
import sys

documented = json.load(open(sys.argv[1]))
missing = [name for name in sys.argv[2:] if not documented.get('lvs.direct_routing.' + name, {}).get('doc')]
sys.exit('No documentation: ' + ', '.join(missing) if missing else 0)
PYTHON

echo "Every playbook is found by its collection name"
for playbook in "$clone"/playbooks/*.yml; do
    clean ansible-playbook "lvs.direct_routing.$(basename "$playbook" .yml)" --list-hosts \
        --inventory collections/ansible_collections/lvs/direct_routing/inventories/lab
done

echo "Galaxy takes it"
# The stage lint is ansible-lint.
if ! clean GALAXY_IMPORTER_RUN_ANSIBLE_LINT=false python3 -m galaxy_importer.main "$tarball" >"$place/import.log"; then
    grep -vE '^(Loading|Building) ' "$place/import.log" >&2
    exit 1
fi
