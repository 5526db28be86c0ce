# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# The selftest "stress" alone, for minutes. Its KTAP is nested in ours. Argument: seconds.
cd /selftests/hugetlb_vmemmap || exit 1
plan 1
check "stress for ${1:-300} s" hm_nested ./stress "${1:-300}"
