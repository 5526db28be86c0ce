# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# TAP for shell tests. Sourced; the script calls `plan N` first.
#
#   try COMMAND...             runs it: $status is its exit code, $out its stdout and stderr
#   exits CODE NAME            the last one ended so
#   says TEXT NAME             it printed TEXT (a fixed string)
#   silent_about TEXT NAME     it did not
#   result STATUS NAME         any condition: STATUS 0 is ok
#   skip REASON NAME           it cannot be told here
# A result that is not ok prints what the command printed.
# shellcheck disable=SC2034 # status and out are for those who source this

tap_number=0
tap_bad=0
status=0
out=

plan() {
	tap_plan=$1
	echo "TAP version 13"
	echo "1..$1"
	trap 'tap_end' EXIT
}

tap_end() {
	tap_code=$?
	[ "$tap_number" = "$tap_plan" ] || echo "# $tap_number results, $tap_plan promised"
	[ $tap_code -ne 0 ] || [ "$tap_bad$tap_number" = "0$tap_plan" ] || exit 1
}

try() {
	status=0
	out=$("$@" 2>&1 </dev/null) || status=$?
}

result() {
	tap_number=$((tap_number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $tap_number - $2"
	else
		echo "not ok $tap_number - $2"
		tap_bad=1
		printf 'exit code %s\n%s\n' "$status" "$out" | sed 's/^/# /'
	fi
}

skip() {
	tap_number=$((tap_number + 1))
	echo "ok $tap_number - $2 # SKIP $1"
}

exits() {
	if [ "$status" -eq "$1" ]; then
		result 0 "$2"
	else
		result 1 "$2 (exit code $1 wanted)"
	fi
}

says() {
	case $out in
	*"$1"*) result 0 "$2" ;;
	*) result 1 "$2 (\"$1\" wanted)" ;;
	esac
}

silent_about() {
	case $out in
	*"$1"*) result 1 "$2 (\"$1\" not wanted)" ;;
	*) result 0 "$2" ;;
	esac
}
