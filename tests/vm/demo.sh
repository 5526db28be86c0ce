# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# What a user came for, on one screen: memory and time of a pool of 1024 huge pages, how long single
# pages take to be made and released, and where the memory map of one huge page lies.
pool=$(hm_pool 2048)
hm-resize --pages 1024 --prefix p2m --unit instr >&3 || exit 1

status=0
echo 1024 >"$pool/nr_hugepages"
hugemem verify >/tmp/picture || status=1
echo 0 >"$pool/nr_hugepages"
hugemem latency -c "echo 1024 >$pool/nr_hugepages; echo 0 >$pool/nr_hugepages" >/tmp/latency || status=1
block "how long making and releasing a huge page takes (1 ns is one instruction)" </tmp/latency
block "where the memory map of a huge page lies" </tmp/picture
exit $status
