# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Pins memory of each kind while a DIMM of four blocks is the only movable memory. Argument: "kept" where a pin stays
# in movable memory, as in stock 5.10; "free" where it moves the pages out first.
memory=/sys/devices/system/memory
mode=$1

online() {
	# The host has plugged it; the kernel adds the blocks in its own time.
	for _ in $(seq 100); do
		[ -e $memory/memory35/state ] && break
		sleep 0.1
	done
	for block in 35 34 33; do echo online_movable >$memory/memory$block/state || return 1; done
	[ "$(cat $memory/memory32/state)" = online ] || echo online_movable >$memory/memory32/state
}

# look: what lies in the way, into /tmp/text and /tmp/json
look() {
	hugemem pins --blockers >/tmp/text && hugemem pins --blockers --json >/tmp/json || return 1
	cat /tmp/text >&2
}
number() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" /tmp/json; }
nothing_kept() { look && [ "$(number pinned_frames_in_all)" = 0 ] && grep -q ', 0 kept by pinned pages' /tmp/text; }

# there: as many frames are named as the pin says that it has in movable memory
there() {
	look || return 1
	frames=$(sed -n 's/^metric pin.movable_after \([0-9]*\).*/\1/p' /tmp/pin)
	[ "$(number pinned_frames_in_all)" = "$frames" ] || { echo "$frames frames lie there" >&2; return 1; }
	if [ "$mode" = free ]; then [ "$frames" = 0 ]; else [ "$frames" -ge 8192 ]; fi
}

# inside: the first page named lies in the first block named
inside() {
	block=$(sed -n 's/^memory\([0-9]*\): .*/\1/p' /tmp/text | head -n 1)
	pfn=$(sed -n 's/^  pfn \(0x[0-9a-f]*\).*/\1/p' /tmp/text | head -n 1)
	[ $((pfn / 32768)) = "$block" ] && grep -q "^  pfn .* $1, pinned, [0-9]* pin" /tmp/text
}

# goes BLOCK: offline within some seconds, and online again
goes() {
	timeout 5 sh -c "echo offline >$memory/memory$1/state" 2>/dev/null || return 1
	echo online_movable >$memory/memory"$1"/state
}

plan 18
check "the host plugs a DIMM of four blocks" hm_step plug
check "they are movable" online
check "nothing keeps them" nothing_kept
# pin KIND WORDS: held, looked at, released
pin() {
	hm-pin --mib 64 --rounds 1 --hold --kind "$1" >/tmp/pin &
	pinner=$!
	until grep -q movable_after /tmp/pin; do sleep 0.1; done
	check "$1: each frame that lies there is named" there
	if [ "$mode" = kept ]; then
		check "$1: the block and the kind are right" inside "$2"
		check "$1: the block named stays online" sh -c "! timeout 5 sh -c 'echo offline >$memory/memory$block/state' 2>/dev/null"
	else
		check "$1: none is named" grep -q ', 0 kept by pinned pages' /tmp/text
		check "$1: the blocks go offline" goes 35
	fi
	kill $pinner
	wait $pinner
	check "$1: nothing keeps them after the release" nothing_kept
	check "$1: they go offline" goes 34
}
pin base 'anonymous'
pin thp '2 MiB anonymous'
echo 32 >/proc/sys/vm/nr_hugepages
pin hugetlb '2 MiB HugeTLB'
