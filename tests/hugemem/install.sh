#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# make install: what lies where, that the man page and the completion know every command and option, that systemd takes
# the units.
cd "$(dirname "$0")/../.." || exit 3
# shellcheck source=tests/run-tap.sh
. tests/run-tap.sh

hugemem=$PWD/build/bin/hugemem
[ -x "$hugemem" ] || {
	echo "install.sh: no build/bin/hugemem; \"make hugemem\" builds it" >&2
	exit 3
}
box=$(mktemp -d) || exit 3
plan 19
# shellcheck disable=SC2064
trap "rm -rf '$box'; tap_end" EXIT

try make install DESTDIR="$box/root" PREFIX=/opt/hm
exits 0 "make install DESTDIR= PREFIX="
try find "$box/root" -type f -printf '/%P %m\n'
prefix=/opt/hm
for file in "sbin/hugemem 755" "share/man/man1/hugemem.1.gz 644" "share/bash-completion/completions/hugemem 644" \
	"share/doc/hugemem/hugemem-alerts.yml 644" "lib/systemd/system/hugemem-export.service 644" \
	"lib/systemd/system/hugemem-export.timer 644"; do
	says "$prefix/$file" "installed: $file"
done
[ "$(find "$box" -path "$box/root/opt/hm" -prune -o -type f -print | wc -l)" -eq 0 ]
result $? "nothing outside of the prefix"
units=$box/root$prefix/lib/systemd/system
try cat "$units/hugemem-export.service"
says "ExecStart=$prefix/sbin/hugemem export" "the unit starts the program where it is"
silent_about "$box" "and knows nothing of DESTDIR"

if command -v systemd-analyze >/dev/null; then
	# The program has to be where the unit says; whether man finds its page is not the unit's fault.
	mkdir -p "$box/units"
	sed "s:ExecStart=$prefix/:ExecStart=$box/root$prefix/:" "$units/hugemem-export.service" >"$box/units/hugemem-export.service"
	cp "$units/hugemem-export.timer" "$box/units"
	try systemd-analyze verify --man=no --recursive-errors=no "$box/units/hugemem-export.service" "$box/units/hugemem-export.timer"
	[ "$status" -eq 0 ] && ! grep -q hugemem-export <<<"$out"
	result $? "systemd takes the units"
else
	skip "no systemd-analyze here" "systemd takes the units"
fi

page=$(zcat "$box/root$prefix/share/man/man1/hugemem.1.gz")
commands=$("$hugemem" --help | awk '/^Subcommands:/ { inside = 1; next } inside && NF { print $1 }' | grep '^[a-z]*$')
out=$commands
[ "$(wc -w <<<"$commands")" -ge 7 ]
result $? "the program names its commands"

# options_of COMMAND: the long ones, else the short one
options_of() {
	"$hugemem" "$1" --help | awk '/^Options:/ { inside = 1; next } inside && /^  -/ { print $1 }' |
		sed 's/.*,\(--\)/\1/' | grep -v '^--help$'
}

# The page, its formatting removed, cut into the part of each command
out=
for command in $commands; do
	part=$(sed 's/\\f[BIR]//g; s/\\-/-/g; s/\\&//g' <<<"$page" |
		awk -v head="HUGEMEM ${command^^}" '/^\.SH/ { inside = index($0, head) > 0 } inside')
	[ -n "$part" ] || out="$out $command"
	for option in $(options_of "$command"); do
		grep -qE -- "(^|[ ,;])$option([ ,;]|$)" <<<"$part" || out="$out $command:$option"
	done
done
[ -z "$out" ]
result $? "the man page has every command and every option"
grep -q '^\.TH "hugemem" "1"' <<<"$page"
result $? "the man page is hugemem(1)"
if command -v man >/dev/null; then
	try env LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings -l "$box/root$prefix/share/man/man1/hugemem.1.gz"
	[ "$status" -eq 0 ] && ! grep -q 'warning:' <<<"$out"
	result $? "man shows it without a warning"
else
	skip "no man here" "man shows it without a warning"
fi

# complete WORD...: what bash would offer for the last word
complete_words() {
	PATH=$box/root$prefix/sbin:$PATH bash -c '
		. "$1"
		shift
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_hugemem hugemem "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>/dev/null
		printf "%s\n" "${COMPREPLY[@]}"' - "$box/root$prefix/share/bash-completion/completions/hugemem" "$@"
}
out=
for command in $commands; do
	grep -qxF -- "$command" <(complete_words hugemem "") || out="$out $command"
	words=$(complete_words hugemem "$command" --)
	for option in $(options_of "$command" | grep '^--'); do
		grep -qxF -- "$option" <<<"$words" || out="$out $command:$option"
	done
done
[ -z "$out" ]
result $? "completion has every command and every option"
out=$(complete_words hugemem verify --expect o)
[ "$out" = $'on\noff' ]
result $? "completion: values of --expect"
touch "$box/run-a.ndjson"
out=$(complete_words hugemem diff "$box/run-")
[ "$out" = "$box/run-a.ndjson" ]
result $? "completion: files for diff"
out=$(complete_words hugemem latency -e alloc,fre 2>&1)
case $out in
"alloc,free" | "") result 0 "completion: events, where the kernel's functions can be read" ;;
*) result 1 "completion: events, where the kernel's functions can be read" ;;
esac
