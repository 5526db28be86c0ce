# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# The selftest longterm_pin/devices, with the devices it wants. Its KTAP is nested in ours.
cd /selftests/longterm_pin || exit 1
plan 3
check "an RDMA device" sh -c "ip link set lo up && echo lo >/sys/module/rdma_rxe/parameters/add && test -c /dev/infiniband/uverbs0"
check "a vDPA device" test -c /dev/vhost-vdpa-0
check "devices" hm_nested ./devices
