# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# A miniature base, so that the scripts of tools/quilt are tested in seconds. Sourced by *.sh beside it.
# shellcheck disable=SC2034 # variables are for those who source this

set -u
export LC_ALL=C NO_COLOR=1 GIT_EDITOR=true GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
export GIT_AUTHOR_NAME=hugemem GIT_AUTHOR_EMAIL=hugemem@localhost GIT_COMMITTER_NAME=hugemem GIT_COMMITTER_EMAIL=hugemem@localhost
unset KSRC BASE TOPIC DRY TREE REV BASE_REV ORIGIN TO KERNEL_MIRROR
ROOT=$(cd "${BASH_SOURCE[0]%/*}/../.." && pwd)
Q=$ROOT/tools/quilt
# shellcheck source=tools/quilt/common.sh
. "$Q/common.sh"
set +e
hm_series --version >/dev/null 2>&1 # builds it, if need be, before the cache moves
export HM_SERIES

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
export CACHE=$WORK/cache HM_BASES=$WORK/bases HM_TOPICS=$WORK/topics HM_PATCHES=$WORK/patches
export HM_SERIES_FILE=$WORK/series HM_NORMALISE=$WORK/normalise HM_NEED_MIB=1
# Nothing here may reach the network.
export KERNEL_MIRROR=file://$WORK/mirror
printf 'Dir::Etc::SourceList "/dev/null";\nDir::Etc::SourceParts "/dev/null";\n' >"$WORK/apt.conf"
export APT_CONFIG=$WORK/apt.conf
mkdir -p "$WORK/mirror/v5.x" "$CACHE/src"

number=0 bad=0
# ok NAME: judges the command that just ran.
ok() {
	local code=$?
	number=$((number + 1))
	if ((code == 0)); then echo "ok $number - $1"; else
		bad=1
		echo "not ok $number - $1"
		[[ ! -s $WORK/err ]] || sed 's/^/# /' "$WORK/err"
	fi
}

# refused CODE TEXT NAME COMMAND...: it must end with CODE and say TEXT on stderr.
refused() {
	local code=0
	"${@:4}" >"$WORK/out" 2>"$WORK/err" </dev/null || code=$?
	[[ $code == "$1" ]] && grep -q -e "$2" "$WORK/err"
	ok "$3"
	[[ $code == "$1" ]] || echo "# exit code $code instead of $1"
}

# works NAME COMMAND...
works() {
	"${@:2}" >"$WORK/out" 2>"$WORK/err" </dev/null
	ok "$1"
}

skip() { # NAME REASON
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}

finish() {
	echo "1..$number"
	exit "$bad"
}

# mini_source DIR SUBLEVEL: a kernel tree in miniature.
mini_source() {
	mkdir -p "$1"/{mm,scripts,drivers/left,include/linux}
	printf 'VERSION = 5\nPATCHLEVEL = 10\nSUBLEVEL = %s\nEXTRAVERSION =\n' "$2" >"$1/Makefile"
	seq 1 40 | sed 's/^/hugetlb line /' >"$1/mm/hugetlb.c"
	seq 1 40 | sed 's/^/sparse line /' >"$1/mm/sparse.c"
	# For git a label is a function, unless the attributes say that this is C.
	printf '*.c diff=cpp\n' >"$1/.gitattributes"
	sed -i -e '18s/.*/int f(void)/' -e '21s/.*/label:/' "$1/mm/hugetlb.c"
	echo 'shipped but ignored' >"$1/mm/tables.o_shipped"
	printf '*.o_shipped\n' >"$1/.gitignore"
	printf '#!/bin/sh\n' >"$1/scripts/run.sh"
	chmod +x "$1/scripts/run.sh"
	echo 'may not be shipped' >"$1/drivers/left/out.c"
}

# tree_id DIR: the normalised tree, computed with nothing of ours.
tree_id() {
	rm -rf "$WORK/id" && cp -r "$1" "$WORK/id" && rm -rf "$WORK/id/drivers/left" "$WORK/id/.git" &&
		(cd "$WORK/id" && git init -q && git add -f -A && git write-tree)
}

# mini_tarball DIR FILE: FILE.tar.xz of it, inside linux-5.10.9/.
mini_tarball() {
	tar -cJf "$2" -C "${1%/*}" --transform "s,^${1##*/},linux-5.10.9," "${1##*/}"
}

# mini_bases [SHA256_KERNEL_ORG]: bases, topics, what is left out; the base is v5.10.9.
mini_bases() {
	printf '# bases\n5.10.y v5.10.9 kernel.org:%s,debian:bullseye-security:5.10.9-1:unknown %s - developing\n' "${1:-unknown}" "$(tree_id "$WORK/mini")" >"$HM_BASES"
	printf '01 - first\n02 - second\n04 01 fourth\n' >"$HM_TOPICS"
	printf '# left out\ndrivers/left\n' >"$HM_NORMALISE"
	printf '# empty\n' >"$HM_SERIES_FILE"
	mkdir -p "$HM_PATCHES/5.10.y"
}

# change FILE FROM TO SUBJECT TOPIC: a commit in the tree $DEV, named.
change() {
	sed -i "s/^$2\$/$3/" "$DEV/$1"
	git -C "$DEV" commit -q -a -m "$4" -m "Because the old line says the wrong thing." -m "Assisted-by: LLM:unspecified"
	TREE=$DEV "$Q/name" "$5" HEAD
}

# mini_series: imports the base and makes a series of four patches, through export.
mini_series() {
	mini_tarball "$WORK/mini" "$CACHE/src/linux-5.10.9.tar.xz"
	QUIET=1 "$Q/import" >/dev/null || return
	DEV=$WORK/dev
	git clone -q "$CACHE/git/5.10.y" "$DEV" -b base 2>/dev/null || return
	change mm/hugetlb.c 'hugetlb line 10' 'hugetlb line ten' 'mm/hugetlb: spell ten' 01
	change mm/hugetlb.c 'hugetlb line 30' 'hugetlb line thirty' 'mm/hugetlb: spell thirty' 01
	change mm/sparse.c 'sparse line 5' 'sparse line five' 'mm/sparse: spell five' 02
	echo 'int new;' >"$DEV/mm/new.c"
	git -C "$DEV" add mm/new.c
	change mm/hugetlb.c 'hugetlb line 12' 'hugetlb line twelve' 'mm/hugetlb: spell twelve' 04
	QUIET=1 "$Q/export" "$DEV" >/dev/null
}
