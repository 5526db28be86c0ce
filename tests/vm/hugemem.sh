# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# What hugemem says, on our kernels and on others. Arguments: "on" or "off", the vmemmap optimisation; "damage" if
# the kernel is known to damage struct pages when it releases huge pages; "sysfs" if it says how many pages are
# optimised. At boot there is one page of 1 GiB and there are 64 of 2 MiB.
told=$1
damage=
sysfs=null
shift
for word; do
	case $word in
	damage) damage=1 ;;
	sysfs) sysfs='[0-9]*' ;;
	esac
done
small=$(hm_pool 2048)/nr_hugepages
large=$(hm_pool 1048576)/nr_hugepages

# resize FILE FROM TO: by a write, with latency counting; exactly as many as sysfs says are made or released
resize() {
	[ "$(cat "$1")" = "$2" ] || return 1
	ends 0 hugemem latency --strict --json -c "echo $3 >$1" || return 1
	[ "$(cat "$1")" = "$3" ] || return 1
	made=0
	released=0
	if [ "$3" -gt "$2" ]; then made=$(($3 - $2)); else released=$(($2 - $3)); fi
	grep -q "\"sysfs\":{\"verdict\":\"agrees\",\"made\":$made,\"released\":$released," /tmp/said
}

# verified SMALL LARGE: all pages are what the kernel was told, and these are all
verified() {
	ends 0 hugemem verify --expect "$told" || return 1
	hugemem verify --json --expect "$told" >/tmp/json
	[ "$1" = 0 ] || counted 2048 "$1" || return 1
	[ "$2" = 0 ] || counted 1048576 "$2"
}

# counted KIB NUMBER: so many pages of that size in /tmp/json, and where sysfs tells, it was asked how many are optimised
counted() { grep -q "{\"kib\":$1,\"found\":$2,\"in_pool\":$2,\"sysfs_optimized\":$sysfs," /tmp/json; }

# resized TIMES: verify ends so often without a word against any page, while both pools are resized to and fro
resized() {
	while :; do
		echo 96 >"$small"
		echo 2 >"$large"
		echo 64 >"$small"
		echo 1 >"$large"
		echo resized >>/tmp/resized
	done &
	resizer=$!
	rounds=$1
	blamed=0
	proved=0
	while [ "$rounds" -gt 0 ]; do
		rounds=$((rounds - 1))
		status=0
		hugemem verify --all --expect any >/tmp/said 2>&1 || status=$?
		case $status in
		0) proved=$((proved + 1)) ;;
		4) ;; # the pools did not rest: not a verdict
		*) blamed=$((blamed + 1)) && cat /tmp/said >&2 ;;
		esac
	done
	kill $resizer
	wait $resizer
	resizes=$(grep -c . /tmp/resized)
	note "verify $1 times, while both pools grew and shrank $resizes times: $proved proved, $blamed against a page"
	echo 64 >"$small"
	echo 1 >"$large"
	[ $blamed = 0 ] && [ "$resizes" -ge 3 ]
}

# machine: all that hugemem might leave behind, but not what changes by itself
machine() {
	grep -r . /proc/sys 2>/dev/null | grep -v -E '^/proc/sys/(fs/(dentry-state|file-nr|inode-)|kernel/(ns_last_pid|random/|sched_domain/))' |
		sort
	cd /sys/kernel/tracing || return 1
	grep . kprobe_events uprobe_events set_event current_tracer tracing_on buffer_size_kb enabled_functions /dev/null
	ls instances /sys/fs/bpf
	cat /sys/kernel/debug/kprobes/list
	echo "BPF programs: $(grep -c '\[bpf\]$' /proc/kallsyms)"
	grep . /sys/kernel/mm/hugepages/*/* /sys/devices/system/memory/memory*/state
	cd /
}

# unchanged [PATTERN]: the machine is as in /tmp/before, but for lines like this, at the latest when the kernel has freed
# programs in its own time
unchanged() {
	tries=50
	grep -v "${1-^$}" /tmp/before >/tmp/want
	until machine | grep -v "${1-^$}" >/tmp/after && cmp -s /tmp/want /tmp/after; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { diff /tmp/want /tmp/after >&2; return 1; }
		sleep 0.1
	done
}

# seen: that the machine differs while latency follows, or "unchanged" would prove nothing
seen() {
	hugemem latency --no-cost 2>/tmp/said >/dev/null &
	follower=$!
	until grep -q following /tmp/said; do sleep 0.1; done
	machine >/tmp/after
	kill -INT $follower
	wait $follower || return 1
	! cmp -s /tmp/before /tmp/after
}

