# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the scripts of tools/quilt share. Sourced, never run.
# Exit codes: 0 ok, 1 mismatch or failed check, 2 usage, 3 environment, 4 cannot tell.

set -euo pipefail
export LC_ALL=C
umask 022

HM_ROOT=${HM_ROOT:-$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)}
CACHE=${CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/hugemem}
BASE=${BASE:-5.10.y}
HM_QUILT=$HM_ROOT/tools/quilt
HM_PATCHES=${HM_PATCHES:-$HM_ROOT/patches}
HM_BASES=${HM_BASES:-$HM_ROOT/bases}
HM_TOPICS=${HM_TOPICS:-$HM_QUILT/topics}
HM_NORMALISE=${HM_NORMALISE:-$HM_QUILT/normalise/$BASE}
if [[ -z ${HM_SERIES_FILE:-} ]]; then
	HM_SERIES_FILE=$HM_ROOT/series
	[[ $BASE == 5.10.y ]] || HM_SERIES_FILE=$HM_ROOT/series-$BASE
fi
export HM_ROOT CACHE BASE HM_PATCHES HM_BASES HM_TOPICS HM_NORMALISE HM_SERIES_FILE

# Folders of the cache, and the notes that hold patch names. Not every script uses each.
# shellcheck disable=SC2034
{
	CACHE_SRC=$CACHE/src
	CACHE_GIT=$CACHE/git/$BASE
	CACHE_STOCK=$CACHE/tree/$BASE-stock
	CACHE_TREE=$CACHE/tree/$BASE
	NOTES=refs/notes/hugemem
}

if [[ -t 2 && -z ${NO_COLOR:-} ]]; then
	HM_RED=$'\033[31m' HM_DIM=$'\033[2m' HM_PLAIN=$'\033[0m'
else
	HM_RED='' HM_DIM='' HM_PLAIN=''
fi

# say TEXT...: progress, on stderr; QUIET=1 leaves it out.
say() {
	[[ -n ${QUIET:-} ]] || printf '%s%s%s\n' "$HM_DIM" "$*" "$HM_PLAIN" >&2
}

# warn TEXT...
warn() {
	printf 'note: %s\n' "$*" >&2
}

# die CODE WHAT [HINT]: the thing and the cause, then the way out.
die() {
	printf '%serror:%s %s\n' "$HM_RED" "$HM_PLAIN" "$2" >&2
	[[ -z ${3:-} ]] || printf '       %s\n' "$3" >&2
	exit "$1"
}

# usage_of: the lines of the running script that begin with #:
usage_of() {
	sed -n 's/^#: \{0,1\}//p' "$0"
}

# need TOOL PACKAGE: refuses to go on without it.
need() {
	command -v "$1" >/dev/null || die 3 "$1 is not installed" "apt-get install $2 (or tools/deps)"
}

