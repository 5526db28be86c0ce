# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# How many whole 2 MiB blocks of memory the buddy allocator gets back when 1024 pages of 2 MiB join
# the pool, the first time (cold) and the third (warm). Orders 9 and 10 are columns 14 and 15.
blocks() { awk '{ n += $14 + 2 * $15 } END { print n }' /proc/buddyinfo; }

pool=$(hm_pool 2048)
for heat in cold second warm; do
	before=$(blocks)
	echo 1024 >"$pool/nr_hugepages"
	[ "$(cat "$pool/nr_hugepages")" = 1024 ] || { echo "pool did not reach 1024 pages" >&2; exit 1; }
	metric "blocks.$heat" "$(($(blocks) + 1024 - before))" blocks
	echo 0 >"$pool/nr_hugepages"
	metric "blocks.$heat.lost" "$((before - $(blocks)))" blocks
done
