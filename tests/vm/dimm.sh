# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# A DIMM comes, goes online and leaves: what that takes of other memory, what it makes, how long it
# takes. Arguments: where its memory map has to lie (system, block or group), how many blocks it has,
# and "node" if it is the only memory of its node.
mode=$1
blocks=$2
trace=/sys/kernel/debug/tracing
memory=/sys/devices/system/memory

unplug_and_wait() { hm_step unplug && hm_wait_blocks "$booted"; }

# One function alone is traced, so that tracing costs nothing; its time is instructions under icount.
trace_add() {
	echo __add_memory >"$trace/set_ftrace_filter" &&
		echo __add_memory >"$trace/set_graph_function" &&
		echo function_graph >"$trace/current_tracer"
}

# traced: how long it took, in ns
traced() {
	awk '/ us / { for (i = 2; i <= NF; i++) if ($i == "us") ns = $(i - 1) * 1000 } END { printf "%.0f\n", ns }' "$trace/trace"
}

mode() {
	last=$(find $memory -maxdepth 1 -name 'memory[0-9]*' | sort -V | tail -n 1)
	cat "$last/memmap_mode" 2>/dev/null || echo system
}

# is GOT WANTED NAME
is() { if [ "$1" = "$2" ]; then ok "$3"; else not_ok "$3" "'$1' is not '$2'"; fi; }

# online TYPE: the blocks of the next DIMM go online by themselves
online() { echo "$1" >$memory/auto_online_blocks; }

zones() { grep -E 'Node|present|managed|spanned|start_pfn' /proc/zoneinfo; }

# as_before NAME: three checks that nothing of the DIMM is left
as_before() {
	is "$(zones)" "$zones" "zones are as before $1"
	is "$(cat /proc/iomem)" "$iomem" "/proc/iomem is as before $1"
	is "$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)" "$total" "MemTotal is as before $1"
}

alone=${3-}
if [ "$alone" ]; then plan 23; else plan 19; fi
online offline
booted=$(hm_blocks)
before=$(hm_free_kib)
zones=$(zones)
iomem=$(cat /proc/iomem)
total=$(awk '/^MemTotal/ { print $2 }' /proc/meminfo)

check "the host plugs a DIMM" hm_step plug
check "its blocks appear" hm_wait_blocks $((booted + blocks))
metric dimm.lost "$((before - $(hm_free_kib)))" KiB
is "$(mode)" "$mode" "its memory map lies where it was wanted"
if [ "$alone" ]; then
	# With 128 MiB blocks and 8 GiB, the first is memory map and nothing else
	check "the block that is all memory map goes online" sh -c "echo online_movable >$memory/memory32/state"
	is "$(cat /sys/devices/system/node/has_memory)" 0 "it alone gives the node no memory"
	check "and no kswapd" sh -c '! grep -qx kswapd1 /proc/[0-9]*/comm'
	check "it goes offline" sh -c "echo offline >$memory/memory32/state"
fi
check "the host unplugs it" unplug_and_wait
as_before "when it was not online"

trace_add
online online_movable
check "it comes again" hm_step plug
check "it goes online as movable by itself" hm_wait_online $((booted + blocks))
while grep -q '__add_memory() {$' $trace/trace; do sleep 0.1; done
metric dimm.add "$(traced)" instr
echo nop >$trace/current_tracer
metric dimm.usable "$(($(awk '/^MemTotal/ { print $2 }' /proc/meminfo) - total))" KiB
check "the host unplugs it while it is online" unplug_and_wait
as_before "when it was online"

# What a first round leaves in caches and page tables is there for the second one.
before=$(hm_free_kib)
check "it comes again" hm_step plug
check "it goes online again" hm_wait_online $((booted + blocks))
check "the host unplugs it again" unplug_and_wait
metric dimm.missing "$((before - $(hm_free_kib)))" KiB

# Now the kernel uses it as well, so it stays.
online online_kernel
check "it comes once more" hm_step plug
check "it goes online for the kernel by itself" hm_wait_online $((booted + blocks))
huge=/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages
gigantic=$(cat $huge)
echo 1000 >$huge
metric dimm.gigantic "$(($(cat $huge) - gigantic))" pages
check "pages of 1 GiB go away again" sh -c "echo 0 >$huge && [ \$(cat $huge) = 0 ]"
