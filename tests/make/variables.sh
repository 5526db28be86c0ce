#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The Makefile refuses variables that it does not know, that the target does not use, or that contradict.
# Nothing is built: every case ends while the Makefile is read, or is a dry run.
cd "$(dirname "$0")/../.." || exit 3
# shellcheck source=tests/run-tap.sh
. tests/run-tap.sh

# refused NAME TEXT ARGUMENT...: make ends with 2 and says TEXT
refused() {
	name=$1
	text=$2
	shift 2
	try env -u KSRC -u BASE -u TOPIC -u TO -u VARIANT -u JOBS -u V -u CACHE make "$@"
	[ "$status" -ne 2 ] || case $out in *"$text"*)
		result 0 "$name"
		return
		;;
	esac
	result 1 "$name (exit code 2 and \"$text\" wanted)"
}

# taken NAME ARGUMENT...: make has no objection (dry run)
taken() {
	name=$1
	shift
	try make -n "$@"
	exits 0 "$name"
}

plan 34
refused "unknown variable" "unknown variable FOO=1" help FOO=1
refused "unknown variable lists the known" "known: KSRC BASE CACHE" test FOO=1
refused "unknown variable in lower case suggests" "is KSRC= meant?" test ksrc=/x
refused "a kernel's variable is none of ours" "unknown variable ARCH=arm64" kernel ARCH=arm64
refused "TO without refresh" 'TO=v5.10.263 means nothing to "export"; it goes with: refresh' export TO=v5.10.263
refused "refresh without TO" "refresh does not know where to go" refresh
refused "refresh with another target" "refresh rewrites the series" refresh export TO=v5.10.263
refused "TOPIC with export" 'TOPIC=01 means nothing to "export"; it goes with: apply' export TOPIC=01
refused "TOPIC with apply and export" 'TOPIC=01 contradicts "export"' apply export TOPIC=01
refused "TOPIC with test" 'TOPIC=01 means nothing to "test"' test TOPIC=01
refused "DRY without a tree" "DRY=1 does not know which tree to try" apply DRY=1
refused "DRY that is not 1" "DRY=yes is not 1" apply DRY=yes KSRC=/
refused "DRY with import" 'DRY=1 means nothing to "import"' import DRY=1 KSRC=/
refused "VARIANT with test" 'VARIANT=tiny means nothing to "test"; it goes with: kernel shell' test VARIANT=tiny
refused "KSRC with check" 'KSRC=/ means nothing to "check"' check KSRC=/
refused "variable for the default target" 'BASE=5.10.y means nothing to "help"' BASE=5.10.y
refused "unknown base" "BASE=9.9 is no row of the file bases; there is: 5.10.y" check BASE=9.9
refused "unknown variant" "no tools/vm/config/odd.config; there is:" kernel VARIANT=odd
refused "KSRC that is not there" "KSRC=/nonexistent/linux: there is nothing" import KSRC=/nonexistent/linux
refused "empty value" "KSRC= is empty" demo KSRC=
refused "JOBS that is no number" "JOBS=many is no number" test JOBS=many
refused "JOBS of none" "JOBS=0 is no number" test JOBS=0
refused "V that is neither" "V=2 is neither 0 nor 1" test V=2
refused "CACHE among tracked files" "lies among the tracked files" test CACHE=tests
refused "CACHE at the top" "lies among the tracked files" test CACHE=.
refused "CACHE with a blank" "path with blanks" test "CACHE=/tmp/a b"
refused "unknown target" 'there is no target "tset"' tset

taken "KSRC with demo" demo KSRC=/
taken "TO with refresh" refresh TO=v5.10.263
taken "TOPIC with apply" apply "TOPIC=01 03"
taken "JOBS, V and CACHE with any" check JOBS=3 V=1 CACHE=/tmp/hugemem-cache
taken "CACHE below build" check CACHE=build/cache
taken "two targets that share a variable" import roundtrip BASE=5.10.y

# what an environment or make itself would slip to the kernel's make does not get through
shown=$(mktemp) || exit 3
cp Makefile "$shown"
printf '\nshow-environment:\n\t@env\n' >>"$shown"
try env ARCH=arm64 LLVM=1 KBUILD_OUTPUT=/x make -f "$shown" show-environment V=1 JOBS=7
rm -f "$shown"
leaked=$(printf '%s\n' "$out" | grep -E '^(ARCH|LLVM|KBUILD_OUTPUT|MAKEFLAGS|MFLAGS|MAKEOVERRIDES|TOPIC|TO|VARIANT)=')
[ "$status" -eq 0 ] && [ -z "$leaked" ] && printf '%s\n' "$out" | grep -qx JOBS=7
result $? "the environment of the commands is clean${leaked:+ (not wanted: $leaked)}"
