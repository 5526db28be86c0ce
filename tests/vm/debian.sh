# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# What hugemem says on a kernel that is not ours. Arguments: "on" or "off", the vmemmap optimisation; "damage" if
# the kernel is known to damage struct pages when it releases huge pages. At boot there is one page of 1 GiB and
# there are 64 of 2 MiB.
told=$1
damage=${2-}
small=$(hm_pool 2048)/nr_hugepages
large=$(hm_pool 1048576)/nr_hugepages

# ends STATUS COMMAND...: with that status; what it says goes to the console and to /tmp/said
ends() {
	want=$1
	shift
	status=0
	"$@" >/tmp/said 2>&1 || status=$?
	cat /tmp/said >&2
	[ "$status" = "$want" ] || { echo "ended with $status instead of $want" >&2; return 1; }
}

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
	[ "$1" = 0 ] || grep -q "{\"kib\":2048,\"found\":$1," /tmp/json || return 1
	[ "$2" = 0 ] || grep -q "{\"kib\":1048576,\"found\":$2," /tmp/json
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

plan 18
uname -r | block kernel
check "the kernel was told so" ends 0 hugemem verify --all --expect "$told"
check "doctor finds what it needs" ends 0 hugemem doctor
block doctor </tmp/said
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
