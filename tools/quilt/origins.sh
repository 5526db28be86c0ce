# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Where a base's tarball comes from when the user names no tree. Sourced by import.
# shellcheck disable=SC2034,SC2153 # VERSION comes from load_base, TARBALL* are for import

KERNEL_MIRROR=${KERNEL_MIRROR:-https://cdn.kernel.org/pub/linux/kernel}
DEBIAN_KEYS=/usr/share/keyrings/debian-archive-keyring.gpg

# origin_field NAME COLUMN: of the base's row; columns: 1 suite, 2 version, 3 sha256. Empty if there is none.
origin_field() {
	hm_series base | awk -v n="$1" -v c="$2" '$1 == "origin" && $2 == n && $(c + 2) != "-" { print $(c + 2) }'
}

# sha256_fits FILE SHA256: true if it has that sum, or if none is recorded.
sha256_fits() {
	SHA256_SEEN=$(sha256sum "$1" | cut -d' ' -f1)
	[[ -z $2 || $2 == "$SHA256_SEEN" ]]
}

# say_unrecorded NAME: that bases has no sha256 of it, and what is verified instead.
say_unrecorded() {
	say "$1: bases has no sha256 of it; verified is what it holds, against the git tree ${BASE_TREE:0:12} (docs/versions.md)"
}

# fetch_tarball: sets TARBALL and TARBALL_ORIGIN; tries the origins in order and says why each failed.
fetch_tarball() {
	local origin
	FAILED=()
	for origin in ${ORIGIN:-cache kernel.org debian}; do
		case $origin in
		cache) from_cache && return 0 ;;
		kernel.org) from_kernel_org && return 0 ;;
		debian) from_debian && return 0 ;;
		esac
	done
	printf 'note: %s\n' "${FAILED[@]}" >&2
	die 3 "no origin gives $TAG" "put linux-$VERSION.tar.xz into $CACHE_SRC, or name your own tree: KSRC="
}

# failed TEXT: notes why an origin failed; its status is that of a failure.
failed() {
	FAILED+=("$1")
	return 1
}

from_cache() {
	local file name sha
	for name in "kernel.org linux-$VERSION.tar.xz" "kernel.org linux-$VERSION.tar.gz" \
		"debian linux_$VERSION.orig.tar.xz" "debian linux_$VERSION.orig.tar.gz"; do
		file=$CACHE_SRC/${name#* }
		[[ -f $file ]] || continue
		sha=$(origin_field "${name%% *}" 3)
		# The sum is that of the .tar.xz.
		[[ $file == *.xz ]] || sha=
		sha256_fits "$file" "$sha" ||
			die 1 "$file is damaged or another release: its sha256 is $SHA256_SEEN, bases has $sha" "remove it and run this again"
		[[ -n $sha ]] || say_unrecorded "${file##*/}"
		TARBALL=$file TARBALL_ORIGIN="cache ${file##*/}"
		return 0
	done
	failed "cache: no tarball of $VERSION in $CACHE_SRC"
}

from_kernel_org() {
	local name=linux-$VERSION.tar.xz sha code=0 part
	if ! command -v curl >/dev/null; then
		failed "kernel.org: curl is not installed"
		return
	fi
	mkdir -p "$CACHE_SRC" || die 3 "cannot make $CACHE_SRC"
	need_space 3500 "downloading and importing $TAG"
	part=$CACHE_SRC/$name.part
	[[ ! -s $part ]] || say "carrying on with $part ($(stat -c %s "$part") bytes are there)"
	say "kernel.org: fetching $name"
	curl -f -L -sS -C - --connect-timeout 15 --speed-limit 1024 --speed-time 60 --retry 2 \
		-o "$part" "$KERNEL_MIRROR/v${VERSION%%.*}.x/$name" 2>"$SCRATCH/curl.log" || code=$?
	case $code in
	0 | 33 | 36) ;; # 33, 36: nothing to resume, the part may be whole already; its sum decides
	23) blame_log 3 "$SCRATCH/curl.log" "cannot write $part" "make space, or CACHE= names another folder; a re-run carries on" ;;
	*)
		# A server that does not have the rest of the file says 416: the part may be whole.
		if ! { ((code == 22)) && grep -q 416 "$SCRATCH/curl.log" && [[ -s $part ]]; }; then
			failed "kernel.org: $(tail -n 1 "$SCRATCH/curl.log") (curl exit $code)"
			return
		fi
		;;
	esac
	sha=$(origin_field kernel.org 3)
	[[ -n $sha ]] || say_unrecorded "$name"
	if ! sha256_fits "$part" "$sha" || ! xz -t "$part" 2>/dev/null; then
		mv "$part" "$CACHE_SRC/$name.damaged"
		failed "kernel.org: $name arrived damaged: sha256 $SHA256_SEEN${sha:+, bases has $sha}; kept as $name.damaged, a re-run fetches it anew"
		return
	fi
	mv "$part" "$CACHE_SRC/$name"
	TARBALL=$CACHE_SRC/$name TARBALL_ORIGIN="kernel.org $name"
}

