# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# A DIMM is the only memory of its node, all of it movable, so pages of that node's pool lie there. It leaves after the
# pool shrank, or with free pages still in it, which taking it offline dissolves. Is all of the other memory back?
far=/sys/devices/system/node/node1/hugepages/hugepages-2048kB
policy=/proc/sys/vm/hugetlb_optimize_vmemmap_movable
pages=256

plug() { hm_step plug && hm_wait_online $((booted + blocks)); }
unplug() { hm_step unplug && hm_wait_blocks "$booted"; }

# pool NR: so many pages of 2 MiB on the node of the DIMM
pool() { echo "$1" >$far/nr_hugepages && [ "$(cat $far/nr_hugepages)" = "$1" ]; }

# optimized NR: that many of them
optimized() {
	[ "$(cat $far/optimized_hugepages)" = "$1" ] && [ "$(cat $far/vmemmap_saved_bytes)" = $(($1 * 28672)) ]
}

none_left() { [ "$(cat "$(hm_pool 2048)/nr_hugepages")" = 0 ]; }
counted() { awk -v name="htlb_vmemmap_$1" '$1 == name { print $2 }' /proc/vmstat; }

plan 20
booted=$(hm_blocks)
blocks=$((1024 * 1024 * 1024 / 0x$(cat /sys/devices/system/memory/block_size_bytes)))

# The first time pays for caches and page tables
for round in first measured; do
	before=$(hm_free_kib)
	check "$round: the DIMM comes, online as movable" plug
	check "$round: pages are made in it" pool $pages
	check "$round: all are optimised" optimized $pages
	check "$round: the pool shrinks" pool 0
	check "$round: it leaves" unplug
done
metric missing.shrunk "$((before - $(hm_free_kib)))" KiB

before=$(hm_free_kib)
restored=$(counted restore)
check "it comes again" plug
check "pages are made in it again" pool $pages
check "it leaves with free optimised pages" unplug
check "their memory map was restored first" test $(($(counted restore) - restored)) = $pages
check "they are out of the pool" none_left
metric missing.free "$((before - $(hm_free_kib)))" KiB

# And where policy leaves them alone
echo 0 >$policy
left=$(counted optimize_movable)
check "it comes once more" plug
check "pages are made in it once more" pool $pages
check "none is optimised" optimized 0
check "each is counted" test $(($(counted optimize_movable) - left)) = $pages
check "it leaves with free pages that are not" unplug
