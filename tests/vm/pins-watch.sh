# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# What hugemem pins says while memory is pinned for long, and of pages that cannot be moved. On the debug
# kernel, which counts events.

# number NAME: a field of hugemem pins --json
number() { hugemem pins --json | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"; }

plan 9
moved=$(number moved)
hm-pin --mib 64 --rounds 1 --hold >/tmp/pin &
pinner=$!
until grep -q movable_after /tmp/pin; do sleep 0.1; done
check "64 MiB are held" test "$(number held)" -ge 16000 # per-CPU counters lag
check "64 MiB were moved" test $(($(number moved) - moved)) -ge 16000
kill $pinner
wait $pinner
hugemem pins --interval 0.2 --count 3 >/tmp/lines
check "three intervals, under a heading" test "$(wc -l </tmp/lines)" = 4
sleep 1
check "nothing is held any more" test "$(number held)" = 0
hugemem pins --failures >/tmp/failures 2>/dev/null &
watcher=$!
sleep 1
(cd /selftests/longterm_pin && timeout 400 ./busy) >/dev/null 2>&1
kill $watcher
wait $watcher
check "pages in a pipe are told of, with who wanted them" grep -q 's  busy-[0-9]*  pfn 0x[0-9a-f]* in Movable: busy' /tmp/failures
check "then totals by cause, zone and task" sh -c '
	grep -q "[1-9]  by cause: busy$" /tmp/failures && grep -q "[1-9]  by zone: Movable$" /tmp/failures &&
	grep -q "[1-9]  by task: busy$" /tmp/failures'
hugemem pins --failures --json >/tmp/totals 2>/dev/null &
watcher=$!
until [ -d /sys/kernel/debug/tracing/instances/hugemem-$watcher ]; do sleep 0.1; done
sleep 1
hm-pin --mib 16 --rounds 1 >/dev/null
kill $watcher
wait $watcher
check "who had pages moved, and how many: 16 MiB" grep -q '"moved":{"pages":40[0-9][0-9],"by_task":{"hm-pin":40[0-9][0-9]}}' /tmp/totals
cat /tmp/totals >&2
check "none of them failed" grep -q '"failures":{"pages":0,' /tmp/totals
check "its tracing instance is gone" sh -c '! ls -d /sys/kernel/debug/tracing/instances/hugemem-* 2>/dev/null'
