#!/bin/sh
# Copyright (c) 2026 The lvs.direct_routing authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Turns the root file system ($1) into a machine that only serves Docker, with nothing secret or shared in it.
set -eu
root=$1

# Keys come with each boot, from the clone that boots it.
rm -f "$root"/etc/ssh/ssh_host_*

chroot "$root" systemctl --quiet enable systemd-networkd.service ssh.service docker.service \
    lvs-lab-keys.service lvs-lab-load.service lvs-lab-modules.service lvs-lab-ready.service
chroot "$root" systemctl --quiet set-default multi-user.target
for unit in systemd-networkd-wait-online.service systemd-firstboot.service systemd-machine-id-commit.service \
    systemd-update-utmp.service systemd-update-utmp-runlevel.service systemd-logind.service \
    systemd-timesyncd.service systemd-pstore.service systemd-random-seed.service getty.target \
    modprobe@.service systemd-sysusers.service dev-hugepages.mount dev-mqueue.mount sys-kernel-config.mount \
    sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount \
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
    fstrim.timer systemd-tmpfiles-clean.timer proc-sys-fs-binfmt_misc.automount; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done

: > "$root/etc/fstab"
echo lvs-lab > "$root/etc/hostname"
printf '127.0.0.1 localhost lvs-lab\n::1 localhost\n' > "$root/etc/hosts"
# The address at which QEMU's user network forwards to the host's own resolver.
rm -f "$root/etc/resolv.conf"
echo 'nameserver 10.0.2.3' > "$root/etc/resolv.conf"
