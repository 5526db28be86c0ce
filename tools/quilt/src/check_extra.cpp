// SPDX-License-Identifier: GPL-2.0-only
// The files beside the patches: MAINTAINERS.snippet and the cover letter.
#include "check.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "cover.hpp"
#include "text.hpp"

namespace hm
{

namespace
{

/// Entry letters in the order that the kernel's parse-maintainers.pl wants.
constexpr std::string_view letter_order = "MRLSWQBCPTFXNK";

/// Does the F: pattern of MAINTAINERS cover @p path? A trailing slash takes the
/// whole folder, a star stays within one.
bool covers(const std::string &pattern, const std::string &path)
{
	if (pattern.ends_with('/'))
		return path.starts_with(pattern);
	return fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME) == 0;
}

/// F: lines that the series adds to MAINTAINERS.
std::set<std::string> added_patterns(const Series &series)
{
	std::set<std::string> added;
	for (const auto &patch : series.patches)
		for (const auto &file : patch.files)
			for (const auto &hunk : file.hunks)
				for (const auto &line : hunk.lines) {
					if (file.path != "MAINTAINERS")
						continue;
					const auto text = line.substr(1);
					if (!text.starts_with("F:\t"))
						continue;
					if (line[0] == '+')
						added.insert(text.substr(3));
					else if (line[0] == '-')
						added.erase(text.substr(3));
				}
	return added;
}

/// F: patterns of the snippet; complains about its form on the way.
std::set<std::string> snippet_patterns(Findings &found, std::string_view text)
{
	std::set<std::string> patterns;
	std::string title;
	std::string last_pattern;
	std::size_t last_letter = 0;
	const auto lines = lines_of(text);
	for (std::size_t i = 0; i < lines.size(); i++) {
		const auto line = lines[i];
		const auto complain = [&](std::string what) {
			found.push_back(
				{fmt::format("MAINTAINERS.snippet:{}", i + 1), std::move(what)});
		};
		if (line.starts_with('#'))
			continue;
		if (line.empty()) {
			title.clear();
		} else if (title.empty()) {
			title = line;
			last_letter = 0;
			last_pattern.clear();
			if (std::any_of(line.begin(), line.end(),
					[](char c) { return c >= 'a' && c <= 'z'; }))
				complain(fmt::format("the title '{}' is not in capitals", line));
		} else if (line.size() < 4 || line[1] != ':' || line[2] != '\t' ||
			   letter_order.find(line[0]) == std::string_view::npos) {
			complain(fmt::format("'{}' is not 'LETTER:<tab>value'", line));
		} else {
			const auto letter = letter_order.find(line[0]);
			if (letter < last_letter)
				complain(fmt::format("'{}:' out of order, {} is the order", line[0],
						     letter_order));
			last_letter = letter;
			if (line[0] == 'F') {
				const std::string pattern(line.substr(3));
				if (pattern < last_pattern)
					complain(
						fmt::format("F: {} comes before {} in the alphabet",
							    pattern, last_pattern));
				last_pattern = pattern;
				patterns.insert(pattern);
			}
		}
	}
	return patterns;
}

} // namespace

Findings check_maintainers(std::string_view text, const Series &series,
			   const std::map<std::string, std::string> &created)
{
	Findings found;
	const auto snippet = snippet_patterns(found, text);
	for (const auto &[path, content] : created) {
		const bool covered = std::any_of(
			snippet.begin(), snippet.end(),
			[&path = path](const auto &pattern) { return covers(pattern, path); });
		if (!covered)
			found.push_back(
				{"MAINTAINERS.snippet",
				 fmt::format("no F: line covers {}, which the series creates",
					     path)});
	}
	for (const auto &pattern : added_patterns(series))
		if (!snippet.contains(pattern))
			found.push_back(
				{"MAINTAINERS.snippet",
				 fmt::format("lacks 'F: {}', which the series adds to MAINTAINERS",
					     pattern)});
	return found;
}

Findings check_cover(std::string_view text, const Series &series, const std::vector<Topic> &topics)
{
	Findings found;
	const auto cover = parse_cover(text);
	if (!cover) {
		found.push_back({"cover-letter", cover.error().what});
		return found;
	}
	for (const auto &number : series.topics())
		for (const auto &topic : topics)
			if (topic.number == number &&
			    cover->body.find(topic.title) == std::string::npos)
				found.push_back({"cover-letter",
						 fmt::format("does not speak of topic {} '{}'",
							     number, topic.title)});
	return found;
}

} // namespace hm