# free_kib: free memory, without what this script has written
free_kib() {
	rm -f /tmp/said /tmp/json /tmp/want /tmp/after
	hm_free_kib
}

# failures: pins --failures works where the kernel tells of long-term pins, and refuses elsewhere
failures() {
	events=/sys/kernel/tracing/events/migrate
	if [ -d $events/mm_pin_migrate_fail ] || grep -q longterm_pin $events/mm_migrate_pages/format; then
		ends 0 hugemem pins --failures -d 0.3 && grep -q 'pages could not be moved' /tmp/said
	else
		ends 3 hugemem pins --failures -d 0.3 && grep -q 'neither the tracepoint migrate:mm_pin_migrate_fail' /tmp/said
	fi
}

# alone: of 16 pages that a task of a control group makes all are counted, of another task's none
alone() {
	mkdir -p /tmp/groups && mount -t cgroup2 none /tmp/groups && mkdir /tmp/groups/one || return 1
	ends 0 hugemem latency --json --cgroup /tmp/groups/one -e alloc \
		-c "echo 0 >/tmp/groups/one/cgroup.procs && echo 336 >$small" || return 1
	grep -q '"event":"alloc","per":"page","unit":"ns","count":16,' /tmp/said || return 1
	echo 320 >"$small"
	ends 0 hugemem latency --json --cgroup /tmp/groups/one -e alloc -c "echo 336 >$small" || return 1
	grep -q '"event":"alloc","per":"page","unit":"ns","count":0,' /tmp/said || return 1
	echo 320 >"$small"
	ends 4 hugemem latency --strict --cgroup /tmp/groups/one -c true && ends 2 hugemem latency --cgroup no -c true
}

plan 24
uname -r | block kernel
free_kib >/dev/null # it drops caches, which is a sysctl
machine >/tmp/before
free=$(free_kib)
check "the kernel was told so" ends 0 hugemem verify --all --expect "$told"
check "doctor finds what it needs" ends 0 hugemem doctor
block doctor </tmp/said
# The kernel reads its own types once, with the first program that needs them, and keeps what it has made of them.
metric first $((free - $(free_kib))) KiB
free=$(free_kib)
check "pages made at boot: 64 of 2 MiB, one of 1 GiB" verified 64 1
check "256 more pages are made, and counted" resize "$small" 64 320
check "all of them are as told" verified 320 1
block verify </tmp/said
check "phases can be followed" ends 0 hugemem latency -e alloc,free,compact,contig,clear -c true
block latency </tmp/said
check "a second page of 1 GiB is made, and counted" resize "$large" 1 2
check "pages of 1 GiB made at boot and later are as told" verified 320 2
check "pins" ends 0 hugemem pins
check "blockers of movable memory" ends 0 hugemem pins --blockers
check "hotplug" ends 0 hugemem hotplug
check "one control group alone" alone
check "latency for another tool" ends 0 hugemem latency --bpftrace
check "256 pages are released, and counted" resize "$small" 320 64
check "a page of 1 GiB is released, and counted" resize "$large" 2 1
# The kernel's own word decides (taint flag B): some day Debian will have repaired it.
if [ "$damage" ] && [ $(($(cat /proc/sys/kernel/tainted) & 32)) != 0 ]; then
	check "verify says that struct pages are damaged" ends 1 hugemem verify --all
	check "in these words" grep -q 'still marked as parts of huge pages that are gone' /tmp/said
	check "doctor says so too" sh -c "! hugemem doctor >/tmp/said && grep -q '^BAD damaged struct pages' /tmp/said"
	cat /tmp/said >&2
else
	check "the rest is as told" verified 64 1
	check "no page left behind a mark" sh -c "hugemem verify --json | grep -q '\"strays\":\[\]'"
	check "doctor finds nothing broken" ends 0 hugemem doctor
fi
if [ "$damage" ]; then
	for what in "resizing" "following is seen" "the machine is as before" "memory is as before" "failures" "their traces"; do
		skip "$what" "a kernel that damages struct pages"
	done
	exit 0
fi
check "no page is blamed while the pools are resized" resized 10
check "the machine differs while functions are followed" seen
check "and is afterwards as it was before: sysctls, tracing, BPF programs, pools, memory blocks" unchanged
lost=$((free - $(free_kib)))
metric lost $lost KiB
check "no more than 1 MiB of memory is gone" test $lost -le 1024 -a $lost -ge -1024
# With the first event that anybody enables, in whatever instance, the kernel gives its main trace buffer the full size.
check "pages that pins cannot move are followed, or it says why not" failures
check "which leaves nothing but the kernel's trace buffer at its full size" unchanged '^buffer_size_kb:'
