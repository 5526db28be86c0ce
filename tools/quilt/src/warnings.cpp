// SPDX-License-Identifier: GPL-2.0-only
#include "warnings.hpp"

#include <map>
#include <regex>

#include "text.hpp"

namespace hm
{

std::string warning_key(std::string_view line)
{
	static const std::regex form(
		R"(^(\./)?([^ :]+):([0-9]+)(-[0-9]+)?(:[0-9]+)?(-[0-9]+)?: *(.*)$)");
	std::match_results<std::string_view::const_iterator> match;
	if (!std::regex_match(line.begin(), line.end(), match, form))
		return {};
	// "... on line 123" and "(at line 45)" move as well.
	static const std::regex other_line(R"(\bline [0-9]+)");
	return match[2].str() + ": " + std::regex_replace(match[7].str(), other_line, "line N");
}

std::vector<std::string> new_warnings(std::string_view before, std::string_view after)
{
	std::map<std::string, std::size_t> known;
	for (const auto line : lines_of(before))
		if (const auto key = warning_key(line); !key.empty())
			known[key]++;
	std::vector<std::string> fresh;
	for (const auto line : lines_of(after)) {
		const auto key = warning_key(line);
		if (key.empty())
			continue;
		if (const auto at = known.find(key); at != known.end() && at->second > 0)
			at->second--;
		else
			fresh.emplace_back(line);
	}
	return fresh;
}

} // namespace hm
