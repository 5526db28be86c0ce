#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# tools/quilt/import: every origin, and what it must refuse.
# shellcheck source=tests/quilt/lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

mini_source "$WORK/mini" 9
mini_bases unknown
want=$(awk '/^5.10.y/ { print $4 }' "$HM_BASES")
base_tree() { git -C "$CACHE/git/5.10.y" rev-parse 'refs/heads/base^{tree}'; }
afresh() { rm -rf "$CACHE" && mkdir -p "$CACHE/src"; }

works "--help says what it does" "$Q/import" --help
grep -q KSRC "$WORK/out"; ok "and names KSRC"

# No origin at all: no cache, no kernel.org, no mirror.
refused 3 'no origin gives v5.10.9' "no network: exit 3" "$Q/import"
grep -q 'kernel.org: ' "$WORK/err" && grep -q 'debian: ' "$WORK/err" && grep -q 'KSRC=' "$WORK/err"; ok "says of each origin why, and the way out"
[[ $("$Q/import" --status 2>/dev/null) == nothing ]]; ok "--status: nothing"

# The cache.
mini_tarball "$WORK/mini" "$CACHE/src/linux-5.10.9.tar.xz"
works "from the cache" "$Q/import"
grep -q "linux-5.10.9.tar.xz: bases has no sha256 of it; verified is what it holds, against the git tree ${want:0:12}" "$WORK/err"; ok "says that no sha256 is recorded, and what is verified"
[[ $(cat "$WORK/out") == "$CACHE/tree/5.10.y-stock" && $(base_tree) == "$want" ]]; ok "prints the tree; it is the recorded one"
[[ -f $CACHE/tree/5.10.y-stock/mm/tables.o_shipped ]]; ok "ignored files are in it"
[[ ! -e $CACHE/tree/5.10.y-stock/drivers/left ]]; ok "what Debian leaves out is not"
[[ $("$Q/import" --status) == "verified cache linux-5.10.9.tar.xz" ]]; ok "--status: verified"
rm "$CACHE/src/linux-5.10.9.tar.xz"
works "a second run needs nothing" "$Q/import"
echo dirt >>"$CACHE/tree/5.10.y-stock/mm/hugetlb.c"
refused 1 'not committed' "dirty stock tree refused" "$Q/import"
git -C "$CACHE/tree/5.10.y-stock" checkout -q .
commit=$(git -C "$CACHE/git/5.10.y" rev-parse base)
rm -rf "$CACHE/tree" && works "a lost checkout comes back" "$Q/import"
[[ -f $CACHE/tree/5.10.y-stock/Makefile ]]; ok "whole"

# kernel.org, interrupted.
afresh
mini_tarball "$WORK/mini" "$WORK/mirror/v5.x/linux-5.10.9.tar.xz"
sum=$(sha256sum "$WORK/mirror/v5.x/linux-5.10.9.tar.xz" | cut -d' ' -f1)
mini_bases "$sum"
head -c 100 "$WORK/mirror/v5.x/linux-5.10.9.tar.xz" >"$CACHE/src/linux-5.10.9.tar.xz.part"
works "an interrupted download is carried on" "$Q/import"
grep -q 'carrying on with .*(100 bytes' "$WORK/err" && [[ $(base_tree) == "$want" && ! -e $CACHE/src/linux-5.10.9.tar.xz.part ]]; ok "from where it stopped"
[[ $(git -C "$CACHE/git/5.10.y" rev-parse base) == "$commit" ]]; ok "the commit of the base depends on the tree alone"

# A complete .part, as a run killed between download and rename leaves it.
afresh
cp "$WORK/mirror/v5.x/linux-5.10.9.tar.xz" "$CACHE/src/linux-5.10.9.tar.xz.part"
works "a download that was complete is used" "$Q/import"
[ "$(grep -c 'no sha256' "$WORK/err")" = 0 ]; ok "a recorded sha256 is not said to be missing"

