// SPDX-License-Identifier: GPL-2.0-only
#include "project.hpp"

#include <cstdlib>
#include <string_view>

#include "text.hpp"

namespace hm
{

namespace
{

/// The base whose series has no suffix.
constexpr std::string_view first_base = "5.10.y";

void set_default(std::filesystem::path &path, const char *variable,
		 const std::filesystem::path &otherwise)
{
	if (!path.empty())
		return;
	const char *value = std::getenv(variable); // NOLINT(concurrency-mt-unsafe): one thread
	path = value != nullptr && *value != '\0' ? std::filesystem::path(value) : otherwise;
}

} // namespace

void Project::complete()
{
	if (base.empty())
		base = first_base;
	set_default(bases, "HM_BASES", root / "bases");
	set_default(topics, "HM_TOPICS", root / "tools/quilt/topics");
	set_default(patches, "HM_PATCHES", root / "patches");
	set_default(series, "HM_SERIES_FILE",
		    root / (base == first_base ? "series" : "series-" + base));
}

Result<std::vector<Base>> Project::load_bases() const
{
	return read_file(bases).and_then(parse_bases);
}

Result<Base> Project::load_base() const
{
	return load_bases().and_then([this](const auto &all) { return find_base(all, base); });
}

Result<std::vector<Topic>> Project::load_topics() const
{
	return read_file(topics).and_then(parse_topics);
}

Result<Series> Project::load_series() const
{
	if (!std::filesystem::exists(series))
		return Series{};
	return hm::load_series(series, patches);
}

std::map<std::string, std::string> Project::subjects() const
{
	std::map<std::string, std::string> found;
	const auto entries =
		read_file(series).and_then(parse_series).value_or(std::vector<std::string>{});
	for (const auto &entry : entries) {
		const auto name = std::filesystem::path(entry).filename().string();
		const auto patch =
			read_file(patches / entry).and_then([&name](const std::string &text) {
				return parse_patch(name, text);
			});
		if (patch)
			found.emplace(patch->subject(), name);
	}
	return found;
}

} // namespace hm
