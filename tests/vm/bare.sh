# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# hugemem with little: no kprobes, no data symbols, fewer capabilities, no privilege. $1: on or off.
told=$1
cap_sys_admin=21
cap_sys_resource=24
cap_bpf=39

said() { grep -q "$1" /tmp/said; }

plan 25
check "there are no kprobes" sh -c '! grep -q " register_kprobe$" /proc/kallsyms'
check "there are no data symbols" sh -c '! grep -q " mem_section$" /proc/kallsyms'
echo 16 >/proc/sys/vm/nr_hugepages

check "doctor finds what it needs" ends 0 hugemem doctor
check "following functions by BPF trampolines" said '^yes latency of alloc .*fentry+fexit'
check "verify" ends 0 hugemem verify --all --expect "$told"
check "latency" ends 0 hugemem latency --strict -c "echo 48 >/proc/sys/vm/nr_hugepages"
check "counts 32 pages" said 'counted 32 made - 0 released = +32: agrees'
check "kprobes are refused" ends 3 hugemem latency --attach kprobe -c true
check "and named as what is missing" said CONFIG_KPROBES
check "pins" ends 0 hugemem pins --blockers

# The kernel charges maps to RLIMIT_MEMLOCK before 5.11, and only CAP_SYS_RESOURCE raises it.
check "without CAP_SYS_RESOURCE: doctor is content with 8 MiB to lock" ends 0 \
	hm-as --drop $cap_sys_resource --memlock 8388608 hugemem doctor
check "and not with 64 KiB" ends 3 hm-as --drop $cap_sys_resource --memlock 65536 hugemem doctor
check "it says why" said 'RLIMIT_MEMLOCK is 64 KiB and cannot be raised without CAP_SYS_RESOURCE'
check "without it: verify" ends 0 hm-as --drop $cap_sys_resource --memlock 8388608 hugemem verify --all
check "without it: latency" ends 0 hm-as --drop $cap_sys_resource --memlock 8388608 \
	hugemem latency --strict -c "echo 16 >/proc/sys/vm/nr_hugepages"
check "with no memory to lock either: latency" ends 3 hm-as --drop $cap_sys_resource --memlock 4096 hugemem latency -c true
check "the limit is named" said 'RLIMIT_MEMLOCK'
check "without CAP_SYS_ADMIN and CAP_BPF: verify" ends 3 hm-as --drop $cap_sys_admin --drop $cap_bpf hugemem verify
check "what is missing is named" said 'lacks CAP_BPF'

check "a user: doctor" ends 3 hm-as --user 65534 hugemem doctor
check "a user: verify" ends 3 hm-as --user 65534 hugemem verify
check "what a user lacks is named" said 'permission: this process lacks CAP_BPF and CAP_PERFMON; run as root'
check "a user: latency" ends 3 hm-as --user 65534 hugemem latency -c true
check "a user: blockers" ends 3 hm-as --user 65534 hugemem pins --blockers
check "a user: hotplug and counters of pins need no privilege" sh -c \
	'hm-as --user 65534 hugemem hotplug && hm-as --user 65534 hugemem pins' >/dev/null
