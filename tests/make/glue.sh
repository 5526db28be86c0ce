#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The tests/run-* glue and tools/steps/bootstrap: what is missing is named, with the way out.
cd "$(dirname "$0")/../.." || exit 3
# shellcheck source=tests/run-tap.sh
. tests/run-tap.sh

box=$(mktemp -d) || exit 3
export CACHE="$box/cache"
unset BASE JOBS

plan 18
# shellcheck disable=SC2064
trap "rm -rf '$box'; tap_end" EXIT

mkdir "$box/bin"
printf '#!/bin/sh\necho "installed	dpkg, "\n' >"$box/bin/dpkg-query"
chmod +x "$box/bin/dpkg-query"
try env PATH="$box/bin:$PATH" tools/steps/bootstrap hm-steps
exits 3 "programs on a bare machine"
says "cmake" "names a missing package"
says "make deps" "says what installs it"
try env PATH="$box/bin:$PATH" make hugemem
[ "$status" -ne 0 ] && printf '%s' "$out" | grep -q cmake
result $? "make hugemem passes it on"
try tools/steps/bootstrap
exits 2 "nothing to build"

try tests/run-kernel patched
exits 3 "kernel without a tree"
says "no kernel tree $CACHE/tree/5.10.y" "names the tree"
says "make apply" "says what makes it"
try tests/run-kernel vendor
exits 2 "kernel of another kind"
try tests/run-vm nosuch
exits 2 "unknown scenario"
says "tests/vm/nosuch.json" "names the file"
try tests/run-compile sparc
exits 2 "unknown case of compiling"
try tests/run-shell
exits 2 "shell without a terminal"

try tests/run-machine 100000
exits 3 "too little space"
says "100000 GiB are needed" "says how much is needed"
printf x >"$box/file"
try env CACHE="$box/file/cache" tests/run-machine 1
exits 3 "CACHE that cannot be made"

mkdir -p "$box/scripts"
try tests/run-scripts "$box/scripts"
exits 1 "directory without tests"

mkdir -p "$CACHE/git/x" "$CACHE/tree/x" "$CACHE/build/x" "$CACHE/src/x" "$CACHE/mine"
try tests/run-distclean
[ "$status" -eq 0 ] && [ -d "$CACHE/git/x" ] && [ -d "$CACHE/tree/x" ] && [ -d "$CACHE/mine" ] &&
	[ ! -e "$CACHE/build" ] && [ ! -e "$CACHE/src" ]
result $? "distclean leaves commits and what is not ours"