# Damage on the way.
afresh
printf 'damage' | dd of="$WORK/mirror/v5.x/linux-5.10.9.tar.xz" bs=1 seek=60 conv=notrunc 2>/dev/null
refused 3 'arrived damaged' "a damaged download is refused" "$Q/import"
[[ -f $CACHE/src/linux-5.10.9.tar.xz.damaged && ! -e $CACHE/git/5.10.y/refs/heads/base ]]; ok "kept aside, nothing imported"
mini_tarball "$WORK/mini" "$WORK/mirror/v5.x/linux-5.10.9.tar.xz"
mini_bases "$(sha256sum "$WORK/mirror/v5.x/linux-5.10.9.tar.xz" | cut -d' ' -f1)"
works "a re-run fetches it anew" "$Q/import"

# Damage in the cache.
afresh
head -c 200 "$WORK/mirror/v5.x/linux-5.10.9.tar.xz" >"$CACHE/src/linux-5.10.9.tar.xz"
refused 1 'is damaged or another release' "a damaged tarball in the cache is refused by name" env ORIGIN=cache "$Q/import"
mini_bases unknown
refused 1 'linux-5.10.9.tar.xz is damaged' "without a recorded sha256 as well" env ORIGIN=cache "$Q/import"

# Right name and version, other content.
cp -r "$WORK/mini" "$WORK/other"
echo changed >>"$WORK/other/mm/sparse.c"
mini_tarball "$WORK/other" "$CACHE/src/linux-5.10.9.tar.xz"
refused 1 'not the recorded v5.10.9' "a tarball of another tree is refused" env ORIGIN=cache "$Q/import"

# Another version.
afresh
mini_source "$WORK/wrong" 7
mini_tarball "$WORK/wrong" "$CACHE/src/linux-5.10.9.tar.xz"
refused 1 'is Linux 5.10.7' "a tarball of another release is refused by name" env ORIGIN=cache "$Q/import"
grep -q 'base 5.10.y is v5.10.9' "$WORK/err"; ok "and what would fit is said"

# KSRC.
afresh
refused 1 'is Linux 5.10.7' "KSRC= folder of another release" env KSRC="$WORK/wrong" "$Q/import"
grep -q 'refresh TO=v5.10.7' "$WORK/err"; ok "points to refresh"
refused 2 'does not exist' "KSRC= that is not there" env KSRC="$WORK/nowhere" "$Q/import"
refused 1 'no kernel tree' "KSRC= that is no kernel" env KSRC="$WORK/mirror" "$Q/import"
refused 2 'contradict' "KSRC= with ORIGIN=" env KSRC="$WORK/mini" ORIGIN=cache "$Q/import"
refused 2 'unknown ORIGIN' "unknown ORIGIN=" env ORIGIN=tape "$Q/import"
refused 2 "no base" "unknown BASE=" env BASE=4.4.y "$Q/import"
touch "$WORK/other/.config"
refused 1 'mrproper' "KSRC= that was built in" env KSRC="$WORK/other" "$Q/import"
rm "$WORK/other/.config"
works "KSRC= folder" env KSRC="$WORK/mini" "$Q/import"
[[ $(base_tree) == "$want" ]] && grep -q 'verified (tree' "$WORK/err"; ok "of the recorded tree is verified"
works "KSRC= folder of a vendor" env KSRC="$WORK/other" "$Q/import"
grep -q 'base not verified' "$WORK/err"; ok "is called not verified"
grep -q changed "$CACHE/tree/5.10.y-stock/mm/sparse.c"; ok "and is what the stock tree holds now"

git -C "$WORK/mini" init -q && git -C "$WORK/mini" add -f -A && git -C "$WORK/mini" commit -q -m 'v5.10.9' && git -C "$WORK/mini" tag v5.10.9
works "KSRC= git tree" env KSRC="$WORK/mini" "$Q/import"
[[ $(base_tree) == "$want" ]]; ok "is the recorded tree"
works "again" env KSRC="$WORK/mini" "$Q/import"
grep -q 'imported from .* already' "$WORK/err"; ok "is nothing to do"
echo dirt >>"$WORK/mini/mm/sparse.c"
refused 1 'not committed' "KSRC= git tree with uncommitted changes" env KSRC="$WORK/mini" "$Q/import"
git -C "$WORK/mini" checkout -q .
sed -i 's/SUBLEVEL = 9/SUBLEVEL = 11/' "$WORK/mini/Makefile"
git -C "$WORK/mini" commit -q -a -m 'v5.10.11'
afresh
works "KSRC= git tree at another release that has the tag" env KSRC="$WORK/mini" "$Q/import"
grep -q 'taking its tag v5.10.9' "$WORK/err" && [[ $(base_tree) == "$want" ]]; ok "takes the tag"
git -C "$WORK/mini" tag -d v5.10.9 >/dev/null
afresh
refused 1 'is Linux 5.10.11' "without the tag it is refused" env KSRC="$WORK/mini" "$Q/import"