# scratch_dir: sets SCRATCH to a folder of our own that goes away with the script. It is below the
# cache because /tmp may be small. What a killed script left behind goes too.
scratch_dir() {
	local old pid
	mkdir -p "$CACHE" 2>/dev/null || die 3 "cannot make the cache folder $CACHE" "CACHE= names another"
	for old in "$CACHE"/.scratch.*; do
		pid=${old#"$CACHE"/.scratch.}
		pid=${pid%%.*}
		[[ ! -d $old ]] || kill -0 "$pid" 2>/dev/null || rm -rf "$old"
	done
	SCRATCH=$(mktemp -d "$CACHE/.scratch.$$.XXXXXX" 2>/dev/null) ||
		die 3 "cannot write to the cache folder $CACHE" "make space there, or CACHE= names another"
	trap hm_cleanup EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
}

hm_cleanup() {
	local code=$?
	trap - EXIT
	[[ -z ${SCRATCH:-} ]] || rm -rf "$SCRATCH"
	[[ ! -d $CACHE_GIT ]] || own_git -C "$CACHE_GIT" worktree prune >/dev/null 2>&1 || true
	exit "$code"
}

# disk_full: true if next to nothing is left in the cache. Then a failing tool could not write its log either.
disk_full() {
	local free
	free=$(df -P -k "$CACHE" 2>/dev/null | awk 'NR == 2 { print $4 }')
	((${free:-1024} < 256))
}

# blame_log CODE LOG WHAT [HINT]: dies with the last line of LOG; a full disk is told apart.
blame_log() {
	if grep -q 'No space left on device' "$2" 2>/dev/null || disk_full; then
		die 3 "$3: no space left in $CACHE" "make space, or CACHE= names another folder; a re-run carries on"
	fi
	{ grep . "$2" 2>/dev/null || true; } | tail -n 3 | sed 's/^/       /' >&2
	die "$1" "$3" "${4:-}"
}

# need_space MIB WHAT: refuses to start what cannot end. HM_NEED_MIB overrides MIB.
need_space() {
	local want=${HM_NEED_MIB:-$1} free
	mkdir -p "$CACHE" 2>/dev/null || die 3 "cannot make the cache folder $CACHE" "CACHE= names another"
	free=$(df -P -m "$CACHE" | awk 'NR == 2 { print $4 }')
	((free >= want)) || die 3 "$2 needs $want MiB in $CACHE, $free are free" "make space, or CACHE= names another folder"
}

# make_worktree FOLDER REV [BRANCH]: a worktree of the cache's repository, all of it or nothing.
make_worktree() {
	local part=$1.part log=$SCRATCH/worktree.log how=(--detach)
	[[ -z ${3:-} ]] || how=(-B "$3")
	rm -rf "$part"
	own_git -C "$CACHE_GIT" worktree prune
	mkdir -p "${1%/*}"
	say "checking out $1"
	if ! { own_git -C "$CACHE_GIT" worktree add -f --no-checkout "${how[@]}" "$part" "$2" &&
		own_git -C "$part" reset -q --hard "$2" &&
		own_git -C "$CACHE_GIT" worktree move "$part" "$1"; } >"$log" 2>&1; then
		rm -rf "$part"
		blame_log 3 "$log" "cannot check out $1"
	fi
}

# own_git ARGS...: git that depends on nothing the user has configured, so that
# the same commits give the same bytes everywhere.
own_git() {
	GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null GIT_TERMINAL_PROMPT=0 \
		GIT_AUTHOR_NAME=hugemem GIT_AUTHOR_EMAIL=hugemem@localhost \
		GIT_COMMITTER_NAME=hugemem GIT_COMMITTER_EMAIL=hugemem@localhost \
		git -c core.autocrlf=false -c core.quotePath=true -c core.fsync=none -c gc.auto=0 \
		-c advice.detachedHead=false -c commit.gpgSign=false -c init.defaultBranch=base \
		-c diff.algorithm=myers -c diff.noprefix=false -c diff.mnemonicPrefix=false -c diff.indentHeuristic=true \
		-c diff.suppressBlankEmpty=false -c diff.interHunkContext=0 -c diff.context=3 -c diff.orderFile=/dev/null \
		-c diff.submodule=short -c diff.renames=false -c format.signOff=false \
		-c format.useAutoBase=false -c format.thread=false -c format.notes=false -c format.encodeEmailHeaders=true \
		-c am.threeWay=false -c am.keepcr=false -c apply.ignoreWhitespace=no -c apply.whitespace=nowarn \
		-c mailinfo.scissors=false -c rerere.enabled=false "$@"
}

# hm_series ARGS...: the model. HM_SERIES names it; else that of build/, unless the sources are newer;
# else one built for the purpose, which takes cmake and a minute the first time.
hm_series() {
	if [[ -z ${HM_SERIES:-} ]]; then
		HM_SERIES=$HM_ROOT/build/bin/hm-series
		if [[ ! -x $HM_SERIES || -n $(find "$HM_QUILT/src" -newer "$HM_SERIES" -print -quit) ]]; then
			build_hm_series
		fi
		export HM_SERIES
	fi
	"$HM_SERIES" "$@"
}

build_hm_series() {
	local build=$HM_ROOT/build/quilt log=$HM_ROOT/build/quilt/build.log
	HM_SERIES=$build/bin/hm-series
	need cmake cmake
	mkdir -p "$build" || die 3 "cannot write to $HM_ROOT/build"
	[[ -x $HM_SERIES ]] || say "building hm-series (once)"
	if ! { cmake -S "$HM_QUILT" -B "$build" && cmake --build "$build" --target hm-series -j2; } >"$log" 2>&1; then
		tail -n 5 "$log" >&2
		die 3 "hm-series does not build; log: $log" "tools/deps installs what it needs"
	fi
}

# load_base: sets TAG, VERSION, BASE_TREE, RESULT_TREE ('-' if none) from bases.
load_base() {
	local text key value
	text=$(hm_series base) || exit
	while read -r key value; do
		case $key in
		tag) TAG=$value ;;
		version) VERSION=$value ;;
		tree) BASE_TREE=$value ;;
		result) RESULT_TREE=$value ;;
		esac
	done <<<"$text"
	: "${TAG:?}" "${VERSION:?}" "${BASE_TREE:?}" "${RESULT_TREE:?}"
}

