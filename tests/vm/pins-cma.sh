# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Memory of a CMA area of 1 GiB holds what processes have, until somebody needs the area: a page of 1 GiB here.
# So with 1000 MiB pinned for long, part of which lay there, all of the area can be had.
pool=$(hm_pool 1048576)
vmstat() { awk -v name="$1" '$1 == name { print $2 }' /proc/vmstat; }

plan 4
free=$(vmstat nr_free_cma)
check "the area is there, and free" [ "$free" -ge 262144 ]

hm-pin --mib 1000 --rounds 1 --unit ns --hold >/tmp/pin &
pin=$!
until grep -q movable_after /tmp/pin; do
	kill -0 $pin || exit 1
	sleep 0.1
done
metric cma.used "$((free - $(vmstat nr_free_cma)))" pages
metric cma.moved "$(vmstat pin_migrate_success)" pages
check "memory is pinned" [ "$(($(vmstat nr_foll_pin_acquired) - $(vmstat nr_foll_pin_released)))" -ge 256000 ]
check "the area can be had meanwhile" sh -c "echo 1 >$pool/nr_hugepages; [ \$(cat $pool/nr_hugepages) = 1 ]"
kill $pin
wait $pin 2>/dev/null
echo 0 >"$pool/nr_hugepages"
check "the area is free again" sh -c "
	for try in 1 2 3 4 5 6 7 8 9 10; do
		[ \$(awk '\$1 == \"nr_free_cma\" { print \$2 }' /proc/vmstat) -ge 262000 ] && exit
		sleep 0.5
	done; exit 1"
