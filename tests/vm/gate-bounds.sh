# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
plan 1
ok "one"
metric used 2048 KiB
