// SPDX-License-Identifier: GPL-2.0-only
#include "series.hpp"

#include <cctype>

#include <fmt/format.h>

#include "text.hpp"

namespace hm
{

namespace
{

constexpr std::string_view suffix = ".patch";
constexpr std::size_t max_slug = 52;

bool all_of(std::string_view text, std::string_view allowed)
{
	return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

} // namespace

std::string PatchName::file() const
{
	return fmt::format("{}{:02}-{}{}", topic, number, slug, suffix);
}

std::optional<PatchName> parse_patch_name(std::string_view file)
{
	if (file.size() < 6 + suffix.size() || !file.ends_with(suffix) || file[4] != '-')
		return std::nullopt;
	const auto digits = file.substr(0, 4);
	const auto slug = file.substr(5, file.size() - 5 - suffix.size());
	if (!all_of(digits, "0123456789") || !all_of(slug, "abcdefghijklmnopqrstuvwxyz0123456789-"))
		return std::nullopt;
	return PatchName{std::string(digits.substr(0, 2)),
			 static_cast<unsigned>((digits[2] - '0') * 10 + digits[3] - '0'),
			 std::string(slug)};
}

std::string slug_of(std::string_view subject)
{
	std::string slug;
	for (const unsigned char c : subject) {
		if (c < 0x80 && std::isalnum(c) != 0)
			slug += static_cast<char>(std::tolower(c));
		else if (!slug.empty() && slug.back() != '-')
			slug += '-';
	}
	if (slug.size() > max_slug) {
		// Whole words only, unless the first one alone is too long.
		const auto cut = slug.rfind('-', max_slug);
		slug.resize(cut == std::string::npos ? max_slug : cut);
	}
	while (!slug.empty() && slug.back() == '-')
		slug.pop_back();
	return slug;
}

Result<std::vector<std::string>> parse_series(std::string_view text)
{
	std::vector<std::string> entries;
	const auto lines = lines_of(text);
	for (std::size_t i = 0; i < lines.size(); i++) {
		const auto words = words_of(lines[i].substr(0, lines[i].find('#')));
		if (words.empty())
			continue;
		if (words.size() > 1)
			return fail(Exit::mismatch,
				    fmt::format("series:{}: options after '{}'", i + 1, words[0]),
				    "a series that git am can take has none");
		entries.push_back(words[0]);
	}
	return entries;
}

std::string format_series(std::string_view base, const std::vector<std::string> &files,
			  const std::vector<Topic> &topics)
{
	std::string text =
		fmt::format("# SPDX-License-Identifier: GPL-2.0-only\n"
			    "# Order of the patches for {}; written by tools/quilt/export.\n",
			    base);
	std::string block;
	for (const auto &file : files) {
		const auto number = file.substr(0, 2);
		if (number != block) {
			block = number;
			for (const auto &topic : topics)
				if (topic.number == number)
					text += fmt::format("\n# {} {}\n", number, topic.title);
		}
		text += fmt::format("{}/{}\n", base, file);
	}
	return text;
}

TopicSet Series::topics() const
{
	TopicSet found;
	for (const auto &patch : patches)
		if (const auto name = parse_patch_name(patch.name))
			found.insert(name->topic);
	return found;
}

Result<Series> load_series(const std::filesystem::path &file, const std::filesystem::path &patches)
{
	auto text = read_file(file);
	if (!text)
		return tl::unexpected(text.error());
	auto entries = parse_series(*text);
	if (!entries)
		return tl::unexpected(entries.error());
	Series series;
	series.entries = std::move(*entries);
	for (const auto &entry : series.entries) {
		auto raw = read_file(patches / entry);
		if (!raw)
			return fail(Exit::mismatch,
				    fmt::format("series names {}, which is not there", entry),
				    "tools/quilt/export writes both");
		auto patch = parse_patch(std::filesystem::path(entry).filename().string(), *raw);
		if (!patch)
			return tl::unexpected(patch.error());
		series.patches.push_back(std::move(*patch));
		series.raw.push_back(std::move(*raw));
	}
	return series;
}

} // namespace hm
