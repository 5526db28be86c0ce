# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# What a user came for, on one screen: memory and time of a pool of 1024 huge pages, how long single
# pages take to be made and released, and where the memory map of one huge page lies.
pool=$(hm_pool 2048)
hm-resize --pages 1024 --prefix p2m --unit instr >&3 || exit 1

if [ ! -x /bin/hugemem ]; then
	note "hugemem was not built: no histograms, no picture"
	exit 0
fi

status=0
hugemem latency -e alloc -c "echo 1024 >$pool/nr_hugepages" >/tmp/alloc || status=1
hugemem verify >/tmp/picture || status=1
hugemem latency -e free -c "echo 0 >$pool/nr_hugepages" >/tmp/free || status=1
block "making a huge page" </tmp/alloc
block "releasing a huge page" </tmp/free
block "memory map of a huge page" </tmp/picture
exit $status
