#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# tools/quilt/apply, export, name, roundtrip: there and back, and what must be refused.
# shellcheck source=tests/quilt/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

mini_source "$WORK/mini" 9
mini_bases unknown
works "a series comes out of export" mini_series
P=$HM_PATCHES/5.10.y
[[ $(cd "$P" && echo *) == "0101-mm-hugetlb-spell-ten.patch 0102-mm-hugetlb-spell-thirty.patch 0201-mm-sparse-spell-five.patch 0401-mm-hugetlb-spell-twelve.patch" ]]
ok "with names of topic, number and subject"
[[ $(grep -v '^#' "$HM_SERIES_FILE" | grep -c .) == 4 ]]; ok "series names each"
cp -r "$HM_PATCHES" "$WORK/first"
works "export again" "$Q/export" "$DEV"
[[ ! -s $WORK/out ]] && diff -r "$WORK/first" "$HM_PATCHES" >/dev/null; ok "changes nothing"
git -C "$DEV" config diff.noprefix true; git -C "$DEV" config format.signOff true; git -C "$DEV" config diff.context 9
git -C "$DEV" config format.attach x; git -C "$DEV" config core.abbrev 7
works "export with a repository configured otherwise" "$Q/export" "$DEV"
diff -r "$WORK/first" "$HM_PATCHES" >"$WORK/err"; ok "gives the same bytes"

# What export refuses.
echo dirt >>"$DEV/mm/sparse.c"
refused 1 'not committed' "export refuses a dirty tree" "$Q/export" "$DEV"
git -C "$DEV" checkout -q .
sed -i 's/^sparse line 8$/sparse line eight/' "$DEV/mm/sparse.c"
git -C "$DEV" commit -q -a -m 'mm/sparse: spell eight' -m 'Because.' -m 'Assisted-by: LLM:unspecified'
refused 1 'has no topic' "export refuses a commit without a topic" "$Q/export" "$DEV"
grep -q 'tools/quilt/name TT' "$WORK/err"; ok "and says how to give it one"
refused 2 'no topic 07' "name refuses an unknown topic" env TREE="$DEV" "$Q/name" 07 HEAD
refused 2 'neither a topic' "name refuses nonsense" env TREE="$DEV" "$Q/name" x HEAD
TREE=$DEV "$Q/name" 02 HEAD
refused 1 'comes after topic 04' "export refuses topics out of order" "$Q/export" "$DEV"
git -C "$DEV" reset -q --hard HEAD^

# A name follows the commit through a rebase and a new subject.
git -C "$DEV" commit -q --amend -m 'mm/hugetlb: spell the number twelve' -m 'Because.' -m 'Assisted-by: LLM:unspecified'
works "export of a reworded commit" "$Q/export" "$DEV"
[[ $(cat "$WORK/out") == "changed  0401-mm-hugetlb-spell-twelve.patch" ]]; ok "keeps its name"
git -C "$DEV" reset -q --hard 'HEAD@{1}'
works "export of the old one" "$Q/export" "$DEV"
diff -r "$WORK/first" "$HM_PATCHES" >"$WORK/err"; ok "is back at the start"

# Apply.
works "apply" "$Q/apply"
tree=$(cat "$WORK/out")
[[ $tree == "$CACHE/tree/5.10.y" && $(git -C "$tree" symbolic-ref --short HEAD) == hugemem/5.10.y ]]; ok "prints the tree, on its branch"
[[ $(git -C "$tree" rev-parse 'HEAD^{tree}') == "$(git -C "$DEV" rev-parse 'HEAD^{tree}')" ]]; ok "which holds what was exported"
works "apply again" "$Q/apply"
grep -q 'applied already' "$WORK/err"; ok "does nothing"
echo dirt >>"$tree/mm/sparse.c"
refused 1 'not committed' "apply refuses a dirty tree" "$Q/apply"
git -C "$tree" commit -q -a -m 'mm/sparse: mine'
refused 1 'commits that apply did not make' "and commits of one's own" "$Q/apply"
mine=$(git -C "$tree" rev-parse HEAD)
works "--force drops them" "$Q/apply" --force
[[ $(git -C "$tree" rev-parse refs/hugemem/old) == "$mine" && $(git -C "$tree" rev-parse HEAD) != "$mine" ]]; ok "and keeps them aside"

# Roundtrip.
refused 1 'bases records none' "roundtrip: no recorded tree" "$Q/roundtrip"
works "roundtrip --record" "$Q/roundtrip" --record
works "roundtrip" "$Q/roundtrip"
[[ $(cat "$WORK/out") == "$(awk '/^5.10.y/ { print $5 }' "$HM_BASES")" ]]; ok "gives the recorded tree"
sed -i 's/twelve/dozen/' "$P/0401-mm-hugetlb-spell-twelve.patch"
refused 1 'export of apply differs\|git am refuses' "an edited patch is found" "$Q/roundtrip"
cp "$WORK/first/5.10.y/"* "$P/"
echo '# mine' >>"$HM_SERIES_FILE"
refused 1 'differs in: series' "an edited series, too" "$Q/roundtrip"
sed -i '$d' "$HM_SERIES_FILE"
mv "$P/0201-mm-sparse-spell-five.patch" "$WORK/"
refused 1 '0201-mm-sparse-spell-five.patch, which is not there' "a lost patch is named" "$Q/roundtrip"
mv "$WORK/0201-mm-sparse-spell-five.patch" "$P/"

