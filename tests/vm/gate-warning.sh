# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
plan 1
echo "<4>WARNING: CPU: 0 PID: 1 at fixture.c:1 fixture+0x1/0x2" >/dev/kmsg
ok "all is well"
