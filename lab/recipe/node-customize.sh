#!/bin/sh
# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Makes the node's root file system ($1) start fast in a container and able to install LVS without a network.
set -eu
root=$1
here=$(dirname "$0")

cp -rT "$here/node" "$root"

# Nothing here is a container's business; each would cost a process or turn the node "degraded".
for unit in systemd-udevd.service systemd-udev-trigger.service systemd-udevd-control.socket \
    systemd-udevd-kernel.socket systemd-firstboot.service systemd-machine-id-commit.service \
    systemd-random-seed.service systemd-remount-fs.service systemd-update-utmp.service \
    systemd-update-utmp-runlevel.service systemd-logind.service getty.target console-getty.service \
    dev-hugepages.mount dev-mqueue.mount sys-kernel-config.mount sys-kernel-debug.mount \
    sys-kernel-tracing.mount sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount \
    modprobe@.service kmod-static-nodes.service systemd-tmpfiles-setup-dev.service systemd-sysusers.service \
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
    fstrim.timer systemd-tmpfiles-clean.timer; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
chroot "$root" systemctl --quiet disable nginx.service
chroot "$root" systemctl --quiet set-default multi-user.target

: > "$root/etc/fstab"
: > "$root/etc/hostname"

rm -f "$root"/var/cache/apt/archives/*.deb
# shellcheck disable=SC2046  # one word per package
chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get --yes --quiet --download-only --no-install-recommends \
    install $(grep -v '^#' "$here/node.download")
# The package cache, built here once instead of by the first apt task on an emulated CPU.
chroot "$root" apt-cache gencaches --quiet
