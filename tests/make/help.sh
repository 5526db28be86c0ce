#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# `make help` lists every target and every variable, and is what `make` alone does.
cd "$(dirname "$0")/../.." || exit 3
# shellcheck source=tests/run-tap.sh
. tests/run-tap.sh

# every target written in the Makefile but those that are no commands
written=$(sed -n 's/^\([a-z][a-z-]*\):.*/\1/p' Makefile | grep -v '^tools-quietly$')
variables=$(sed -n 's/^variables := //p' Makefile)
want="help demo test test-full bench check import apply export refresh roundtrip lint bisect mbox kernel shell hugemem clean distclean"

plan 6
try make
default=$out
exits 0 "make alone"
try make help
[ "$out" = "$default" ]
result $? "make alone is make help"
missing=
for target in $written; do
	printf '%s\n' "$out" | grep -q "^  $target " || missing="$missing $target"
done
result "$([ -z "$missing" ]; echo $?)" "every target is listed${missing:+; not:$missing}"
missing=
for target in $want; do
	printf '%s\n' "$written" | grep -qx "$target" || missing="$missing $target"
done
result "$([ -z "$missing" ]; echo $?)" "every target there should be is there${missing:+; not:$missing}"
missing=
for variable in $variables; do
	printf '%s\n' "$out" | grep -q "^  \(.*, \)\{0,1\}$variable\>" || missing="$missing $variable"
done
result "$([ -z "$missing" ]; echo $?)" "every variable is listed${missing:+; not:$missing}"
[ "$(printf '%s\n' "$out" | awk 'length > 110' | wc -l)" -eq 0 ]
result $? "no line is longer than a screen"
