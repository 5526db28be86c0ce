// SPDX-License-Identifier: GPL-2.0-only
#include "commands.hpp"

#include <cstdio>
#include <iostream>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "message_id.hpp"
#include "naming.hpp"
#include "text.hpp"

namespace hm
{

namespace
{

const std::string &or_dash(const std::string &text)
{
	static const std::string dash = "-";
	return text.empty() ? dash : text;
}

/// Indices into the series of the patches of @p topics, all if it is empty.
Result<std::vector<std::size_t>> select(const Project &project, const Series &series,
					const std::vector<std::string> &topics)
{
	const TopicSet wanted(topics.begin(), topics.end());
	if (!wanted.empty()) {
		auto table = project.load_topics();
		if (!table)
			return tl::unexpected(table.error());
		if (auto allowed = allow_subset(*table, wanted, series.topics()); !allowed)
			return tl::unexpected(allowed.error());
	}
	std::vector<std::size_t> chosen;
	for (std::size_t i = 0; i < series.patches.size(); i++) {
		const auto name = parse_patch_name(series.patches[i].name);
		if (wanted.empty() || (name && wanted.contains(name->topic)))
			chosen.push_back(i);
	}
	return chosen;
}

} // namespace

Result<void> print_base(const Project &project)
{
	return project.load_base().map([](const Base &base) {
		const auto version = parse_tag(base.tag);
		fmt::print("tag {}\nversion {}\nline {}\ntree {}\nresult {}\nstate {}\n", base.tag,
			   version->text(), version->line(), base.tree, or_dash(base.result),
			   base.state);
		for (const auto &origin : base.origins)
			fmt::print("origin {} {} {} {}\n", origin.name, or_dash(origin.suite),
				   or_dash(origin.version), or_dash(origin.sha256));
	});
}

Result<void> set_base_field(const Project &project, const std::string &field,
			    const std::string &value)
{
	return read_file(project.bases)
		.and_then([&](const std::string &text) {
			return with_field(text, project.base, field, value);
		})
		.and_then([&](const std::string &text) { return write_file(project.bases, text); });
}

Result<void> print_kernel_version(const std::string &makefile)
{
	return read_file(makefile)
		.and_then(parse_kernel_makefile)
		.map([](const KernelVersion &version) { fmt::print("{}\n", version.text()); });
}

Result<void> print_topics(const Project &project)
{
	auto topics = project.load_topics();
	if (!topics)
		return tl::unexpected(topics.error());
	auto series = project.load_series();
	if (!series)
		return tl::unexpected(series.error());
	const auto present = series->topics();
	for (const auto &topic : *topics)
		fmt::print("{}{} needs {}: {}\n", topic.number,
			   present.contains(topic.number) ? "" : " (no patch yet)",
			   topic.needs_all       ? "all before it"
			   : topic.needs.empty() ? "nothing"
						 : fmt::format("{}", fmt::join(topic.needs, " ")),
			   topic.title);
	return {};
}

Result<void> print_series(const Project &project, const std::vector<std::string> &topics)
{
	auto series = project.load_series();
	if (!series)
		return tl::unexpected(series.error());
	return select(project, *series, topics).map([&](const auto &chosen) {
		for (const auto i : chosen)
			fmt::print("{}\n", series->entries[i]);
	});
}

Result<void> print_subsets(const Project &project)
{
	auto topics = project.load_topics();
	if (!topics)
		return tl::unexpected(topics.error());
	auto series = project.load_series();
	if (!series)
		return tl::unexpected(series.error());
	return allowed_subsets(*topics, series->topics()).map([](const auto &subsets) {
		for (const auto &subset : subsets)
			fmt::print("{}\n", fmt::join(subset, " "));
	});
}

Result<void> print_touched(const Project &project, const std::vector<std::string> &topics)
{
	auto series = project.load_series();
	if (!series)
		return tl::unexpected(series.error());
	return select(project, *series, topics).map([&](const auto &chosen) {
		std::set<std::string> paths;
		for (const auto i : chosen)
			for (const auto &file : series->patches[i].files)
				paths.insert(file.path);
		for (const auto &path : paths)
			fmt::print("{}\n", path);
	});
}

Result<void> print_names(const Project &project, bool renumber)
{
	const std::string text(std::istreambuf_iterator<char>(std::cin), {});
	auto commits = parse_commits(text);
	if (!commits)
		return tl::unexpected(commits.error());
	return name_commits(*commits, project.subjects(), renumber).map([&](const auto &names) {
		for (std::size_t i = 0; i < names.size(); i++)
			fmt::print("{}\t{}\n", (*commits)[i].id, names[i]);
	});
}

Result<void> stamp_files(const Project &project, const std::vector<std::string> &files)
{
	for (const auto &file : files) {
		auto text = read_file(file);
		if (!text)
			return tl::unexpected(text.error());
		const auto name = std::filesystem::path(file).filename().string();
		if (auto done = write_file(file, stamped(project.base, name, *text)); !done)
			return done;
	}
	return {};
}

Result<void> print_series_file(const Project &project, const std::vector<std::string> &files)
{
	return project.load_topics().map([&](const auto &topics) {
		fmt::print("{}", format_series(project.base, files, topics));
	});
}

} // namespace hm
