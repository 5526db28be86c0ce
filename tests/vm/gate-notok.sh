# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
plan 2
ok "one"
not_ok "two" "on purpose"
