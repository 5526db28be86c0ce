# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# A DIMM comes and goes while the guest runs, through the host's monitor.
set_all() {
	for state in /sys/devices/system/memory/memory*/state; do
		[ "$(cat "$state")" = "$1" ] || echo "$2" >"$state" || return 1
	done
}

plan 6
before=$(hm_blocks)
size=$((0x$(cat /sys/devices/system/memory/block_size_bytes)))
check "the host plugs a DIMM of 1 GiB" hm_step plug
check "its blocks appear" hm_wait_blocks $((before + 1024 * 1024 * 1024 / size)) 100
check "they go online as movable" set_all online online_movable
total=$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)
check "memory has grown" test "$total" -gt 1900000
check "the host unplugs it" hm_step unplug
check "its blocks are gone" hm_wait_blocks "$before" 100
metric total.plugged "$total" KiB
