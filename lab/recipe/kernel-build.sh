#!/bin/sh
# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Builds a kernel for user mode in a folder ($1) that has sources.list and apt.conf. Leaves linux, modules/ and release.
set -eu
work=$1
here=$(dirname "$(realpath "$0")")
cd "$work"

# An apt of its own: the host's sources and lists stay as they are.
mkdir -p apt/lists/partial apt/cache/archives/partial source
cat >> apt.conf <<END
Dir::Etc::SourceList "$work/sources.list";
Dir::Etc::SourceParts "-";
Dir::State::Lists "$work/apt/lists";
Dir::Cache "$work/apt/cache";
APT::Architecture "amd64";
APT::Sandbox::User "";
Acquire::Languages "none";
END
export APT_CONFIG="$work/apt.conf"
apt-get --quiet update
package=$(apt-cache depends --important linux-source | sed -n 's/^ *Depends: \(linux-source-[0-9.]*\)$/\1/p')
version=${package#linux-source-}
if [ -z "$version" ] || ! dpkg --compare-versions "$version" ge 6.16; then
    echo "The archive has no linux-source of 6.16 or newer (found: ${version:-none})." >&2
    exit 1
fi
apt-get --quiet download "$package"
dpkg-deb --fsys-tarfile "$package"_*.deb | tar --extract --to-stdout --wildcards '*.tar.xz' |
    xz --decompress --stdout --threads=0 |
    tar --extract --directory=source --strip-components=1 --exclude='*.rst' --exclude='*.dts' --exclude='*.dtsi'
rm -rf apt "$package"_*.deb

cd source
patch --quiet --strip=1 < "$here/kernel.patch"
make --silent ARCH=um KCONFIG_ALLCONFIG="$here/kernel.config" allnoconfig
make ARCH=um -j"$(nproc)" linux modules
make --silent ARCH=um INSTALL_MOD_PATH="$work/installed" INSTALL_MOD_STRIP=1 modules_install
make --silent ARCH=um kernelrelease > "$work/release"
strip -o "$work/linux" linux
cd "$work"
mv installed/lib/modules/* modules
rm -rf source installed modules/build modules/source sources.list apt.conf
