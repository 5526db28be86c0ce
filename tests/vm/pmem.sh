# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Persistent memory, as a disk, as a disk that holds its own memory map, as a device, and as memory of the system.
# Argument: where the memory map has to lie then (system, block or group).
mode=$1
nd=/sys/bus/nd
region=$nd/devices/region0
memory=/sys/devices/system/memory
cd /selftests/longterm_pin || exit 1

# is GOT WANTED NAME
is() { if [ "$1" = "$2" ]; then ok "$3"; else not_ok "$3" "'$1' is not '$2'"; fi; }

zones() { grep -E 'Node|present|managed|spanned|start_pfn' /proc/zoneinfo; }

driver() { basename "$(readlink "$nd/devices/$1/driver")"; }

# release DEVICE: from its driver, if it has one
release() {
	[ ! -e "$nd/devices/$1/driver" ] || echo "$1" >"$nd/devices/$1/driver/unbind"
}

# claim SEED MODE DRIVER: namespace0.0 as what SEED of the region is for, with its memory map in "ram" or in "pmem"
claim() {
	claimed=$(cat "$region/$1")
	cat /proc/sys/kernel/random/uuid >"$nd/devices/$claimed/uuid" &&
		echo "$2" >"$nd/devices/$claimed/mode" &&
		echo namespace0.0 >"$nd/devices/$claimed/namespace" &&
		echo "$claimed" >"$nd/drivers/$3/bind"
}

# unclaim DEVICE: and the namespace is free again
unclaim() {
	release "$1" && echo >"$nd/devices/$1/namespace"
}

# pins DEVICE: the selftest, on a file system on it
pins() {
	mke2fs "$1" >/dev/null && mkdir -p /disk && mount -t ext2 -o dax "$1" /disk || return 1
	hm_nested ./dax /disk
	set -- $?
	umount /disk
	return "$1"
}

plan 21
zones=$(zones)
booted=$(hm_blocks)

is "$(driver namespace0.0)" nd_pmem "persistent memory is a disk"
check "long-term pins of its files" pins /dev/pmem0
check "it is released" release namespace0.0

before=$(hm_free_kib)
check "it becomes a disk that holds its own memory map" claim pfn_seed pmem nd_pmem
pfn=$claimed
metric pmem.disk "$((before - $(hm_free_kib)))" KiB
check "long-term pins of its files, too" pins "/dev/$(basename "$nd/devices/$pfn"/block/*)"
check "it is released" unclaim "$pfn"
metric pmem.disk.missing "$((before - $(hm_free_kib)))" KiB
is "$(zones)" "$zones" "zones are as before"

check "it becomes a device" claim dax_seed pmem dax_pmem
check "there is one" test -c /dev/dax0.0
check "long-term pins of it" hm_nested ./dax /dev/dax0.0

iomem=$(cat /proc/iomem)
total=$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)
echo dax0.0 >/sys/bus/dax/drivers/device_dax/unbind
before=$(hm_free_kib)
check "it becomes memory of the system" sh -c "echo dax0.0 >/sys/bus/dax/drivers/kmem/new_id"
check "seven memory blocks appear" hm_wait_blocks $((booted + 7))
metric pmem.lost "$((before - $(hm_free_kib)))" KiB
last=$memory/memory15
is "$(cat $last/memmap_mode 2>/dev/null || echo system)" "$mode" "its memory map lies where it was wanted"
offline=$(grep -l offline $memory/memory*/state)
for state in $offline; do echo online_movable >"$state"; done
is "$(cat $memory/memory*/state | grep -c offline)" 0 "all of it goes online"
metric pmem.usable "$(($(awk '/^MemTotal/ { print $2 }' /proc/meminfo) - total))" KiB
for state in $(echo "$offline" | sort -rV); do echo offline >"$state"; done
is "$(cat $memory/memory*/state | grep -c offline)" 7 "all of it goes offline"
check "it is given back" sh -c "echo dax0.0 >/sys/bus/dax/drivers/kmem/unbind"
is "$(hm_blocks)" "$booted" "its memory blocks are gone"
metric pmem.missing "$((before - $(hm_free_kib)))" KiB
is "$(zones)" "$zones" "zones are as before"
is "$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)" "$total" "MemTotal is as before"
check "it is a device again" sh -c "echo dax0.0 >/sys/bus/dax/drivers/device_dax/bind"
is "$(cat /proc/iomem)" "$iomem" "/proc/iomem is as before"
