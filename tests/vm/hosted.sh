# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Huge pages in a DIMM and beside it. $1: on or off, what the kernel was told. $2: where the memory map of the DIMM's
# blocks is: system, block or group.
pool=$(hm_pool 2048)
pages=64

# counts NAME NUMBER: in the JSON of verify
counts() { grep -q "\"$1\":$2[,}]" /tmp/json || { cat /tmp/json >&2; return 1; }; }

# verify is content by default and strictly, and says that $1 pages are hosted, $2 optimised, $3 neither
verified() {
	hugemem verify --all >&2 && hugemem verify --all --expect "$told" >&2 || return 1
	hugemem verify --json >/tmp/json
	counts hosted "$1" && counts proved "$2" && counts not_optimised "$3"
}

told=$1
mode=$2
plan 7
booted=$(hm_blocks)
check "the host plugs a DIMM of eight blocks" hm_step plug
check "they go online" hm_wait_online $((booted + 8)) 150
check "their memory map is where it was to be" sh -c \
	"[ \$(cat /sys/devices/system/memory/memory*/memmap_mode | grep -c $mode) -ge 8 ]"
# 2 GiB have no ZONE_NORMAL, so pages come from the DIMM until it is full.
check "pages are made in the DIMM" sh -c "echo $pages >$pool/nr_hugepages; [ \$(cat $pool/nr_hugepages) = $pages ]"
case $mode:$told in
system:*) check "none is hosted, all are optimised" verified 0 $pages 0 ;;
*) check "all are hosted" verified $pages 0 0 ;;
esac
hugemem verify >/tmp/text
cat /tmp/text >&2
case $mode in
system) check "the map shows them" grep -q "^ *[0-9a-f]*  [# ]*#$" /tmp/text ;;
*) check "the map shows them" grep -q "^ *[0-9a-f]*  [h ]*h$" /tmp/text ;;
esac
check "KTAP has no point against them" sh -c '! hugemem verify --ktap | grep "^not ok"'
