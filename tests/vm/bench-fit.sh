# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# How many 2 MiB pages fit, and whether asking for too many brings the OOM killer.
echo 0 >/proc/self/oom_score_adj
sh -c 'hm-resize --once --pages 1000000 --allow-fewer --prefix fit >&3'
metric fit.writer $? status
metric fit.ooms "$(dmesg | grep -c 'invoked oom-killer')" kills
metric fit.pages "$(cat "$(hm_pool 2048)/nr_hugepages")" pages
