# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Grows and shrinks a pool of 1024 huge pages of 2 MiB; the numbers are judged by the scenario's
# bounds. $1: "on" or "off" writes the sysctl first, "boot" leaves what the command line chose,
# "-" is for kernels without the feature.
plan 2
case $1 in
on | off)
	value=$([ "$1" = on ] && echo 1 || echo 0)
	check "sysctl can be set to $value" sh -c \
		"echo $value > /proc/sys/vm/hugetlb_optimize_vmemmap && [ \"\$(cat /proc/sys/vm/hugetlb_optimize_vmemmap)\" = $value ]"
	;;
boot) check "the kernel has the sysctl" hm_has_hvo ;;
*)
	if hm_has_hvo; then
		not_ok "the kernel has no vmemmap optimisation" "but there is a sysctl"
	else
		ok "the kernel has no vmemmap optimisation"
	fi
	;;
esac
check "1024 pages are made and released three times" sh -c 'hm-resize --pages 1024 --prefix p2m >&3'
