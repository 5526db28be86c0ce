# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# A DIMM comes and goes while the guest runs, through the host's monitor.
blocks() { find /sys/devices/system/memory -maxdepth 1 -name 'memory[0-9]*' | wc -l; }

# wait_for COUNT: until there are so many memory blocks; ACPI tells of them after QEMU has answered
wait_for() {
	tries=0
	while [ "$(blocks)" != "$1" ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] || return 1
		sleep 0.1
	done
}

set_all() {
	for state in /sys/devices/system/memory/memory*/state; do
		[ "$(cat "$state")" = "$1" ] || echo "$2" >"$state" || return 1
	done
}

plan 6
before=$(blocks)
size=$((0x$(cat /sys/devices/system/memory/block_size_bytes)))
check "the host plugs a DIMM of 1 GiB" hm_step plug
check "its blocks appear" wait_for $((before + 1024 * 1024 * 1024 / size))
check "they go online as movable" set_all online online_movable
total=$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)
check "memory has grown" test "$total" -gt 1900000
check "the host unplugs it" hm_step unplug
check "its blocks are gone" wait_for "$before"
metric total.plugged "$total" KiB
