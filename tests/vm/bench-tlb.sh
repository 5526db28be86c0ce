# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Counts, with the function tracer, how often a resize of 1024 pages flushes the kernel's TLB and
# waits for a grace period: the first time (cold) and the third (warm).
trace=/sys/kernel/tracing
watched=
for func in flush_tlb_kernel_range flush_tlb_all synchronize_rcu synchronize_rcu_expedited; do
	grep -qx "$func" "$trace/available_filter_functions" && watched="$watched $func"
done
case "$watched" in
*flush_tlb_kernel_range*) ;;
*) echo "flush_tlb_kernel_range cannot be traced: nothing could be counted" >&2; exit 1 ;;
esac
echo "$watched" >"$trace/set_ftrace_filter"
echo 4096 >"$trace/buffer_size_kb"

# count METRIC_PREFIX PAGES: resize under the tracer
count() {
	echo function >"$trace/current_tracer"
	echo >"$trace/trace"
	echo "$2" >"$(hm_pool 2048)/nr_hugepages"
	cat "$trace/trace" >/tmp/trace
	echo nop >"$trace/current_tracer"
	[ "$(cat "$(hm_pool 2048)/nr_hugepages")" = "$2" ] || { echo "pool did not reach $2 pages" >&2; exit 1; }
	metric "$1.flushes" "$(grep -c ': flush_tlb_' /tmp/trace)" calls
	metric "$1.grace" "$(grep -c ': synchronize_rcu' /tmp/trace)" calls
}

# The counter itself is tested: a tracer that sees nothing must not look like success.
echo function >"$trace/current_tracer"
echo >"$trace/trace"
hm-flush 32 || exit 1
seen=$(grep -c ': flush_tlb_' "$trace/trace")
echo nop >"$trace/current_tracer"
[ "$seen" -gt 0 ] || { echo "the tracer did not see the flushes of a vmalloc purge" >&2; exit 1; }
metric tlb.selftest "$seen" calls

for round in 1 2 3; do
	heat=$([ "$round" = 1 ] && echo cold || echo "round$round")
	[ "$round" = 3 ] && heat=warm
	count "tlb.$heat.grow" 1024
	count "tlb.$heat.shrink" 0
done
