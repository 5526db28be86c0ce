# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# The kernel panics with optimized pages, and with memory that holds its own memory map where $1 says so; the kernel
# that takes over puts /proc/vmcore onto the disk. tests/run-crashdump reads it there. This script runs in both.
pool=$(hm_pool 2048)
pages=64

has_dimm=$1
if [ -e /proc/vmcore ]; then
	# shellcheck disable=SC2034 # lib.sh counts with it: so many results the first kernel has printed
	hm_number=$((has_dimm ? 6 : 4))
	check "the kernel that took over has the memory of the first" test -s /proc/vmcore
	metric vmcore "$(stat -c %s /proc/vmcore)" bytes
	check "it is saved" dd if=/proc/vmcore of=/dev/vda bs=1M conv=fsync
	exit 0
fi

plan $((has_dimm ? 8 : 6))
if [ "$has_dimm" = 1 ]; then
	booted=$(hm_blocks)
	echo online_movable >/sys/devices/system/memory/auto_online_blocks
	check "the host plugs a DIMM" hm_step plug
	check "it goes online" hm_wait_online $((booted + 4)) 150
fi
check "pages are made" sh -c "echo $pages >$pool/nr_hugepages; [ \$(cat $pool/nr_hugepages) = $pages ]"
metric huge $((pages * 512)) pages
if hm_has_hvo; then
	metric optimized "$(cat "$pool/optimized_hugepages")" pages
fi
sleep 100000 & # a task for whoever looks for one in the dump
check "the kernel for the panic fits into an archive" sh -c \
	'cd / && printf "%s\n" bin bin/busybox dev dev/console hm hm/lib.sh hm/script hm/args init proc root sys tmp |
		cpio -o -H newc >/tmp/initramfs.cpio'
check "it is loaded" hm-kexec /hm/kernel /tmp/initramfs.cpio \
	"console=ttyS0 panic=-1 printk.time=1 rdinit=/init no_timer_check nr_cpus=1 disable_cpu_apicid=0 acpi_no_memhotplug"
ok "and now the panic"
sleep 1 # the last line leaves the serial port
echo c >/proc/sysrq-trigger
