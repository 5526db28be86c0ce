# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# The selftest "stress" alone, for minutes. Its KTAP is nested in ours. Argument: seconds.
cd /selftests/hugetlb_vmemmap || exit 1
plan 1
{
	./stress "${1:-300}" 2>&1
	echo $? >/tmp/status
} | awk '{ print "  " $0; fflush() }' >&3
if [ "$(cat /tmp/status)" = 0 ]; then ok "stress for ${1:-300} s"; else not_ok "stress for ${1:-300} s"; fi
