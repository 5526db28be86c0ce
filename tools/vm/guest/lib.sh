# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Functions for guest scripts (sourced by init before the script). Results go to fd 3, which is
# a serial port of its own, so that printk cannot tear a line.

hm_number=0
hm_failed=0

# plan N: how many results will come
plan() { printf 'KTAP version 1\n1..%s\n' "$1" >&3; }

# ok NAME / not_ok NAME [WHY] / skip NAME WHY
ok() {
	hm_number=$((hm_number + 1))
	printf 'ok %s - %s\n' "$hm_number" "$1" >&3
}

not_ok() {
	hm_number=$((hm_number + 1))
	hm_failed=$((hm_failed + 1))
	[ -z "${2-}" ] || printf '# %s\n' "$2" >&3
	printf 'not ok %s - %s\n' "$hm_number" "$1" >&3
}

skip() {
	hm_number=$((hm_number + 1))
	printf 'ok %s - %s # SKIP %s\n' "$hm_number" "$1" "${2-}" >&3
}

# check NAME COMMAND...: ok if the command succeeds
check() {
	hm_name=$1
	shift
	if "$@"; then
		ok "$hm_name"
	else
		not_ok "$hm_name" "failed: $*"
	fi
}

# ends STATUS COMMAND...: with that status; what it says goes to the console and to /tmp/said
ends() {
	hm_want=$1
	shift
	hm_status=0
	"$@" >/tmp/said 2>&1 || hm_status=$?
	cat /tmp/said >&2
	[ "$hm_status" = "$hm_want" ] || { echo "ended with $hm_status instead of $hm_want" >&2; return 1; }
}

# metric NAME VALUE [UNIT]
metric() { printf 'metric %s %s %s\n' "$1" "$2" "${3-}" >&3; }

# block NAME: stdin is shown beside the same block of the other kernels
block() {
	printf 'block %s\n' "$1" >&3
	sed 's/^end$/end /' >&3
	printf 'end\n' >&3
}

# note TEXT: a remark that the report shows
note() { printf 'hm: note %s\n' "$*" >&3; }

# hm_step NAME: the host carries out the scenario's step NAME (hot-plug and the like). Returns 0
# when it is done; otherwise says why on stderr and returns 1.
hm_step() {
	exec 4<>/dev/ttyS2
	printf 'step %s\n' "$1" >&4
	read -r hm_answer hm_why <&4
	exec 4>&-
	[ "$hm_answer" = ok ] && return 0
	echo "step $1: $hm_answer $hm_why" >&2
	return 1
}

# hm_pool SIZE_KB: folder of this huge page size in sysfs
hm_pool() { echo "/sys/kernel/mm/hugepages/hugepages-${1}kB"; }

# hm_has_hvo: whether the running kernel knows the vmemmap optimisation
hm_has_hvo() { [ -e /proc/sys/vm/hugetlb_optimize_vmemmap ]; }

# hm_nested COMMAND...: its KTAP nested in ours, line by line, so that what a dying program said last is not lost.
# Returns its exit status.
hm_nested() {
	{
		"$@" 2>&1 </dev/null
		echo $? >/tmp/hm_status
	} | awk '{ print "  " $0; fflush() }' >&3
	return "$(cat /tmp/hm_status)"
}

# hm_blocks: how many memory blocks there are
hm_blocks() { find /sys/devices/system/memory -maxdepth 1 -name 'memory[0-9]*' | wc -l; }

# hm_wait_blocks COUNT [TRIES]: until there are so many; ACPI tells of them after QEMU has answered. Looks TRIES times
# (600), every tenth of a second.
hm_wait_blocks() {
	hm_tries=${2:-600}
	while [ "$(hm_blocks)" != "$1" ]; do
		hm_tries=$((hm_tries - 1))
		[ "$hm_tries" -gt 0 ] || return 1
		sleep 0.1
	done
}

# hm_wait_online COUNT [TRIES]: until there are so many and all are online, which takes longer than to appear
hm_wait_online() {
	hm_wait_blocks "$@" || return 1
	hm_tries=${2:-600}
	while grep -q offline /sys/devices/system/memory/memory*/state; do
		hm_tries=$((hm_tries - 1))
		[ "$hm_tries" -gt 0 ] || return 1
		sleep 0.1
	done
}

# hm_free_kib: free memory, that of the per-CPU lists included; caches are dropped first
hm_free_kib() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
	cat /proc/sys/vm/stat_refresh
	awk '/nr_free_pages/ { n += $2 } $1 == "count:" { n += $2 } END { print n * 4 }' /proc/zoneinfo
}
