// SPDX-License-Identifier: GPL-2.0-only
#include "exceptions.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <regex>

#include <fmt/format.h>

#include "text.hpp"

namespace hm
{

Result<std::vector<LintException>> parse_exceptions(std::string_view text)
{
	std::vector<LintException> exceptions;
	const auto lines = lines_of(text);
	for (std::size_t i = 0; i < lines.size(); i++) {
		const auto line = trim(lines[i]);
		if (line.empty() || line.front() == '#')
			continue;
		const auto words = words_of(line);
		if (words.size() < 3)
			return fail(Exit::mismatch, fmt::format("exceptions:{}: no reason", i + 1),
				    "TYPE GLOB reason");
		exceptions.push_back(
			{words[0], words[1],
			 fmt::format("{}", fmt::join(words.begin() + 2, words.end(), " "))});
	}
	return exceptions;
}

std::vector<std::string> without_exceptions(std::vector<LintException> &exceptions,
					    std::string_view messages)
{
	static const std::regex form(
		R"(^([^:]+):[0-9]+: (?:ERROR|WARNING|CHECK):([A-Z0-9_]+):.*$)");
	std::vector<std::string> left;
	for (const auto line : lines_of(messages)) {
		std::match_results<std::string_view::const_iterator> match;
		if (!std::regex_match(line.begin(), line.end(), match, form))
			continue;
		const auto name = std::filesystem::path(match[1].str()).filename().string();
		const auto row = std::find_if(
			exceptions.begin(), exceptions.end(), [&](const auto &exception) {
				return exception.type == match[2].str() &&
				       fnmatch(exception.glob.c_str(), name.c_str(), 0) == 0;
			});
		if (row == exceptions.end())
			left.emplace_back(line);
		else
			row->used = true;
	}
	return left;
}

} // namespace hm
