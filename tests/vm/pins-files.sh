# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
# The selftest longterm_pin/files on a disk and on a DAX file system. Its KTAP is nested in ours.
cd /selftests/longterm_pin || exit 1
plan 4
for at in disk:/dev/vda: dax:/dev/pmem0:-odax; do
	IFS=: read -r name device option <<-EOF
		$at
	EOF
	check "an ext2 on $device" sh -c "mke2fs -b 4096 $device && mkdir /$name && mount -t ext2 $option $device /$name"
	{
		./files "/$name" 2>&1
		echo $? >/tmp/status
	} | awk '{ print "  " $0; fflush() }' >&3
	if [ "$(cat /tmp/status)" = 0 ]; then ok "files on $name"; else not_ok "files on $name"; fi
done
