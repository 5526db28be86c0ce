# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Grows and shrinks a pool of 1024 huge pages of 2 MiB; the numbers are judged by the scenario's
# bounds. $1: "on" or "off" writes the sysctl first, "boot" leaves what the command line chose,
# "-" is for kernels without the feature.
sysctl=/proc/sys/vm/hugetlb_optimize_vmemmap

switch_is_right() {
	case $1 in
	on) echo 1 >"$sysctl" && [ "$(cat "$sysctl")" = 1 ] ;;
	off) echo 0 >"$sysctl" && [ "$(cat "$sysctl")" = 0 ] ;;
	boot) hm_has_hvo ;;
	*) ! hm_has_hvo ;;
	esac
}

plan 2
check "the switch is as this run wants it" switch_is_right "$1"
check "1024 pages are made and released three times" sh -c 'hm-resize --pages 1024 --prefix p2m >&3'
