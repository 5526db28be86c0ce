#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# tools/deps on machines that lack this and that: the package system is replaced by scripts, nothing is installed.
cd "$(dirname "$0")/../.." || exit 3
# shellcheck source=tests/run-tap.sh
. tests/run-tap.sh

box=$(mktemp -d) || exit 3
trap 'rm -rf "$box"' EXIT
mkdir "$box/bin" "$box/none"
calls=$box/calls

# fake NAME: stdin is the script
fake() {
	{
		echo '#!/bin/sh'
		cat
	} >"$box/bin/$1"
	chmod +x "$box/bin/$1"
}

# machine USER-ID: a Debian with nothing but the tools that the script itself needs
machine() {
	rm -f "$box"/bin/* "$calls" "$box/updated" "$box/stale"
	: >"$calls"
	for tool in sh awk grep sort cat rm env sed; do
		ln -s "$(command -v $tool)" "$box/bin/$tool"
	done
	printf 'installed\tdpkg, \ninstalled\tawk-of-some-kind, g++ (= 12), bc\n' >"$box/status"
	echo "echo $1" | fake id
	echo "cat $box/status" | fake dpkg-query
	echo "[ -e $box/updated ]" | fake apt-cache
	# keeps a record; "update" and "install" do to the box what they would do to the machine
	fake apt-get <<-EOT
		echo "apt-get \$*" >>$calls
		for word; do
			case \$word in
			update) : >$box/updated; rm -f $box/stale; exit 0 ;;
			install) [ ! -e $box/stale ] || exit 100 ;;
			-* | DPkg*) ;;
			*) printf 'installed\t%s, \n' "\$word" >>$box/status ;;
			esac
		done
	EOT
}

deps() { try env PATH="$box/bin" tools/deps "$@"; }
called() { grep -c -- "$1" "$calls"; }

plan 27
# shellcheck disable=SC2064
trap "rm -rf '$box'; tap_end" EXIT

machine 0
deps --check build
exits 3 "--check of a bare machine"
says "cmake" "names what is missing"
silent_about "g++" "does not name what another package provides"
[ "$(wc -l <"$calls")" -eq 0 ]
result $? "--check installs nothing"

deps build
exits 0 "root installs"
says "installing with apt-get: " "says that it will, and what"
[ "$(called ' update')" -eq 1 ]
result $? "brings unknown lists up to date, once"
[ "$(called '--no-remove install')" -eq 1 ]
result $? "installs all in one go, removing nothing"

: >"$calls"
deps build
exits 0 "second run"
[ "$(wc -l <"$calls")" -eq 0 ] && [ -z "$out" ]
result $? "does nothing and says nothing"

machine 0
: >"$box/updated"
: >"$box/stale"
deps build
exits 0 "lists that have grown old"
[ "$(called ' update')" -eq 1 ] && [ "$(called ' install')" -eq 2 ]
result $? "are brought up to date when the installation fails"

machine 0
: >"$box/updated"
deps build
[ "$status" -eq 0 ] && [ "$(called ' update')" -eq 0 ]
result $? "lists that know the packages are left alone"

machine 0
fake apt-get <<-EOT
	echo "apt-get \$*" >>$calls
	exit 100
EOT
deps build
exits 3 "no network"
says "is there a network" "asks for the network"

machine 1000
deps build
exits 3 "neither root nor sudo"
says "neither root nor sudo" "says so"
says "apt-get update && apt-get install" "says what to run"

machine 1000
echo "exit 1" | fake sudo
deps build
exits 3 "sudo that wants a password, no terminal"
says "sudo wants a password" "says so"

machine 1000
# shellcheck disable=SC2016 # expanded in the script
echo 'echo "sudo $*" >>'"$calls"'; [ "$2" = true ] || { shift; exec "$@"; }' | fake sudo
deps build
exits 0 "sudo without a password"
[ "$(called '^sudo -n env')" -ge 1 ]
result $? "installs through sudo"

rm -f "$box/bin/apt-get" "$box/bin/dpkg-query"
deps build
exits 3 "not Debian"
says "not a Debian system" "says so"

deps --check nosuch
exits 2 "unknown group"
says "unknown group nosuch" "names it"

# every group unfolds, and the big ones hold the small ones
try tools/deps --list all
all=$out
missing=
for group in build hugemem kernel quilt mbox vm lint cross demo test; do
	for package in $(tools/deps --list "$group" || echo "$group-fails"); do
		printf '%s\n' "$all" | grep -qx -- "$package" || missing="$missing $group:$package"
	done
done
result "$([ -z "$missing" ]; echo $?)" "all holds every group${missing:+; not:$missing}"
