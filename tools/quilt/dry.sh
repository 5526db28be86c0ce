# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2153 # VERSION comes from load_base
# DRY=1 of apply: how would the series apply to a tree that is not ours? Works on an index and an
# object store of its own; the tree is only read. Sourced by apply.

# title_of TT
title_of() {
	awk -v t="$1" '$1 == t { $1 = $2 = ""; sub(/^ +/, ""); print }' "$HM_TOPICS"
}

# user_git ARGS...: git as the user has it, free of what dry_run exports.
user_git() {
	env -u GIT_DIR -u GIT_INDEX_FILE -u GIT_WORK_TREE git "$@"
}

# tree_to_try: the commit or tree of KSRC (the base of the cache without it); GIT_DIR is set.
tree_to_try() {
	local objects
	[[ ! -d $CACHE_GIT/objects ]] || echo "$CACHE_GIT/objects" >>"$GIT_DIR/objects/info/alternates"
	if [[ -z ${KSRC:-} ]]; then
		own_git --git-dir="$CACHE_GIT" rev-parse -q --verify refs/heads/base || die 2 "no base in the cache" "tools/quilt/import, or name a tree: KSRC="
	elif objects=$(user_git -C "$KSRC" rev-parse --path-format=absolute --git-path objects 2>/dev/null) &&
		[[ -e $KSRC/.git || -e $KSRC/HEAD ]]; then
		echo "$objects" >>"$GIT_DIR/objects/info/alternates"
		[[ -z $(user_git -C "$KSRC" status --porcelain --untracked-files=no 2>/dev/null | head -n 1) ]] ||
			warn "$KSRC has changes that are not committed; its HEAD is tried"
		user_git -C "$KSRC" rev-parse 'HEAD^{tree}'
	else
		# Only the files that matter, and Makefile for the version.
		[[ -d $KSRC ]] || die 2 "KSRC=$KSRC is no folder"
		(
			cd "$KSRC" || exit 3
			{ hm_series touched "${TOPICS[@]}"; echo Makefile; } | while read -r path; do
				[[ ! -f $path ]] || printf '%s\n' "$path"
			done | GIT_WORK_TREE=$PWD own_git update-index --add --stdin && own_git write-tree
		)
	fi
}

# complaints LOG: "FILE:LINE" or "FILE cause" of each refusal in what git apply said.
complaints() {
	sed -n -e 's/^error: patch failed: /hunk at /p' -e 's/^error: \(.*\): \(does not exist in index\)$/\1 is missing/p' \
		-e 's/^error: \(.*\): already exists in index$/\1 exists already/p' "$1" | sort -u
}

dry_run() {
	local tree version i file topic last='' log=$SCRATCH/apply.log index=$SCRATCH/index
	local clean=0 offset=0 merged=0 conflicts=0 total=0 lines=()
	own_git init -q --bare "$SCRATCH/dry.git"
	# A 3-way merge writes files for all that it is told --cached: give it a place of its own.
	mkdir "$SCRATCH/nowhere"
	export GIT_DIR=$SCRATCH/dry.git GIT_INDEX_FILE=$index GIT_WORK_TREE=$SCRATCH/nowhere
	tree=$(tree_to_try) || exit
	own_git show "$tree:Makefile" >"$SCRATCH/Makefile" 2>/dev/null || die 1 "${KSRC:-the base} is no kernel tree"
	version=$(hm_series kernel-version "$SCRATCH/Makefile") || exit
	[[ $version == "${BASE%y}"* ]] || die 1 "${KSRC:-the base} is Linux $version; the series is for $BASE" "a tree of any ${BASE%y}N fits"
	[[ $version == "$VERSION" ]] || warn "it is Linux $version, the series was made for $VERSION"
	own_git read-tree "$tree" || die 3 "cannot read the tree of ${KSRC:-the base}"

	flush_topic() {
		[[ -n $last ]] || return 0
		printf '%s %-20s %s\n' "$last" "$(title_of "$last")" \
			"$clean clean, $offset with offsets, $merged by 3-way merge, $conflicts in conflict"
		((${#lines[@]} == 0)) || printf '   %s\n' "${lines[@]}"
		total=$((total + conflicts)) clean=0 offset=0 merged=0 conflicts=0 lines=()
	}
	for i in "${!SERIES[@]}"; do
		file=${SERIES[i]##*/} topic=${SERIES[i]##*/}
		topic=${topic:0:2}
		[[ $topic == "$last" ]] || { flush_topic; last=$topic; }
		cp "$index" "$index.before"
		if own_git apply --cached -v "${SERIES_FILES[i]}" >"$log" 2>&1; then
			if grep -q 'offset' "$log"; then offset=$((offset + 1)); else clean=$((clean + 1)); fi
		elif cp "$log" "$log.plain" && own_git apply --cached --3way "${SERIES_FILES[i]}" >"$log" 2>&1; then
			merged=$((merged + 1))
			lines+=("$file merges with git am -3")
		else
			cp "$index.before" "$index"
			conflicts=$((conflicts + 1))
			lines+=("$file")
			while read -r complaint; do lines+=("    $complaint"); done < <(complaints "$log.plain")
		fi
	done
	flush_topic
	if ((total)); then
		say "$total of ${#SERIES[@]} patches conflict; one that conflicts makes later ones of its topic and of topics that need it conflict"
		say "git fetch $CACHE_GIT hugemem/$BASE gives your repository the blobs that git am -3 merges with"
		exit 1
	fi
	say "all ${#SERIES[@]} patches apply"
}
