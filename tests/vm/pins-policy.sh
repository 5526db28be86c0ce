# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh disable=SC1091 # it is in the guest
# A DIMM of 1 GiB becomes a node of its own, all of it movable; then as selftests.sh.
echo online_movable >/sys/devices/system/memory/auto_online_blocks
hm_step plug || exit 1
tries=0
until grep -q 1 /sys/devices/system/node/has_memory; do
	tries=$((tries + 1))
	[ "$tries" -lt 100 ] || { echo "no node 1 has come up" >&2; exit 1; }
	sleep 0.1
done
sleep 1 # the rest of its blocks
. /bin/selftests.sh
