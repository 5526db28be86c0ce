#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# What hugemem export writes is read by those who are to read it: promtool (the old text format of Prometheus, which
# node_exporter's textfile collector reads) and the OpenMetrics parser of python3-prometheus-client. Alert rules and units.
cd "$(dirname "$0")/../.." || exit 3
# shellcheck source=tests/run-tap.sh
. tests/run-tap.sh

hugemem=build/bin/hugemem
[ -x $hugemem ] || {
	echo "metrics.sh: no $hugemem; \"make hugemem\" builds it" >&2
	exit 3
}
box=$(mktemp -d) || exit 3
plan 20
# shellcheck disable=SC2064
trap "rm -rf '$box'; tap_end" EXIT

put() { mkdir -p "$box/$(dirname "$1")" && cat >"$box/$1"; }

# A machine with all that the series tells, two nodes, and a file that is as odd as the kernel allows
node=sys/devices/system/node
for where in sys/kernel/mm/hugepages $node/node0/hugepages $node/node1/hugepages; do
	for size in 2048 1048576; do
		for file in nr free surplus optimized; do
			echo 7 | put "series/$where/hugepages-${size}kB/${file}_hugepages"
		done
		echo 200704 | put "series/$where/hugepages-${size}kB/vmemmap_saved_bytes"
		echo 3 | put "series/$where/hugepages-${size}kB/resv_hugepages"
		echo 0 | put "series/$where/hugepages-${size}kB/nr_overcommit_hugepages"
	done
done
echo 1 | put series/proc/sys/vm/hugetlb_optimize_vmemmap
for counter in nr_foll_pin_acquired nr_foll_pin_released htlb_vmemmap_optimize htlb_vmemmap_optimize_nomem \
	htlb_vmemmap_optimize_poison htlb_vmemmap_optimize_movable htlb_vmemmap_optimize_hosted htlb_vmemmap_restore \
	htlb_vmemmap_restore_nomem htlb_vmemmap_donate htlb_vmemmap_move_head pin_migrate_success \
	pin_migrate_fail_isolate pin_migrate_fail_busy pin_migrate_fail_nomem pin_migrate_lru_drain; do
	echo $counter 18446744073709551615
done | put series/proc/vmstat
echo 8000000 | put series/sys/devices/system/memory/block_size_bytes
echo going-offline | put series/sys/devices/system/memory/memory32/state
printf '%s\n' 'odd "mode' | put series/sys/devices/system/memory/memory32/memmap_mode

# One that knows pools and no more
for file in nr free surplus; do
	echo 0 | put stock/sys/kernel/mm/hugepages/hugepages-2048kB/${file}_hugepages
done

# Two texts, each good in one format only: the judges must tell
printf '# HELP x_total T.\n# TYPE x_total counter\nx_total 1\n# EOF\n' >"$box/prometheus.prom"
printf '# HELP x T.\n# TYPE x counter\nx_total 1\n# EOF\n' >"$box/openmetrics.prom"

promtool=$(command -v promtool) || promtool=
python=
for candidate in /usr/bin/python3 python3; do
	if [ -z "$python" ] && $candidate -c 'import prometheus_client.openmetrics.parser' 2>/dev/null; then
		python=$candidate
	fi
done

# shellcheck disable=SC2317 # called through try
by_promtool() { "$promtool" check metrics <"$1"; }
# shellcheck disable=SC2317
by_openmetrics() {
	$python -c '
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
names = [s.name for f in text_string_to_metric_families(open(sys.argv[1]).read()) for s in f.samples]
print(len(names), "samples of", len(set(names)), "metrics")' "$1"
}

# judge WAY FILE CODE NAME: CODE is 0, or "refused"
judge() {
	case $1 in
	promtool) [ -n "$promtool" ] || { skip "no promtool; tools/deps metrics installs it" "$4"; return; } ;;
	openmetrics) [ -n "$python" ] || { skip "no python3-prometheus-client; tools/deps metrics installs it" "$4"; return; } ;;
	esac
	try "by_$1" "$box/$2"
	if [ "$3" = 0 ]; then
		exits 0 "$4"
	else
		[ "$status" -ne 0 ]
		result $? "$4"
	fi
}

for machine in series stock; do
	try $hugemem export --root "$box/$machine" --textfile "$box/$machine.prom"
	exits 0 "$machine: export"
done
try $hugemem export --textfile "$box/here.prom"
exits 0 "this machine: export"
for machine in series stock here; do
	judge promtool $machine.prom 0 "$machine: promtool takes it"
	judge openmetrics $machine.prom 0 "$machine: the OpenMetrics parser takes it"
done
judge promtool prometheus.prom 0 "promtool: counters of its own format"
judge openmetrics prometheus.prom refused "the OpenMetrics parser does not take these"
judge openmetrics openmetrics.prom 0 "the OpenMetrics parser: counters of its own format"
judge promtool openmetrics.prom refused "promtool does not take these"

out=$(cat "$box/stock.prom")
silent_about optimized "stock: nothing of what it does not tell"
silent_about _total "stock: no counter at all"
out=$(grep -c '^hugemem_' "$box/series.prom")
[ "$out" -eq 53 ]
result $? "series: 53 samples"

try $hugemem export --root "$box/nowhere"
exits 3 "a machine that tells nothing is an error"

if [ -n "$promtool" ]; then
	try "$promtool" check rules tools/hugemem/dist/hugemem-alerts.yml
	exits 0 "promtool takes the alert rules"
	try "$promtool" test rules tests/hugemem/alerts.test.yml
	exits 0 "the rules alert when they should, and not before"
else
	skip "no promtool; tools/deps metrics installs it" "promtool takes the alert rules"
	skip "no promtool; tools/deps metrics installs it" "the rules alert when they should, and not before"
fi

# Each metric that a rule asks for is one that is exported
missing=$(grep -o 'hugemem_[a-z_]*' tools/hugemem/dist/hugemem-alerts.yml | sort -u | while read -r metric; do
	grep -q "^${metric}[{ ]" "$box/series.prom" || echo "$metric"
done)
out=$missing
[ -z "$missing" ]
result $? "the rules ask for metrics that there are"