# quilt.
if command -v quilt >/dev/null; then
	works "apply --quilt" "$Q/apply" --quilt
	qtree=$(cat "$WORK/out")
	[[ $(cd "$qtree" && quilt applied | grep -c .) == 4 ]] && diff -r -x .pc -x .git "$tree" "$qtree" >"$WORK/err"; ok "gives the same tree, and quilt goes on there"
	works "again" "$Q/apply" --quilt
	echo mine >>"$qtree/mm/sparse.c"
	refused 1 'changes of yours' "changes there are not overwritten" "$Q/apply" --quilt
else
	skip "apply --quilt" "no quilt"
fi

# Fuzz: a patch whose context does not match must be refused by both.
fuzzy=$P/0201-mm-sparse-spell-five.patch
cp "$fuzzy" "$WORK/good"
sed -i 's/^ sparse line 2$/ sparse line two/' "$fuzzy"
refused 1 'git am refuses 5.10.y/0201' "git am refuses fuzz" "$Q/apply"
[[ $(git -C "$tree" rev-parse 'HEAD^{tree}') == "$(git -C "$DEV" rev-parse 'HEAD^{tree}')" && -z $(git -C "$tree" status --porcelain) ]]; ok "and the tree is as before"
if command -v quilt >/dev/null; then
	rm -rf "$CACHE/tree/5.10.y-quilt"
	refused 1 'quilt push -a refuses' "quilt refuses fuzz" "$Q/apply" --quilt
fi
cp "$WORK/good" "$fuzzy"

# Topics.
works "TOPIC= of an independent topic" env TOPIC=02 "$Q/apply"
[[ $(cat "$WORK/out") == "$CACHE/tree/5.10.y-topic-02" ]] && grep -q five "$CACHE/tree/5.10.y-topic-02/mm/sparse.c" && ! grep -q ten "$CACHE/tree/5.10.y-topic-02/mm/hugetlb.c"; ok "has only that"
refused 2 'topic 04 needs topic 01' "TOPIC= without what it needs" env TOPIC=04 "$Q/apply"
grep -q 'TOPIC="01 04"' "$WORK/err"; ok "says what would do"
works "which does" env TOPIC="01,04" "$Q/apply"
refused 2 "no topic '09'" "TOPIC= that the series has not" env TOPIC=09 "$Q/apply"

# Another tree, dry.
mini_source "$WORK/vendor" 5
sed -i 's/EXTRAVERSION =/EXTRAVERSION = -vendor/' "$WORK/vendor/Makefile"
sed -i 's/^sparse line 5$/sparse line of the vendor/' "$WORK/vendor/mm/sparse.c"
sed -i 's/^hugetlb line 28$/hugetlb line of the vendor/; 1i moved' "$WORK/vendor/mm/hugetlb.c"
(cd "$WORK/vendor" && find . -type f -exec sha256sum {} + | sort) >"$WORK/before"
refused 1 '1 of 4 patches conflict' "a dry run onto a vendor's tree" env KSRC="$WORK/vendor" DRY=1 "$Q/apply"
grep -q '^01 first .*1 with offsets, 1 by 3-way merge' "$WORK/out" && grep -q '^02 second .*1 in conflict' "$WORK/out" && grep -q 'hunk at mm/sparse.c:2' "$WORK/out"; ok "lists by topic what does not fit, and where"
(cd "$WORK/vendor" && find . -type f -exec sha256sum {} + | sort) | cmp -s - "$WORK/before"; ok "and changes nothing"
git -C "$WORK/vendor" init -q && git -C "$WORK/vendor" add -f -A && git -C "$WORK/vendor" commit -q -m vendor
refused 1 'patches conflict' "the same of a git tree" env KSRC="$WORK/vendor" DRY=1 "$Q/apply"
[[ -z $(git -C "$WORK/vendor" status --porcelain) ]]; ok "which stays clean"
(cd "$WORK/vendor" && "$Q/apply" --help >/dev/null && KSRC=. DRY=1 "$Q/apply" >/dev/null 2>&1; [[ -z $(git status --porcelain --ignored) ]]); ok "also from within"
refused 1 'is Linux 4.4.9' "a tree of another line is refused" env KSRC="$(mini_source "$WORK/old" 9 && sed -i 's/VERSION = 5/VERSION = 4/; s/PATCHLEVEL = 10/PATCHLEVEL = 4/' "$WORK/old/Makefile" && echo "$WORK/old")" DRY=1 "$Q/apply"
refused 2 "DRY='yes'" "DRY= takes 1" env DRY=yes "$Q/apply"

# Inserting between two neighbours: the numbers of the block must change, and only when told to.
git -C "$DEV" checkout -q -b insert HEAD~3
change mm/hugetlb.c 'hugetlb line 20' 'hugetlb line twenty' 'mm/hugetlb: spell twenty' 01
git -C "$DEV" cherry-pick base~2 base~1 base >/dev/null 2>&1
ok "a commit is put between 0101 and 0102"
refused 1 'is number 2 of topic 01 but comes after number 2' "export does not renumber by itself" "$Q/export" "$DEV"
grep -q -e '--renumber' "$WORK/err"; ok "and says how it does"
works "export --renumber" "$Q/export" --renumber "$DEV"
[[ $(cd "$P" && echo 01* 02*) == "0101-mm-hugetlb-spell-ten.patch 0102-mm-hugetlb-spell-twenty.patch 0103-mm-hugetlb-spell-thirty.patch 0201-mm-sparse-spell-five.patch" ]]
ok "renumbers the block, the neighbours stay"
finish
