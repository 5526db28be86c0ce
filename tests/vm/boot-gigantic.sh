# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Pages of 1 GiB that boot allocated: are they there, optimized as told, and do their struct pages do when
# they are released? $1: how many of the four are optimized.
pool=$(hm_pool 1048576)

optimized() { [ "$(cat "$pool/optimized_hugepages")" = "$1" ]; }
# HUGE is bit 17 of 64: how many lines of two struct pages have it in both, or in any
flag='[0-9a-f]\{11\}[2367abef][0-9a-f]\{4\}'
both_huge() { od -A n -v -t x8 /proc/kpageflags | grep -c " $flag $flag"; }
any_huge() { od -A n -v -t x8 /proc/kpageflags | grep -c " $flag"; }

# Boot sizes tables, watermarks and such by the memory that it left, not by that and the pool: fs.file-max is a tenth
# of what was free, in KiB.
sized() {
	left=$(($(awk '/MemTotal/ { print $2 }' /proc/meminfo) - 4 * 1048576))
	files=$(cat /proc/sys/fs/file-max)
	[ "$files" -gt $((left * 8 / 100)) ] && [ "$files" -lt $((left * 11 / 100)) ]
}

plan 8
check "boot leaves struct pages until later" sh -c "zcat /proc/config.gz | grep -qx CONFIG_DEFERRED_STRUCT_PAGE_INIT=y"
check "four pages" sh -c "[ \$(cat $pool/nr_hugepages) = 4 ]"
check "as many are optimized as are to be" optimized "$1"
check "all of their struct pages say so" sh -c "[ $(both_huge) = $((4 * 262144 / 2)) ]"
check "boot has sized itself by the rest" sized
far=/sys/devices/system/node/node1/hugepages/hugepages-1048576kB/nr_hugepages
[ ! -e $far ] || metric node1 "$(cat $far)" pages
metric filemax "$(cat /proc/sys/fs/file-max)" files
metric memtotal "$(awk '/MemTotal/ { print $2 }' /proc/meminfo)" KiB
metric boot "$(dmesg | sed -n 's/^\[ *\([0-9]*\)\.\([0-9]*\)\] Run .*init as init.*/\1\2/p')" us
check "all are released" sh -c "echo 0 >$pool/nr_hugepages; [ \$(cat $pool/nr_hugepages) = 0 ]"
check "no struct page says so any more" sh -c "[ $(any_huge) = 0 ]"
check "one is made again, and released" sh -c "
	echo 1 >$pool/nr_hugepages; [ \$(cat $pool/nr_hugepages) = 1 ] || exit 1; echo 0 >$pool/nr_hugepages"
