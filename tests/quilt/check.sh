#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# tools/quilt/check and mbox on a small series, and every script's --help.
# shellcheck source=tests/quilt/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

for script in import apply export name refresh check roundtrip lint bisect mbox; do
	works "$script --help" "$Q/$script" --help
	grep -q "^usage: .*tools/quilt/$script" "$WORK/out" || { false; ok "$script says how it is called"; }
	[[ $script == name ]] || refused 2 'unknown' "$script refuses an unknown argument" "$Q/$script" --nonsense
done

mini_source "$WORK/mini" 9
mini_bases unknown
works "a series" mini_series
P=$HM_PATCHES/5.10.y
# check looks at selftests/ and MAINTAINERS.snippet below the root: give it one of its own.
root=$WORK/root
mkdir "$root"
# shellcheck disable=SC2317 # called through works and refused
check() { "$HM_SERIES" --root "$root" check; }
refused 1 'cover-letter: cannot read' "no cover letter" check
printf 'Subject: Numbers in words\n\nFirst, second and fourth topic, spelled.\n' >"$P/cover-letter"
sed -i 's/First/first/' "$P/cover-letter"
refused 1 'MAINTAINERS.snippet: cannot read' "no snippet" check
printf 'HUGEMEM\nM:\thugemem <hugemem@localhost>\nS:\tMaintained\nF:\tmm/new.c\n' >"$root/MAINTAINERS.snippet"
works "a good series passes" check
grep -q '4 patches of 3 topics for v5.10.9, 0 findings' "$WORK/out"; ok "and says what was looked at"

# finding TEXT NAME: after a change of the copy, check must say TEXT.
cp -r "$HM_PATCHES" "$WORK/first" && cp "$HM_SERIES_FILE" "$WORK/series.first"
finding() {
	refused 1 "$1" "$2" check
	rm -rf "$HM_PATCHES" && cp -r "$WORK/first" "$HM_PATCHES" && cp "$WORK/series.first" "$HM_SERIES_FILE"
}
sed -i 's/^Because/Whatever/' "$P/0101-mm-hugetlb-spell-ten.patch"
finding '0101-.*: the Message-Id does not belong' "an edited message"
sed -i 's/^Assisted-by.*/&\nSigned-off-by: a <b@c>/' "$P/0102-mm-hugetlb-spell-thirty.patch"
finding 'has a Signed-off-by' "a Signed-off-by"
sed -i '/0201/d' "$HM_SERIES_FILE"
finding '0201-.*: is in the folder but not in series' "a patch that series does not name"
rm "$P/0201-mm-sparse-spell-five.patch"
finding 'series names 5.10.y/0201' "a patch that is not there"
sed -i '/0101/d' "$HM_SERIES_FILE" && rm "$P/0101-mm-hugetlb-spell-ten.patch"
# The rest still starts from the blob that 0101 left; only the chain of those that remain is known.
sed -i '/0102/d' "$HM_SERIES_FILE" && sed -i '$a 5.10.y/0102-mm-hugetlb-spell-thirty.patch' "$HM_SERIES_FILE"
finding 'comes after 0401' "an order other than that of the numbers"
sed -i 's/@@ -10,7 +10,7 @@/@@ -10,8 +10,7 @@/' "$P"/*
sed -i '0,/@@ -7,7 +7,7 @@/s//@@ -7,8 +7,7 @@/' "$P/0101-mm-hugetlb-spell-ten.patch"
finding '0101.*hunk' "a hunk that does not add up"
printf 'Subject: Numbers in words\n\nAll of it.\n' >"$P/cover-letter"
finding "cover-letter: does not speak of topic 01" "a cover letter that leaves out a topic"
mkdir -p "$root/selftests/words" && echo x >"$root/selftests/words/w.c"
works "selftests that no patch carries yet pass" check
grep -q 'selftests/ was not compared' "$WORK/err"; ok "and that is said"
rm -r "$root/selftests"
sed -i 's,mm/new.c,mm/old.c,' "$root/MAINTAINERS.snippet"
finding 'no F: line covers mm/new.c' "a new file without maintainer"
sed -i 's,mm/old.c,mm/new.c,' "$root/MAINTAINERS.snippet"
works "back at the start it passes" check

# The mailbox.
works "mbox to a file" "$Q/mbox" "$WORK/a.mbox"
works "mbox to stdout" "$Q/mbox"
cmp -s "$WORK/a.mbox" "$WORK/out"; ok "gives the same bytes"
mkdir "$WORK/split" && [[ $(git mailsplit -o"$WORK/split" "$WORK/a.mbox") == 5 ]]; ok "holds the cover letter and four patches"
if command -v b4 >/dev/null; then
	works "mbox --check: b4 takes it" "$Q/mbox" --check
	grep -q 'b4 am -m: 4 patches and the cover letter' "$WORK/err"; ok "whole"
else
	skip "mbox --check" "no b4"
fi
mv "$P/cover-letter" "$WORK/"
refused 3 'cover-letter' "no mailbox without a cover letter" "$Q/mbox" "$WORK/b.mbox"
[[ ! -e $WORK/b.mbox && ! -e $WORK/b.mbox.part ]]; ok "and no file"
finish
