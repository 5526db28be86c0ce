# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
plan 2
check "unknown step" hm_step nothing
check "impossible step" hm_step impossible
