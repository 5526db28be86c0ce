# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Applying a series in a scratch folder that holds only the files it touches: seconds instead of
# a checkout of the whole kernel. Sourced.

# load_series: sets SERIES (paths below patches/) and SERIES_FILES (absolute); those of TOPICS, all if it is empty.
load_series() {
	local text
	text=$(hm_series list "${TOPICS[@]}") || exit
	mapfile -t SERIES <<<"$text"
	[[ -n $text ]] || SERIES=()
	SERIES_FILES=("${SERIES[@]/#/$HM_PATCHES/}")
}

# sparse_worktree FOLDER COMMIT: a worktree that holds only what the series touches.
sparse_worktree() {
	{
		own_git -C "$CACHE_GIT" worktree add -q -f --no-checkout --detach "$1" "$2" &&
			hm_series touched "${TOPICS[@]}" | sed 's,^,/,' | own_git -C "$1" sparse-checkout set --no-cone --stdin &&
			own_git -C "$1" read-tree -m -u HEAD
	} >"$SCRATCH/sparse.log" 2>&1 || blame_log 3 "$SCRATCH/sparse.log" "cannot make a worktree in $CACHE"
}

# am_series FOLDER: git am of SERIES in a worktree at the base; names each commit. git apply knows no
# fuzz: every context line must match.
am_series() {
	local i=0 commit at
	if ((${#SERIES[@]})) && ! own_git -C "$1" am -q --committer-date-is-author-date "${SERIES_FILES[@]}" >"$SCRATCH/am.log" 2>&1; then
		at=$(own_git -C "$1" rev-parse --git-path rebase-apply/next)
		[[ $at == /* ]] || at=$1/$at
		i=$(($(cat "$at" 2>/dev/null || echo 1) - 1))
		own_git -C "$1" am --abort >/dev/null 2>&1 || true
		blame_log 1 "$SCRATCH/am.log" "git am refuses ${SERIES[i]:-a patch}" \
			"the patch does not fit what is before it: work on the commits and export them again"
	fi
	own_git -C "$1" rev-list --reverse "$(own_git -C "$1" rev-parse refs/heads/base)..HEAD" | while read -r commit; do
		own_git -C "$1" notes --ref="$NOTES" add -f -m "${SERIES[i]##*/}" "$commit" 2>/dev/null
		i=$((i + 1))
	done
}

# quilt_push FOLDER SERIES_FILE: the same with quilt, fuzz refused. quilt remembers where its series
# file is, so SERIES_FILE stays; it holds what TOPICS choose.
quilt_push() {
	local code=0
	((${#SERIES[@]})) || return 0
	printf '%s\n' "${SERIES[@]}" >"$2"
	(cd "$1" && QUILT_PATCHES=$HM_PATCHES QUILT_SERIES=$2 QUILT_PC=.pc quilt --quiltrc /dev/null push -a --fuzz=0) >"$SCRATCH/quilt.log" 2>&1 || code=$?
	((code == 0)) || blame_log 1 "$SCRATCH/quilt.log" "quilt push -a refuses a patch" "fuzz is not allowed; export the series again"
	! grep -q 'with fuzz' "$SCRATCH/quilt.log" || die 1 "quilt applied with fuzz" "export the series again"
}

# tree_of FOLDER COMMIT: the tree id of COMMIT with the touched files as FOLDER has them.
tree_of() {
	local index=$SCRATCH/tree-index
	rm -f "$index"
	GIT_DIR=$CACHE_GIT GIT_INDEX_FILE=$index own_git read-tree "$2" || return
	# --remove: a path that the series deletes leaves the index.
	hm_series touched "${TOPICS[@]}" | GIT_DIR=$CACHE_GIT GIT_WORK_TREE=$1 GIT_INDEX_FILE=$index \
		own_git update-index --add --remove --stdin || return
	GIT_DIR=$CACHE_GIT GIT_INDEX_FILE=$index own_git write-tree
}
