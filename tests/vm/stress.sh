# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# The selftest "stress" alone, for minutes. Argument: seconds.
cd /selftests/hugetlb_vmemmap || exit 1
plan 1
if ./stress "${1:-300}" >&3 2>&1; then ok "stress for ${1:-300} s"; else not_ok "stress for ${1:-300} s"; fi
