# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Which C files a configuration compiles. For sh and bash; sourced, never run.

# configured TREE OUT FILE.c: true unless the Makefile beside it names an option that OUT/.config has not.
configured() {
	configured_name=${3##*/}
	configured_option=$(sed -nE "s/^obj-\\$\\((CONFIG_[A-Z0-9_]+)\\).*[[:space:]=]${configured_name%.c}\\.o.*/\\1/p" \
		"$1/${3%/*}/Makefile" | head -n 1)
	[ -z "$configured_option" ] || grep -q "^$configured_option=[ym]$" "$2/.config"
}
