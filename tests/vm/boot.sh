# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# The guest comes up, has what the other scenarios need, and can speak to the host.
plan 7
check "proc is mounted" test -e /proc/meminfo
check "sysfs has 2 MiB huge pages" test -e "$(hm_pool 2048)/nr_hugepages"
check "debugfs is mounted" test -d /sys/kernel/debug/tracing
check "tracefs has the function tracer" grep -q function /sys/kernel/tracing/available_tracers
check "bpffs is mounted" test -d /sys/fs/bpf
check "kernel has BTF" test -s /sys/kernel/btf/vmlinux
check "host answers a request" hm_step query
metric uptime "$(cut -d' ' -f1 /proc/uptime)" s
