// SPDX-License-Identifier: GPL-2.0-only
#include "commands.hpp"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <set>

#include <fmt/format.h>

#include "check.hpp"
#include "concerned.hpp"
#include "cover.hpp"
#include "exceptions.hpp"
#include "message_id.hpp"
#include "naming.hpp"
#include "text.hpp"
#include "warnings.hpp"

namespace hm
{

namespace
{

const std::string &or_dash(const std::string &text)
{
	static const std::string dash = "-";
	return text.empty() ? dash : text;
}

/// Adds @p more to @p found.
void append(Findings &found, Findings more)
{
	found.insert(found.end(), std::make_move_iterator(more.begin()),
		     std::make_move_iterator(more.end()));
}

/// Names of the files in the folder of the patches; none if there is no such folder.
std::vector<std::string> patch_files(const Project &project)
{
	std::vector<std::string> names;
	std::error_code ec;
	for (std::filesystem::directory_iterator at(project.patch_dir(), ec), end; !ec && at != end;
	     at.increment(ec))
		names.push_back(at->path().filename().string());
	std::sort(names.begin(), names.end());
	return names;
}

/// The cover letter of the base, or an error if there is none.
Result<std::string> read_cover(const Project &project)
{
	return read_file(project.patch_dir() / "cover-letter");
}

/// Checks of files that exist beside the patches; a series without patches has none yet.
Result<void> check_beside(Findings &found, const Project &project, const Series &series,
			  const std::vector<Topic> &topics)
{
	if (series.patches.empty())
		return {};
	auto created = created_files(series);
	if (!created)
		return tl::unexpected(created.error());
	if (std::none_of(created->begin(), created->end(), [](const auto &file) {
		    return file.first.starts_with("tools/testing/selftests/");
	    }))
		fmt::print(stderr,
			   "note: no patch carries selftests; selftests/ was not compared\n");
	append(found, check_selftests(*created, project.root / "selftests"));
	if (auto snippet = read_file(project.root / "MAINTAINERS.snippet"))
		append(found, check_maintainers(*snippet, series, *created));
	else
		found.push_back({"MAINTAINERS.snippet", snippet.error().what});
	if (auto cover = read_cover(project))
		append(found, check_cover(*cover, series, topics));
	else
		found.push_back({"cover-letter", cover.error().what});
	return {};
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

Result<void> print_concerned(const Project &project, const std::string &patch,
			     const std::string &tree)
{
	auto text = read_file(project.patch_dir() / patch);
	if (!text)
		return tl::unexpected(text.error());
	auto parsed = parse_patch(patch, *text);
	if (!parsed)
		return tl::unexpected(parsed.error());
	std::vector<std::string> sources;
	for (std::string line; std::getline(std::cin, line);)
		sources.push_back(line);
	const std::filesystem::path top(tree);
	for (const auto &source : concerned(*parsed, sources, [&](const std::string &path) {
		     return read_file(top / path).value_or("");
	     }))
		fmt::print("{}\n", source);
	return {};
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

Result<void> run_check(const Project &project)
{
	auto base = project.load_base();
	if (!base)
		return tl::unexpected(base.error());
	auto topics = project.load_topics();
	if (!topics)
		return tl::unexpected(topics.error());
	auto series = project.load_series();
	if (!series)
		return tl::unexpected(series.error());
	Findings found;
	for (std::size_t i = 0; i < series->patches.size(); i++)
		append(found, check_patch(series->patches[i], series->raw[i], project.base));
	append(found, check_series(*series, *topics, project.base, patch_files(project)));
	if (auto done = check_beside(found, project, *series, *topics); !done)
		return done;
	for (const auto &finding : found)
		fmt::print(stderr, "{}: {}\n", finding.where, finding.what);
	fmt::print("{} patches of {} topics for {}, {} findings\n", series->patches.size(),
		   series->topics().size(), base->tag, found.size());
	if (found.empty())
		return {};
	return fail(Exit::mismatch,
		    fmt::format("the series of {} has {} findings", project.base, found.size()),
		    "mend the commits and export them again");
}

Result<void> print_mbox(const Project &project)
{
	auto base = project.load_base();
	if (!base)
		return tl::unexpected(base.error());
	auto series = project.load_series();
	if (!series)
		return tl::unexpected(series.error());
	auto cover = read_cover(project).and_then(parse_cover);
	if (!cover)
		return tl::unexpected(cover.error());
	return make_mbox(*series, *cover, project.base, base->tag).map([](const std::string &box) {
		fmt::print("{}", box);
	});
}

Result<void> compare_warnings(const std::string &before, const std::string &after)
{
	auto old_text = read_file(before);
	if (!old_text)
		return tl::unexpected(old_text.error());
	auto new_text = read_file(after);
	if (!new_text)
		return tl::unexpected(new_text.error());
	const auto fresh = new_warnings(*old_text, *new_text);
	for (const auto &line : fresh)
		fmt::print("{}\n", line);
	if (fresh.empty())
		return {};
	return fail(Exit::mismatch,
		    fmt::format("{} messages that the stock tree does not give", fresh.size()));
}

Result<void> filter_messages(const std::string &exceptions, const std::string &messages,
			     bool all_used)
{
	auto table = read_file(exceptions).and_then(parse_exceptions);
	if (!table)
		return tl::unexpected(table.error());
	auto text = read_file(messages);
	if (!text)
		return tl::unexpected(text.error());
	const auto left = without_exceptions(*table, *text);
	for (const auto &line : left)
		fmt::print("{}\n", line);
	std::string idle;
	for (const auto &row : *table)
		if (all_used && !row.used)
			idle += fmt::format("{}{} {}", idle.empty() ? "" : ", ", row.type,
					    row.glob);
	if (!left.empty())
		return fail(Exit::mismatch, fmt::format("{} messages", left.size()),
			    "mend the patches, or give the exception and its reason in " +
				    exceptions);
	if (!idle.empty())
		return fail(Exit::mismatch, fmt::format("exceptions that nothing needs: {}", idle),
			    "remove them from " + exceptions);
	return {};
}

Result<void> print_series_file(const Project &project, const std::vector<std::string> &files)
{
	return project.load_topics().map([&](const auto &topics) {
		fmt::print("{}", format_series(project.base, files, topics));
	});
}

} // namespace hm
