# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# The selftest longterm_pin/files on a disk. Its KTAP is nested in ours.
cd /selftests/longterm_pin || exit 1
plan 2
check "an ext2 on the disk" sh -c "mke2fs /dev/vda && mkdir /disk && mount -t ext2 /dev/vda /disk"
check "files" hm_nested ./files /disk
