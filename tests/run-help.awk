# SPDX-License-Identifier: GPL-2.0-only
# make help: the sections (##@), the targets with their ## texts, and the ## lines of the variables.
BEGIN { print "hugemem: huge page memory features for Linux 5.10.y, as patches, with the tools that prove them" }
/^##@ / { printf "\n%s\n", substr($0, 5); next }
/^## / { printf "  %s\n", substr($0, 4); next }
/^[a-z-]+:.*## / {
	target = $0; sub(/:.*/, "", target)
	text = $0; sub(/^[^#]*## /, "", text)
	printf "  %-10s %s\n", target, text
}
