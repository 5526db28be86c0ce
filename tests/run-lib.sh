# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# What the tests/run-* glue shares. Sourced, never run; leaves the shell in the top folder.
# Exit codes: 0 ok, 1 a check or test failed, 2 usage, 3 environment.

set -eu
me=${0##*/}
cd "$(dirname "$0")/.."
top=$PWD
CACHE=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hugemem}
BASE=${BASE:-5.10.y}
JOBS=${JOBS:-$(nproc)}
export CACHE BASE JOBS
# shellcheck disable=SC2034 # for those who source this
bin=$top/build/bin

# die CODE WHAT-AND-WHY [WAY-OUT]
die() {
	printf '%s: %s\n' "$me" "$2" >&2
	[ -z "${3-}" ] || printf '%s  %s\n' "$(printf '%s' "$me" | tr -c '' ' ')" "$3" >&2
	exit "$1"
}

# tree_of stock|patched: the kernel tree, which must be there
tree_of() {
	case $1 in
	stock) tree=$CACHE/tree/$BASE-stock ;;
	patched) tree=$CACHE/tree/$BASE ;;
	*) die 2 "\"$1\" is neither stock nor patched" ;;
	esac
	[ -f "$tree/Makefile" ] || die 3 "no kernel tree $tree" "\"make apply\" makes it (and imports the base first)"
	printf '%s\n' "$tree"
}

# kernel_of stock|patched VARIANT: its build folder
kernel_of() { printf "%s\n" "$CACHE/build/$BASE-$1-${2-}"; }
