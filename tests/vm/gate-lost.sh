# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
plan 3
ok "one"
exit 7
