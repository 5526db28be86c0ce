# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# The selftest longterm_pin/gigantic_pins, with the pages that boot made. Its KTAP is nested in ours.
cd /selftests/longterm_pin || exit 1
plan 1
check "gigantic_pins" hm_nested ./gigantic_pins
