# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Resizes a pool three times with nobody following, with hugemem and with bpftrace, in one guest. The third round
# counts. The programs start before the first round and do nothing while it runs but what their probes do.

tar -C / -xf /bpftrace.tar || exit 1
rm /bpftrace.tar

# resize PREFIX: measures to fd 3 and into /tmp/PREFIX
resize() {
	hm-resize --pages 1024 --prefix "$1" --unit instr >/tmp/"$1" || exit 1
	cat /tmp/"$1" >&3
}

# of PREFIX NAME: instructions per page
of() { sed -n "s/^metric $1\.warm\.$2 \([0-9.]*\).*/\1/p" /tmp/"$1"; }

resize none
hugemem latency --no-cost --strict >/tmp/hugemem.out 2>/tmp/hugemem.err &
follower=$!
until grep -q following /tmp/hugemem.err; do sleep 0.1; done
resize hugemem
kill -INT $follower
wait $follower || exit 1
cat /tmp/hugemem.out
metric seen.hugemem "$(sed -n 's/^sysfs:.* counted \([0-9]*\) made.*/\1/p' /tmp/hugemem.out)" pages

hugemem latency --bpftrace | sed "s/^bpftrace -e '//; s/'$//" >/tmp/program
# BEGIN and END are probes on bpftrace itself, which needs uprobes; the maps are printed at the end without them.
sed 's/ END {.*//' /tmp/program >/tmp/program.bt
cat /tmp/program.bt
/bpftrace/ld-linux-x86-64.so.2 --library-path /bpftrace /bpftrace/bpftrace /tmp/program.bt >/tmp/bpftrace.out 2>&1 &
follower=$!
until grep -q Attaching /tmp/bpftrace.out; do
	sleep 0.5
	kill -0 $follower || { cat /tmp/bpftrace.out; exit 1; }
done
sleep 5 # "Attaching" is said before it is done
resize bpftrace
kill -INT $follower
wait $follower
cat /tmp/bpftrace.out
# hist() prints "[4K, 8K)    12 |@@ |"
metric seen.bpftrace "$(awk '/^@alloc_ns:/ { on = 1; next } /^@/ { on = 0 } on && /\|/ { sub(/.*[])] /, ""); n += $1 } END { print n + 0 }' /tmp/bpftrace.out)" pages

for way in grow shrink; do
	for who in hugemem bpftrace; do
		metric cost.$who.$way "$(awk -v a="$(of $who $way)" -v b="$(of none $way)" 'BEGIN { print a - b }')" instr
	done
	metric more.$way "$(awk -v a="$(of hugemem $way)" -v b="$(of bpftrace $way)" 'BEGIN { print a - b }')" instr
done
