// SPDX-License-Identifier: GPL-2.0-only
#include "naming.hpp"

#include <optional>
#include <set>

#include <fmt/format.h>

#include "series.hpp"
#include "text.hpp"

namespace hm
{

namespace
{

/// What is known of a commit's name before numbers are given out.
struct Slot {
	std::string topic;
	std::optional<unsigned> number;
	std::string slug;
};

constexpr unsigned max_number = 99;

std::string short_id(const NamedCommit &commit)
{
	return fmt::format("{} (\"{}\")", commit.id.substr(0, 12), commit.subject);
}

bool is_topic(std::string_view text)
{
	return text.size() == 2 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

Result<Slot> slot_of(const NamedCommit &commit, const std::map<std::string, std::string> &known)
{
	for (const auto *prefix : {"fixup!", "squash!", "amend!"})
		if (commit.subject.starts_with(prefix))
			return fail(Exit::mismatch,
				    fmt::format("{} is a commit to be squashed", short_id(commit)),
				    "git rebase -i --autosquash BASE, then export again");
	if (const auto name = parse_patch_name(commit.note))
		return Slot{name->topic, name->number, name->slug};
	// The topic of a note stands above a name remembered by subject, unless they agree.
	const auto found = known.find(commit.subject);
	const auto old = found == known.end() ? std::nullopt : parse_patch_name(found->second);
	if (is_topic(commit.note)) {
		if (old && old->topic == commit.note)
			return Slot{old->topic, old->number, old->slug};
		return Slot{commit.note, std::nullopt, slug_of(commit.subject)};
	}
	if (!commit.note.empty())
		return fail(
			Exit::mismatch,
			fmt::format("{} has the note '{}'", short_id(commit), commit.note),
			"give it a topic (04) or a name (0403-slug.patch) with tools/quilt/name");
	if (old)
		return Slot{old->topic, old->number, old->slug};
	return fail(Exit::mismatch, fmt::format("{} has no topic", short_id(commit)),
		    fmt::format("tools/quilt/name TT {}", commit.id.substr(0, 12)));
}

} // namespace

Result<std::vector<NamedCommit>> parse_commits(std::string_view text)
{
	std::vector<NamedCommit> commits;
	for (const auto line : lines_of(text)) {
		const auto first = line.find('\t');
		const auto second =
			first == std::string_view::npos ? first : line.find('\t', first + 1);
		if (second == std::string_view::npos)
			return fail(Exit::usage,
				    fmt::format("not 'id TAB note TAB subject': {}", line));
		commits.push_back({std::string(line.substr(0, first)),
				   std::string(line.substr(first + 1, second - first - 1)),
				   std::string(line.substr(second + 1))});
	}
	return commits;
}

Result<std::vector<std::string>> name_commits(const std::vector<NamedCommit> &commits,
					      const std::map<std::string, std::string> &known,
					      bool renumber)
{
	std::vector<Slot> slots;
	std::set<std::string> subjects;
	for (const auto &commit : commits) {
		if (!subjects.insert(commit.subject).second)
			return fail(Exit::mismatch,
				    fmt::format("{}: an earlier commit has the same subject",
						short_id(commit)),
				    "each patch says what it alone does");
		auto slot = slot_of(commit, known);
		if (!slot)
			return tl::unexpected(slot.error());
		if (!slots.empty() && slots.back().topic > slot->topic)
			return fail(Exit::mismatch,
				    fmt::format("{} of topic {} comes after topic {}",
						short_id(commit), slot->topic, slots.back().topic),
				    "reorder the commits with git rebase -i, or give it another "
				    "topic with tools/quilt/name");
		slots.push_back(std::move(*slot));
	}

	std::vector<std::string> names;
	unsigned last = 0;
	for (std::size_t i = 0; i < slots.size(); i++) {
		auto &slot = slots[i];
		if (i == 0 || slots[i - 1].topic != slot.topic)
			last = 0;
		const bool stays = slot.number && *slot.number > last && !renumber;
		if (slot.number && !stays && !renumber)
			return fail(
				Exit::mismatch,
				fmt::format("{} is number {} of topic {} but comes after number {}",
					    short_id(commits[i]), *slot.number, slot.topic, last),
				"export --renumber numbers the blocks anew");
		if (!stays)
			slot.number = last + 1;
		if (*slot.number > max_number)
			return fail(Exit::mismatch, fmt::format("topic {} has more than {} patches",
								slot.topic, max_number));
		last = *slot.number;
		names.push_back(PatchName{slot.topic, last, slot.slug}.file());
	}
	return names;
}

} // namespace hm
