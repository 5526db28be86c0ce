# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Runs every program of /selftests/kselftest-list.txt ("COLLECTION:PROGRAM" a line), each with the
# time limit of its collection's settings, as kselftest's own runner does. The programs' KTAP is
# nested in ours. Before each one the pools are empty and the switch is as the kernel booted.
# Arguments: a factor for the time limits, and if not all are to run, programs (PROGRAM, or PROGRAM=ARGUMENT) and
# collections (with a colon).
list=/selftests/kselftest-list.txt
[ -s "$list" ] || { echo "$list is missing or empty: no selftests were given" >&2; exit 1; }
sysctl=/proc/sys/vm/hugetlb_optimize_vmemmap
booted=$(cat "$sysctl" 2>/dev/null)
factor=${1:-1}
[ $# -lt 2 ] || {
	shift
	for wanted; do
		case $wanted in
		*:) grep "^$wanted" "$list" ;;
		*=*) grep ":${wanted%%=*}\$" "$list" | sed "s/\$/ ${wanted#*=}/" | grep . ;;
		*) grep ":$wanted\$" "$list" ;;
		esac || { echo "no selftest $wanted in $list" >&2; exit 1; }
	done >/tmp/list
	list=/tmp/list
}

# With kmemleak=on all of memory is scanned meanwhile, struct pages with it, and what is lost is a failure.
kmemleak=/sys/kernel/debug/kmemleak
grep -q kmemleak=on /proc/cmdline || kmemleak=
no_leaks() {
	for _ in 1 2; do
		sleep 6 # what is younger than 5 s is not told
		echo scan >$kmemleak || return 1
	done
	cat $kmemleak
	[ -z "$(cat $kmemleak)" ]
}
[ -z "$kmemleak" ] || echo scan=10 >$kmemleak

tests=$(grep -c : "$list")
[ -z "$kmemleak" ] || tests=$((tests + 1))
plan "$tests"
while IFS=': ' read -r collection program argument; do
	dir=/selftests/$collection
	limit=$(sed -n 's/^timeout=//p' "$dir/settings" 2>/dev/null)
	limit=$((${limit:-45} * factor))
	for pool in /sys/kernel/mm/hugepages/*; do
		echo 0 >"$pool/nr_hugepages"
		echo 0 >"$pool/nr_overcommit_hugepages" 2>/dev/null
	done
	[ -z "$booted" ] || echo "$booted" >"$sysctl"
	echo "selftest $collection:$program" # on the console, so that a splat shows whose it is
	(cd "$dir" && hm_nested timeout "$limit" "./$program" ${argument:+"$argument"})
	status=$?
	case $status in
	0) ok "$collection:$program" ;;
	4) skip "$collection:$program" "exit status 4" ;;
	124 | 143) not_ok "$collection:$program" "not done after $limit s" ;;
	*) not_ok "$collection:$program" "exit status $status" ;;
	esac
done <"$list"
[ -z "$kmemleak" ] || check "kmemleak finds nothing" no_leaks