# The machine.
git -C "$WORK/mini" reset -q --hard HEAD^
rm -rf "$WORK/mini/.git"
afresh
mini_tarball "$WORK/mini" "$CACHE/src/linux-5.10.9.tar.xz"
refused 3 'needs 99999999 MiB' "no space is foreseen" env HM_NEED_MIB=99999999 "$Q/import"
if ((EUID == 0)) && mkdir "$WORK/small" && mount -t tmpfs -o size=200k tmpfs "$WORK/small" 2>/dev/null; then
	mkdir "$WORK/small/src" && cp "$CACHE/src/"*.xz "$WORK/small/src/"
	dd if=/dev/urandom of="$WORK/mini/mm/big.bin" bs=1k count=400 2>/dev/null
	mini_tarball "$WORK/mini" "$WORK/big.tar.xz"
	refused 3 'no space left' "a full disk is called that" env CACHE="$WORK/small" KSRC="$WORK/big.tar.xz" "$Q/import"
	rm -f "$WORK/mini/mm/big.bin"
	[[ -z $(find "$WORK/small" -maxdepth 1 -name '.scratch*') ]]; ok "and nothing is left behind"
	works "with what fits, a re-run carries on" env CACHE="$WORK/small" "$Q/import"
	umount "$WORK/small"
else
	skip "a full disk is called that" "not root, or no tmpfs"
fi
mkdir "$WORK/bin"
for tool in bash awk sed grep git sha256sum tar mktemp mkdir rm realpath cut df flock cat head tail tr dirname find cmake; do
	path=$(command -v "$tool") && ln -s "$path" "$WORK/bin/$tool"
done
refused 3 'xz is not installed' "a missing tool is named" env PATH="$WORK/bin" ORIGIN=cache "$Q/import"
grep -q 'apt-get install xz-utils' "$WORK/err"; ok "with its package"
rm "$WORK/bin/git"
refused 3 'git is not installed' "git, too" env PATH="$WORK/bin" "$Q/import"
if ((EUID != 0)); then
	refused 3 'cannot make the cache folder' "no permission" env CACHE=/proc/hm "$Q/import"
else
	refused 3 'cannot make the cache folder' "no cache folder possible" env CACHE=/proc/hm "$Q/import"
fi

# A run that is killed in the middle leaves nothing that stops the next.
mkdir -p "$CACHE/.scratch.999999.abc/source" "$CACHE/git/5.10.y/objects/pack" "$CACHE/tree/5.10.y-stock.part"
: >"$CACHE/git/5.10.y/objects/pack/tmp_pack_x"
works "after a kill, a re-run carries on" env ORIGIN=cache "$Q/import"
[[ ! -e $CACHE/.scratch.999999.abc && ! -e $CACHE/git/5.10.y/objects/pack/tmp_pack_x && ! -e $CACHE/tree/5.10.y-stock.part ]]; ok "and cleans up"

# apt's configuration is read by apt itself, whichever form it has.
mkdir "$WORK/parts"
printf 'deb http://mirror.invalid/debian bookworm main\n' >"$WORK/sources.list"
printf 'Dir::Etc::SourceList "%s";\nDir::Etc::SourceParts "%s";\n' "$WORK/sources.list" "$WORK/parts" >"$WORK/apt.conf"
. "$Q/origins.sh"
if command -v apt-get >/dev/null; then
	[[ $(debian_security_mirror) == http://mirror.invalid/debian-security/ ]]; ok "the security mirror is derived from the main one"
	printf 'Types: deb\nURIs: http://security.invalid/debian-security\nSuites: bookworm-security\nComponents: main\n' >"$WORK/parts/x.sources"
	[[ $(debian_security_mirror) == http://security.invalid/debian-security/ ]]; ok "or read from a .sources file"
else
	skip "the security mirror" "no apt-get"
fi
finish
