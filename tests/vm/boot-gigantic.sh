# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Pages of 1 GiB that boot allocated: are they there, optimized as told, and do their struct pages do when
# they are released? $1: how many of the four are optimized.
pool=$(hm_pool 1048576)

optimized() { [ "$(cat "$pool/optimized_hugepages")" = "$1" ]; }
# HUGE is bit 17 of 64: how many struct pages have it, in pairs
huge() { od -A n -v -t x8 /proc/kpageflags | grep -c ' [0-9a-f]\{11\}[2367abef]'; }

plan 6
check "four pages" sh -c "[ \$(cat $pool/nr_hugepages) = 4 ]"
check "as many are optimized as are to be" optimized "$1"
check "all of their struct pages say so" sh -c "[ $(huge) = $((4 * 262144 / 2)) ]"
metric memtotal "$(awk '/MemTotal/ { print $2 }' /proc/meminfo)" KiB
metric boot "$(dmesg | sed -n 's/^\[ *\([0-9]*\)\.\([0-9]*\)\] Run .*init as init.*/\1\2/p')" us
check "all are released" sh -c "echo 0 >$pool/nr_hugepages; [ \$(cat $pool/nr_hugepages) = 0 ]"
check "no struct page says so any more" sh -c "[ $(huge) = 0 ]"
check "one is made again, and released" sh -c "
	echo 1 >$pool/nr_hugepages; [ \$(cat $pool/nr_hugepages) = 1 ] || exit 1; echo 0 >$pool/nr_hugepages"
