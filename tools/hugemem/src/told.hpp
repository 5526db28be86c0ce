// SPDX-License-Identifier: GPL-2.0-only
/// What the kernel was told to do with the memory map of huge pages.
#pragma once

#include <optional>
#include <string>

namespace hugemem
{

/// What the kernel was told to do with the memory map of new huge pages.
struct Told {
	bool known = false; ///< the kernel has a switch
	bool on = false;
	std::string how; ///< a clause: "vm.hugetlb_optimize_vmemmap is 1"
};

/// The running kernel's: the sysctl, else the boot parameter.
Told read_told();
/// From the sysctl's text (nothing: it does not exist) and that of /proc/cmdline.
Told told_by(const std::optional<std::string> &sysctl, const std::string &cmdline);

} // namespace hugemem
