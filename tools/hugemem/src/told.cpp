// SPDX-License-Identifier: GPL-2.0-only
#include "told.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "text_file.hpp"

namespace hugemem
{

Told told_by(const std::optional<std::string> &sysctl, const std::string &cmdline)
{
	Told told;
	if (sysctl) {
		told.known = true;
		told.on = !sysctl->empty() && sysctl->front() != '0';
		told.how = fmt::format("vm.hugetlb_optimize_vmemmap is {}", told.on ? 1 : 0);
		return told;
	}
	// 5.14 to 5.17 know the boot parameter only; the last one counts.
	constexpr std::string_view key = "hugetlb_free_vmemmap=";
	std::string_view rest = cmdline;
	while (!rest.empty()) {
		const auto end = std::min(rest.find_first_of(" \n"), rest.size());
		const std::string_view word = rest.substr(0, end);
		rest.remove_prefix(std::min(end + 1, rest.size()));
		if (!word.starts_with(key))
			continue;
		const std::string_view value = word.substr(key.size());
		told.known = true;
		told.on = value == "on" || value == "1" || value == "y" || value == "Y";
		told.how = "the kernel was booted with " + std::string(word);
	}
	if (!told.known)
		told.how = "the kernel has no switch for the optimisation";
	return told;
}

Told read_told()
{
	const auto sysctl = read_text("/proc/sys/vm/hugetlb_optimize_vmemmap");
	const auto cmdline = read_text("/proc/cmdline");
	return told_by(sysctl ? std::optional(*sysctl) : std::nullopt, cmdline.value_or(""));
}

} // namespace hugemem
