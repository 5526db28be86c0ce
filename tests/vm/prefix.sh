# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# What any prefix of the series can do: pages of 2 MiB come and go, by pool and by themselves, and memory goes offline
# and online again. What the kernel complains about meanwhile is a failure, too, as everywhere.
pool=$(hm_pool 2048)
free() { awk '$1 == "MemFree:" { print $2 }' /proc/meminfo; }
resize() { echo "$1" >"$pool/nr_hugepages" && [ "$(cat "$pool/nr_hugepages")" = "$1" ]; }
back() { [ "$(($(free) + 4096))" -ge "$before" ]; }
huge_shm() { echo 8 >"$pool/nr_overcommit_hugepages" && mkdir -p /tmp/huge && mount -t hugetlbfs none /tmp/huge && fallocate -l 8M /tmp/huge/file && rm /tmp/huge/file; }
block() {
	for state in /sys/devices/system/memory/memory[1-9]*/state; do
		echo offline >"$state" 2>/dev/null || continue
		echo online >"$state"
		return
	done
	return 1
}

plan 5
resize 8 && resize 0 # what is made once stays
before=$(free)
check "a pool of 64 pages grows" resize 64
check "and shrinks" resize 0
check "memory is back to within 4 MiB" back
check "pages over the pool come with a file" huge_shm
check "a memory block goes offline and online" block