# debian_security_mirror: the mirror of Debian's security suites that this machine's apt configuration
# names, in sources.list or in *.sources; else the place beside its main mirror where mirrors keep it.
debian_security_mirror() {
	# Without release information: a fresh machine has none, and the sources are all that matters.
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --no-release-info --format '$(REPO_URI) $(RELEASE)' 2>/dev/null | sort -u | awk '
		$2 ~ /-security$/ || $2 ~ /\/updates$/ { print $1; found = 1; exit }
		$1 ~ /\/debian\/?$/ && main == "" { main = $1 }
		END { if (!found && main != "") { sub(/\/debian\/?$/, "/debian-security/", main); print main } }'
}

from_debian() {
	local suite version sha name mirror apt state
	suite=$(origin_field debian 1) version=$(origin_field debian 2) sha=$(origin_field debian 3)
	if [[ -z $suite ]]; then
		failed "debian: bases has no such origin for $BASE"
		return
	fi
	if ! command -v apt-get >/dev/null; then
		failed "debian: there is no apt-get here"
		return
	fi
	mirror=$(debian_security_mirror)
	if [[ -z $mirror ]]; then
		failed "debian: this machine's apt configuration names no Debian mirror"
		return
	fi
	need_space 3500 "downloading and importing $TAG"
	name=linux_$VERSION.orig.tar.xz
	state=$CACHE/apt
	mkdir -p "$state/lists/partial" "$state/archives/partial" "$CACHE_SRC/partial" || die 3 "cannot make $state"
	printf 'deb-src %s%s %s main\n' "$([[ ! -f $DEBIAN_KEYS ]] || echo "[signed-by=$DEBIAN_KEYS] ")" "$mirror" "$suite" >"$state/sources.list"
	# Everything of apt's in a place of our own: the user's lists stay as they are.
	apt=(-q -o "Dir::Etc::SourceList=$state/sources.list" -o Dir::Etc::SourceParts=/dev/null
		-o "Dir::State=$state" -o "Dir::State::Lists=$state/lists" -o "Dir::Cache=$state"
		-o Acquire::Retries=2 -o Acquire::http::Timeout=30 -o Acquire::Languages=none
		-o APT::Sandbox::User=root -o APT::Update::Error-Mode=any)
	say "debian: reading the index of $suite"
	if ! apt-get "${apt[@]}" update >"$SCRATCH/apt.log" 2>&1; then
		failed "debian: apt-get update fails: $(grep '^[EW]:' "$SCRATCH/apt.log" | head -n 1)"
		return
	fi
	say "debian: fetching $name"
	if ! (cd "$CACHE_SRC/partial" && apt-get "${apt[@]}" source --download-only --tar-only "linux=$version") >"$SCRATCH/apt.log" 2>&1; then
		grep -q 'No space left' "$SCRATCH/apt.log" && blame_log 3 "$SCRATCH/apt.log" "cannot download $name"
		failed "debian: $suite does not give linux $version: $(grep '^E:' "$SCRATCH/apt.log" | head -n 1); it has $(apt-cache "${apt[@]:1}" showsrc linux 2>/dev/null | awk '$1 == "Version:" { print $2 }' | sort -u | tr '\n' ' ')"
		return
	fi
	if ! sha256_fits "$CACHE_SRC/partial/$name" "$sha"; then
		mv "$CACHE_SRC/partial/$name" "$CACHE_SRC/$name.damaged"
		failed "debian: $name arrived damaged: sha256 $SHA256_SEEN, bases has $sha; kept as $name.damaged, a re-run fetches it anew"
		return
	fi
	mv "$CACHE_SRC/partial/$name" "$CACHE_SRC/$name"
	TARBALL=$CACHE_SRC/$name TARBALL_ORIGIN="debian $name"
}
