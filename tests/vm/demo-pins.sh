# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Pins memory, and tries to offline every movable memory block that goes offline without the pin.
memory=/sys/devices/system/memory

# goes BLOCK: within a second, which a billion instructions make, and online again
goes() {
	timeout 1 sh -c "echo offline >$memory/$1/state" 2>/dev/null || return 1
	echo online_movable >"$memory/$1/state"
}

blocks=
for dir in "$memory"/memory[0-9]*; do
	case $(cat "$dir/valid_zones") in
	Movable*) ! goes "${dir##*/}" || blocks="$blocks ${dir##*/}" ;;
	esac
done

hm-pin --mib 256 --rounds 1 --unit instr --hold >/tmp/pin &
until grep -q movable_after /tmp/pin; do sleep 0.1; done
cat /tmp/pin >&3
gone=0
kept=0
for block in $blocks; do
	if goes "$block"; then gone=$((gone + 1)); else kept=$((kept + 1)); fi
done
kill $!
metric pin.blocks_gone "$gone" blocks
metric pin.blocks_kept "$kept" blocks
