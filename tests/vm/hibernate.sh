# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# A guest is hibernated, restarted and resumed: its huge pages, their memory map and what they hold are as before.
# $1: on or off, what is true of its pages. $2: how many blocks a DIMM has that comes first, 0 for none.
memory=/sys/devices/system/memory
told=$1
blocks=$2
pool=$(hm_pool 2048)
gigantic=$(hm_pool 1048576)
pages=64

# what must be the same afterwards
state() {
	grep . "$pool"/*hugepages* "$gigantic"/*hugepages* $memory/memory*/state $memory/memory*/memmap_mode 2>/dev/null
	grep -E '^(MemTotal|HugePages_Total|HugePages_Free|Hugetlb)' /proc/meminfo
}

resize() { echo "$2" >"$1/nr_hugepages" && [ "$(cat "$1/nr_hugepages")" = "$2" ]; }

# The image was not resumed, or this script would not begin again.
if [ "$(dd if=/dev/vda bs=1 skip=4086 count=9 2>/dev/null)" = S1SUSPEND ] ||
	[ "$(dd if=/dev/vda bs=1 skip=4086 count=10 2>/dev/null)" = SWAPSPACE2 ]; then
	note "the image that the boot before made was not resumed"
	exit 1
fi

plan $((blocks ? 16 : 13))
if [ "$blocks" -gt 0 ]; then
	booted=$(hm_blocks)
	check "the host plugs a DIMM" hm_step plug
	check "it goes online" hm_wait_online $((booted + blocks)) 150
fi
check "pages of 2 MiB are made" resize "$pool" $pages
check "one of 1 GiB" resize "$gigantic" 1
[ "$blocks" = 0 ] || check "pages lie in memory that holds its memory map" sh -c \
	"hugemem verify --json | grep -q '\"hosted\":[1-9]'"
check "half of the pages are filled" hm-fill write /dev/hugepages/file $pages
check "verify before" hugemem verify --all --expect "$told"
check "the disk is swap" sh -c 'mkswap /dev/vda && swapon /dev/vda'
state >/tmp/before
echo reboot >/sys/power/disk
check "the guest hibernates, and is resumed" sh -c 'echo disk >/sys/power/state'
state >/tmp/after
check "the pools, memory blocks and MemTotal are as before" diff /tmp/before /tmp/after
check "the pages hold what they held" hm-fill check /dev/hugepages/file $pages
check "verify afterwards" hugemem verify --all --expect "$told"
rm /dev/hugepages/file
check "the pages of 2 MiB are released" resize "$pool" 0
check "the one of 1 GiB" resize "$gigantic" 0
check "pages of 2 MiB are made again" resize "$pool" $pages
check "verify once more" hugemem verify --all --expect "$told"
