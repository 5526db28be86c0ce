// SPDX-License-Identifier: GPL-2.0-only
#include "check.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "text.hpp"

namespace hm
{

namespace
{

/// Blob id that stands for "no file".
const std::string no_blob(40, '0');

/// Names, order and topics of the entries.
void check_entries(Findings &found, const Series &series, const std::vector<Topic> &topics,
		   const std::string &base)
{
	std::string last;
	std::map<std::string, std::string> subjects;
	for (std::size_t i = 0; i < series.entries.size(); i++) {
		const auto &entry = series.entries[i];
		const auto &patch = series.patches[i];
		if (entry != base + "/" + patch.name)
			found.push_back(
				{"series", fmt::format("{} is not below {}/", entry, base)});
		const auto name = parse_patch_name(patch.name);
		if (!name) {
			found.push_back({patch.name,
					 "is not named TTNN-slug.patch (lower case, digits, '-')"});
			continue;
		}
		if (std::none_of(topics.begin(), topics.end(),
				 [&](const Topic &t) { return t.number == name->topic; }))
			found.push_back(
				{patch.name, fmt::format("topic {} is not in tools/quilt/topics",
							 name->topic)});
		const auto number = patch.name.substr(0, 4);
		if (!last.empty() && number <= last)
			found.push_back(
				{patch.name,
				 fmt::format(
					 "comes after {} in series; order and numbers must agree",
					 last)});
		last = number;
		const auto [other, fresh] = subjects.emplace(patch.subject(), patch.name);
		if (!fresh)
			found.push_back(
				{patch.name, fmt::format("has the subject of {}", other->second)});
	}
}

/// Files against the series.
void check_directory(Findings &found, const Series &series, const std::vector<std::string> &present)
{
	std::set<std::string> named;
	for (const auto &patch : series.patches)
		if (!named.insert(patch.name).second)
			found.push_back({"series", fmt::format("names {} twice", patch.name)});
	for (const auto &file : present) {
		if (file.ends_with(".patch") && !named.contains(file))
			found.push_back({file, "is in the folder but not in series"});
		else if (!file.ends_with(".patch") && file != "cover-letter")
			found.push_back({file, "is neither a patch nor the cover letter"});
	}
}

/// Each patch starts from what those before it left.
void check_blobs(Findings &found, const Series &series)
{
	std::map<std::string, std::pair<std::string, std::string>> left; // path: blob, patch
	for (const auto &patch : series.patches) {
		for (const auto &file : patch.files) {
			if (file.new_index.empty())
				continue; // a mode change alone
			const auto seen = left.find(file.path);
			if (seen != left.end() && seen->second.first != file.old_index)
				found.push_back({patch.name,
						 fmt::format("{} is not as {} leaves it: one of "
							     "them is out of date or out of order",
							     file.path, seen->second.second)});
			if (file.created && file.old_index != no_blob)
				found.push_back({patch.name,
						 fmt::format("{} is created but has an old blob",
							     file.path)});
			left[file.path] = {file.new_index, patch.name};
		}
	}
}

/// Lines of a file with a hunk applied; the context must be there, exactly.
Result<void> apply_hunk(std::vector<std::string> &lines, const Hunk &hunk, std::size_t &out)
{
	for (const auto &line : hunk.lines) {
		const auto text = line.substr(1);
		if (line[0] == '\\')
			continue;
		if (line[0] == '+') {
			lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(out++), text);
			continue;
		}
		if (out >= lines.size() || lines[out] != text)
			return fail(Exit::mismatch,
				    fmt::format("line {} of the file is not '{}'", out + 1, text));
		if (line[0] == '-')
			lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(out));
		else
			out++;
	}
	return {};
}

Result<void> apply_file(std::vector<std::string> &lines, const FileDiff &file)
{
	for (const auto &hunk : file.hunks) {
		std::size_t out = hunk.new_start == 0 ? 0 : hunk.new_start - 1;
		if (out > lines.size())
			return fail(Exit::mismatch,
				    fmt::format("the file has only {} lines", lines.size()));
		if (auto done = apply_hunk(lines, hunk, out); !done)
			return done;
	}
	return {};
}

} // namespace

Findings check_series(const Series &series, const std::vector<Topic> &topics,
		      const std::string &base, const std::vector<std::string> &present)
{
	Findings found;
	check_entries(found, series, topics, base);
	check_directory(found, series, present);
	check_blobs(found, series);
	return found;
}

Result<std::map<std::string, std::string>> created_files(const Series &series)
{
	std::map<std::string, std::vector<std::string>> files;
	for (const auto &patch : series.patches) {
		for (const auto &file : patch.files) {
			if (file.created)
				files[file.path] = {};
			const auto at = files.find(file.path);
			if (at == files.end())
				continue;
			if (file.deleted) {
				files.erase(at);
				continue;
			}
			if (auto done = apply_file(at->second, file); !done)
				return fail(Exit::mismatch,
					    fmt::format("{}: {}: {}", patch.name, file.path,
							done.error().what));
		}
	}
	std::map<std::string, std::string> contents;
	for (const auto &[path, lines] : files)
		contents[path] = lines.empty() ? "" : fmt::format("{}\n", fmt::join(lines, "\n"));
	return contents;
}

Findings check_selftests(const std::map<std::string, std::string> &created,
			 const std::filesystem::path &folder)
{
	constexpr std::string_view below = "tools/testing/selftests/";
	Findings found;
	std::set<std::string> carried;
	for (const auto &[path, content] : created) {
		if (!path.starts_with(below))
			continue;
		const auto inner = path.substr(below.size());
		carried.insert(inner);
		const auto ours = read_file(folder / inner);
		if (!ours)
			found.push_back(
				{"selftests/" + inner, "a patch creates it, but it is not there"});
		else if (*ours != content)
			found.push_back(
				{"selftests/" + inner, "is not what the patches make of it"});
	}
	// Until a patch carries any of them they are only used from here.
	if (carried.empty())
		return found;
	std::error_code ec;
	for (std::filesystem::recursive_directory_iterator at(folder, ec), end; !ec && at != end;
	     at.increment(ec)) {
		const auto inner = std::filesystem::relative(at->path(), folder).string();
		// Only whole collections count: what stands beside them is not for the tree, nor is
		// what tools leave behind in hidden files.
		const auto name = at->path().filename().string();
		const bool ours = !name.starts_with('.') || name == ".gitignore";
		if (at->is_regular_file() && ours && inner.find('/') != std::string::npos &&
		    !carried.contains(inner))
			found.push_back(
				{"selftests/" + inner, "no patch carries it into the tree"});
	}
	return found;
}

} // namespace hm
