# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Pages of 2 MiB that boot allocated. $1: what the kernel log is to say of the optimisation ("none": nothing, as on a
# kernel without it), $2: how many pages. The pages themselves are for the selftest "boot", whose KTAP is nested in ours.
pool=$(hm_pool 2048)

# says KIB SIZE: the log says once how much of the memory map of a page can be saved, and whether it is
says() {
	dmesg | grep "memory map can be saved for each page of $2" >/tmp/said
	cat /tmp/said
	[ "$(wc -l </tmp/said)" = 1 ] && grep -q "HugeTLB: $1 KiB of memory map can be saved for each page of $2, now $said\$" /tmp/said
}

says_nothing() { ! dmesg | grep 'memory map can be saved'; }

# saved PAGES: for so many of 2 MiB, in all and as the sum of the nodes
saved() {
	[ "$(cat "$pool/vmemmap_saved_bytes")" = $(($1 * 28672)) ] &&
		[ "$(awk '{ n += $1 } END { print n }' /sys/devices/system/node/node*/hugepages/hugepages-2048kB/vmemmap_saved_bytes)" = $(($1 * 28672)) ]
}

said=$1
pages=$2
optimized=0
[ "$said" != on ] || optimized=$pages

plan 5
check "boot made $pages pages" test "$(cat "$pool/nr_hugepages")" = "$pages"
if [ "$said" = none ]; then
	check "the log says nothing of memory map" says_nothing
	check "nor has sysfs a file for it" test ! -e "$pool/vmemmap_saved_bytes"
	check "nor is there a switch" sh -c '! [ -e /proc/sys/vm/hugetlb_optimize_vmemmap ]'
else
	check "the log says what can be saved for 2 MiB" says 28 "2.00 MiB"
	check "and for 1 GiB" says 16380 "1.00 GiB"
	check "so much is saved" saved "$optimized"
fi
[ ! -e /sys/devices/system/node/node1 ] || metric node1 "$(cat /sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages)" pages
cd /selftests/hugetlb_vmemmap || exit 1
check "its pages, and their release" hm_nested ./boot
