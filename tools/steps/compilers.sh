# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# What all compilations that scripts start have in common: one cache, and memory in huge pages. Sourced, from the top
# folder, with CACHE set.

# Not compressed: that takes a fifth of the time of the compilation itself, and space there is. No run of the
# preprocessor of its own for what is not in the cache: that takes another fifth. A tree that has just been checked out
# is newer than the compilation that reads it; that is no reason to keep nothing.
export CCACHE_DIR="${CCACHE_DIR:-$CACHE/ccache}" CCACHE_MAXSIZE="${CCACHE_MAXSIZE:-8G}" CCACHE_NOCOMPRESS=1
export CCACHE_DEPEND=1 CCACHE_SLOPPINESS=include_file_mtime,include_file_ctime,time_macros CCACHE_NOHASHDIR=1
hugemap=${HM_ROOT:-$PWD}/build/lib/libhm-hugemap.so # made beside hm-steps, which is what is built first

# in_huge_pages COMMAND ARGUMENT...: runs it so; hugemap.cpp says what for. LD_PRELOAD of one's own stays.
in_huge_pages() {
	if [ -f "$hugemap" ] && [ -z "${LD_PRELOAD-}" ]; then
		LD_PRELOAD=$hugemap "$@"
	else
		"$@"
	fi
}