# lock_file NAME WHAT: one script at a time; waits and says for what.
lock_file() {
	mkdir -p "$CACHE" 2>/dev/null || die 3 "cannot make the cache folder $CACHE" "CACHE= names another"
	exec {HM_LOCK_FD}>"$CACHE/$1" || die 3 "cannot write to the cache folder $CACHE" "CACHE= names another"
	if ! flock -n "$HM_LOCK_FD"; then
		say "waiting for another script that uses $2"
		flock "$HM_LOCK_FD"
	fi
}

# lock_cache: for those who write what others read: the repository, the trees of base and series.
lock_cache() {
	[[ -z ${HM_LOCKED:-} ]] || return 0
	lock_file .lock "$CACHE"
	HM_CACHE_FD=$HM_LOCK_FD
	export HM_LOCKED=1
}

# unlock_cache: for one that goes on for long with what is his alone.
unlock_cache() {
	[[ -n ${HM_CACHE_FD-} ]] || return 0
	exec {HM_CACHE_FD}>&-
	unset HM_CACHE_FD HM_LOCKED
}

# clean_tree DIR: refuses a tree with changes to tracked files or a half-done git am, rebase or merge.
clean_tree() {
	local gitdir state
	gitdir=$(own_git -C "$1" rev-parse --absolute-git-dir 2>/dev/null) || die 2 "$1 is no git tree"
	for state in rebase-apply rebase-merge MERGE_HEAD CHERRY_PICK_HEAD; do
		[[ ! -e $gitdir/$state ]] ||
			die 1 "$1 has an unfinished operation ($state)" "finish or abort it in there (git status tells), then run this again"
	done
	state=$(own_git -C "$1" status --porcelain --untracked-files=no | head -n 3) || die 3 "git status fails in $1"
	[[ -z $state ]] || die 1 "$1 has changes that are not committed: $(tr -s ' \n' ' ' <<<"$state")" "commit or drop them (git -C $1 status), then run this again"
}

# find_base_commit DIR [REV]: the commit below REV (HEAD) whose tree is the normalised base.
find_base_commit() {
	local found
	found=$(own_git -C "$1" log -n 5000 --format='%T %H' "${2:-HEAD}" -- 2>/dev/null | awk -v t="$BASE_TREE" '!f && $1 == t { print $2; f = 1 }')
	if [[ -z $found && -d $CACHE_GIT && $(realpath "$1") == "$(realpath -m "$CACHE_TREE")" ]]; then
		found=$(own_git -C "$1" rev-parse -q --verify refs/heads/base) || true
	fi
	[[ -n $found ]] || return 1
	printf '%s\n' "$found"
}
