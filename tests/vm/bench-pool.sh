# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Instructions for growing and shrinking pools, memory used per page, and whether 1 GiB pages can
# be made again and again. Each size has a guest of its own order: 2 MiB first, as docs/ says.
hm-resize --size-kb 2048 --pages 1024 --prefix p2m --unit instr >&3 || exit 1
hm-resize --size-kb 1048576 --pages 2 --prefix p1g --unit instr >&3 || exit 1

pool=$(hm_pool 1048576)
made=0
cycles=0
while [ "$cycles" -lt 20 ]; do
	echo 2 >"$pool/nr_hugepages"
	got=$(cat "$pool/nr_hugepages")
	made=$((made + got))
	echo 0 >"$pool/nr_hugepages"
	[ "$got" = 2 ] || break
	cycles=$((cycles + 1))
done
metric p1g.cycles "$cycles" cycles
