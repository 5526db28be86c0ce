# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Instructions for a long-term pin of memory that was touched, and where it lies then.
# HugeTLB pages leave ZONE_MOVABLE for good when they move, so these have one round.
hm-pin --kind base --prefix base --unit instr >&3 || exit 1
hm-pin --kind thp --prefix thp --unit instr >&3 || exit 1
echo 128 >"$(hm_pool 2048)/nr_hugepages"
hm-pin --kind hugetlb --rounds 1 --prefix hugetlb --unit instr >&3 || exit 1
