# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# Makes each fault by a module, looks whether hugemem verify finds it, and takes it away again.

# verdict STATUS: hugemem verify ends so; what it says lies in /tmp/text and /tmp/json
verdict() {
	status=0
	hugemem verify --all >/tmp/text || status=$?
	hugemem verify --json >/tmp/json
	cat /tmp/text /tmp/json >&2
	[ "$status" = "$1" ]
}

# counts WHAT NUMBER: that many pages have that verdict
counts() { grep -q "\"$1\":$2[,}]" /tmp/json; }

plan 26
echo 4 >/proc/sys/vm/nr_hugepages
check "four healthy pages are proved" verdict 0
check "all four" counts proved 4
pfn=$(sed 's/.*"pages":\[{"pfn":\([0-9]*\),.*/\1/' /tmp/json)

# found FAULT VERDICT WORDS: the page is found, the three others are not blamed
found() {
	check "$1: the module makes it" insmod /hm_wrong_map.ko pfn="$pfn" fault="$1"
	check "$1: verify ends with 1" verdict 1
	check "$1: one page is $2" counts "$2" 1
	check "$1: three are proved" counts proved 3
	check "$1: it says why" grep -q "$3" /tmp/json
	rmmod hm_wrong_map
	check "$1: healthy again without it" verdict 0
}
found split split_only 'not optimised although'
found writable wrong 'page 3 is writable, yet its frame is shared'
found torn wrong 'some are shared, but not as any kernel shares them'
found tail wrong 'struct page 327 does not lead to the head (holds 0x0)'
