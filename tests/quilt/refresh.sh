#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# tools/quilt/refresh: to a release that has one of the patches, and to one that conflicts.
# shellcheck source=tests/quilt/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

mini_source "$WORK/mini" 9
mini_bases unknown
works "a series to move" mini_series
P=$HM_PATCHES/5.10.y
cp -r "$HM_PATCHES" "$WORK/first"
cp "$HM_BASES" "$WORK/bases.first"

# v5.10.10 has the patch of sparse.c and moves everything in hugetlb.c down.
cp -r "$WORK/mini" "$WORK/next"
sed -i 's/SUBLEVEL = 9/SUBLEVEL = 10/' "$WORK/next/Makefile"
sed -i 's/^sparse line 5$/sparse line five/' "$WORK/next/mm/sparse.c"
sed -i '1i moved' "$WORK/next/mm/hugetlb.c"

refused 2 'TO= is missing' "TO= is needed" env KSRC="$WORK/next" "$Q/refresh"
refused 2 'KSRC= is missing' "KSRC= is needed" env TO=v5.10.10 "$Q/refresh"
refused 2 'not of the line' "another line is refused" env TO=v5.15.1 KSRC="$WORK/next" "$Q/refresh"
refused 2 'already' "the same release is refused" env TO=v5.10.9 KSRC="$WORK/next" "$Q/refresh"
refused 1 'cannot import v5.10.11' "a tree of another release is refused" env TO=v5.10.11 KSRC="$WORK/next" "$Q/refresh"
refused 2 'no refresh has stopped' "nothing to continue" "$Q/refresh" --continue

works "refresh --dry-run" env TO=v5.10.10 KSRC="$WORK/next" "$Q/refresh" --dry-run
grep -q 'dropped: 5.10.y/0201-mm-sparse-spell-five.patch absorbed' "$WORK/out" && grep -q '^1: .* 1: .* spell ten' "$WORK/out"; ok "prints what is dropped and the range-diff"
diff -r "$WORK/first" "$HM_PATCHES" >/dev/null && cmp -s "$HM_BASES" "$WORK/bases.first"; ok "and writes nothing"
works "refresh" env TO=v5.10.10 KSRC="$WORK/next" "$Q/refresh"
[[ $(cd "$P" && echo *) == "0101-mm-hugetlb-spell-ten.patch 0102-mm-hugetlb-spell-thirty.patch 0401-mm-hugetlb-spell-twelve.patch" ]]; ok "keeps the names of the rest"
grep -q "^5.10.y v5.10.10 kernel.org:unknown $(tree_id "$WORK/next") " "$HM_BASES"; ok "bases has the new tag and tree"
works "roundtrip on the new base" "$Q/roundtrip"
works "apply on the new base" "$Q/apply"
grep -q moved "$CACHE/tree/5.10.y/mm/hugetlb.c" && grep -q twelve "$CACHE/tree/5.10.y/mm/hugetlb.c"; ok "has both"

# v5.10.11 changes a line that a patch changes.
cp -r "$WORK/next" "$WORK/third"
sed -i 's/SUBLEVEL = 10/SUBLEVEL = 11/' "$WORK/third/Makefile"
sed -i 's/^hugetlb line 30$/hugetlb line XXX/' "$WORK/third/mm/hugetlb.c"
cp -r "$HM_PATCHES" "$WORK/second"
refused 1 '0102-mm-hugetlb-spell-thirty.patch conflicts with v5.10.11' "a conflict stops" env TO=v5.10.11 KSRC="$WORK/third" "$Q/refresh"
diff -r "$WORK/second" "$HM_PATCHES" >/dev/null; ok "nothing is written yet"
refused 1 'has stopped' "a second refresh is refused" env TO=v5.10.11 KSRC="$WORK/third" "$Q/refresh"
refused 1 'unfinished operation\|not committed' "continuing without resolving is refused" "$Q/refresh" --continue
tree=$CACHE/tree/5.10.y-refresh
sed -i '/^<<<<<<<\|^=======\|^>>>>>>>/d; /XXX/d' "$tree/mm/hugetlb.c"
grep -q '^hugetlb line 30$' "$tree/mm/hugetlb.c" && sed -i '/^hugetlb line 30$/d' "$tree/mm/hugetlb.c"
git -C "$tree" add -u && git -C "$tree" am -q --continue >/dev/null 2>&1
ok "resolved"
works "refresh --continue" "$Q/refresh" --continue
[[ $(cd "$P" && echo *) == "0101-mm-hugetlb-spell-ten.patch 0102-mm-hugetlb-spell-thirty.patch 0401-mm-hugetlb-spell-twelve.patch" ]] && grep -q '^-hugetlb line XXX' "$P/0102-mm-hugetlb-spell-thirty.patch"; ok "has the resolved patch under its name"
works "roundtrip" "$Q/roundtrip"

# Aborting.
cp -r "$WORK/third" "$WORK/fourth"
sed -i 's/SUBLEVEL = 11/SUBLEVEL = 12/' "$WORK/fourth/Makefile"
sed -i 's/^hugetlb line 10$/hugetlb line YYY/' "$WORK/fourth/mm/hugetlb.c"
refused 1 'conflicts with v5.10.12' "another conflict" env TO=v5.10.12 KSRC="$WORK/fourth" "$Q/refresh"
works "refresh --abort" "$Q/refresh" --abort
[[ ! -e $tree ]] && works "roundtrip is as before" "$Q/roundtrip"
finish
