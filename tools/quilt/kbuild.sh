# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Building parts of a kernel tree. Sourced by bisect and lint.
# shellcheck source=tools/quilt/configured.sh
. "${BASH_SOURCE[0]%/*}/configured.sh"

# shellcheck source=tools/steps/compilers.sh
. "$HM_ROOT/tools/steps/compilers.sh"

export CCACHE_BASEDIR=$CACHE
export KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 1970' KBUILD_BUILD_USER=hugemem KBUILD_BUILD_HOST=localhost
JOBS=${JOBS:-$(nproc)}

# kmake TREE OUT ARGS...: the kernel's make, x86-64.
kmake() {
	in_huge_pages make -s -C "$1" O="$2" ARCH=x86_64 CC="ccache gcc" -j "$JOBS" "${@:3}"
}

# feature_symbols: the options of Kconfig.fragment.
feature_symbols() {
	sed -n 's/^\(CONFIG_[A-Z0-9_]*\)=.*/\1/p' "$HM_ROOT/Kconfig.fragment"
}

# features_exist TREE: true if its Kconfig files know all of them.
features_exist() {
	local symbol
	for symbol in $(feature_symbols); do
		own_git -C "$1" grep -q -w "config ${symbol#CONFIG_}" -- '*Kconfig*' || return 1
	done
}

# configure TREE OUT on|off CONFIG: tinyconfig and CONFIG (less debug information and objtool, which objects
# that nobody runs do not need), the features on or off; made anew only if what it is made of has changed.
configure() {
	local symbol wanted stamp
	mkdir -p "$2" || return
	wanted=$(
		cat "$4"
		echo '# CONFIG_DEBUG_INFO is not set'
		echo 'CONFIG_UNWINDER_GUESS=y'
		for symbol in $(feature_symbols); do
			if [[ $3 == on ]]; then echo "$symbol=y"; else echo "# $symbol is not set"; fi
		done
	)
	# Which Kconfig files there are and what is in them: their part of the index says both.
	stamp=$({ echo "$wanted"; own_git -C "$1" ls-files -s -- '*Kconfig*' 'scripts/kconfig'; } | sha256sum)
	[[ ! -f $2/.config || $stamp != "$(cat "$2/.stamp" 2>/dev/null)" ]] || return 0
	rm -f "$2/.stamp"
	grep -v '^CONFIG_DEBUG_INFO' <<<"$wanted" >"$2/wanted.config"
	kmake "$1" "$2" tinyconfig >/dev/null || return
	(cd "$1" && scripts/kconfig/merge_config.sh -m -O "$2" "$2/.config" "$2/wanted.config") >/dev/null || return
	kmake "$1" "$2" olddefconfig >/dev/null || return
	if [[ $3 == on ]] && features_exist "$1"; then
		for symbol in $(feature_symbols); do
			grep -q "^$symbol=y$" "$2/.config" || { echo "error: $symbol did not survive in $2/.config"; return 1; }
		done
	fi
	echo "$stamp" >"$2/.stamp"
}

# touched_sources TREE: the C files that the series touches and x86 compiles, each to an object of its own.
touched_sources() {
	local path
	hm_series touched | while read -r path; do
		# one whose folder has no Makefile is part of the object of another folder
		[[ -f $1/$path && -f $1/${path%/*}/Makefile ]] || continue
		case $path in
		arch/x86/entry/vdso/* | lib/vdso/*) ;;
		tools/* | samples/* | scripts/* | Documentation/*) ;;
		arch/x86/*.c) echo "$path" ;;
		arch/*) ;;
		*.c) echo "$path" ;;
		esac
	done
}

# touched_objects TREE: what to build: mm/ and fs/hugetlbfs/ whole, and the object of every other C file
# that the series touches and x86 has. kbuild leaves out what the configuration does not have.
touched_objects() {
	printf '%s\n' mm/ fs/hugetlbfs/
	{
		hm_series touched | grep -E '^(arch/x86/entry|lib)/vdso/' >/dev/null && echo arch/x86/entry/
		touched_sources "$1" | sed -E '/^(mm|fs\/hugetlbfs)\//d; s/\.c$/.o/'
	} | sort -u
}

# objects_configured TREE OUT: of the C files on stdin, the objects of those that OUT/.config has.
objects_configured() {
	local path
	while read -r path; do
		! configured "$1" "$2" "$path" || echo "${path%.c}.o"
	done | sort -u
}
