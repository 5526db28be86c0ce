# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# What hugemem hotplug says while a DIMM of eight blocks comes and goes. Argument: where their memory map
# is, or "unknown" if the kernel does not say.
memory=/sys/devices/system/memory
events=/tmp/events
mode=$1

# heard ACTION NUMBER: within some seconds there are so many events of that kind, of the DIMM's blocks
heard() {
	tries=0
	while [ "$(grep -c "\"action\":\"$1\",\"block\":3[2-9]" $events)" != "$2" ]; do
		tries=$((tries + 1))
		[ "$tries" -lt 100 ] || { cat $events >&2; return 1; }
		sleep 0.1
	done
}

set_all() {
	for block in "$@"; do
		echo "$state" >$memory/memory"$block"/state || return 1
	done
}

plan 11
hugemem hotplug --watch --json >$events &
watcher=$!
until [ -s $events ]; do sleep 0.1; done
check "the host plugs a DIMM of 1 GiB" hm_step plug
check "its eight blocks are announced" heard add 8
state=online_movable
check "they go online, the first included" set_all 39 38 37 36 35 34 33
[ "$(cat $memory/memory32/state)" = online ] || echo online_movable >$memory/memory32/state
check "eight blocks are told of" heard online 8
hugemem hotplug >/tmp/table
check "the table has them in one line" grep -q '^32-39 .*1 GiB  online .*Movable' /tmp/table
case $mode in
unknown) check "and says that it does not know where their map is" grep -q 'does not say where' /tmp/table ;;
*) check "and where their memory map is" grep -q "^32-39 .* $mode, in 32$" /tmp/table ;;
esac
state=offline
check "they go offline, the first last" set_all 39 38 37 36 35 34 33 32
check "eight blocks are told of again" heard offline 8
check "the host unplugs the DIMM" hm_step unplug
check "eight blocks are gone" heard remove 8
kill $watcher
wait $watcher
check "a signal ends it well" test $? = 0
