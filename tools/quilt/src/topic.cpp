// SPDX-License-Identifier: GPL-2.0-only
#include "topic.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "text.hpp"

namespace hm
{

namespace
{

Result<Topic> parse_topic_row(std::string_view line)
{
	const auto words = words_of(line);
	if (words.size() < 3)
		return fail(Exit::mismatch, "a topic has a number, its needs and a title");
	Topic topic;
	topic.number = words[0];
	if (topic.number.size() != 2 ||
	    topic.number.find_first_not_of("0123456789") != std::string::npos)
		return fail(Exit::mismatch,
			    fmt::format("'{}' is no two-digit topic number", topic.number));
	if (words[1] == "*")
		topic.needs_all = true;
	else if (words[1] != "-")
		topic.needs = words_of(words[1], ",");
	topic.title = fmt::format("{}", fmt::join(words.begin() + 2, words.end(), " "));
	return topic;
}

/// Number of topics up to which all subsets are listed.
constexpr std::size_t max_topics = 16;

} // namespace

Result<std::vector<Topic>> parse_topics(std::string_view text)
{
	std::vector<Topic> topics;
	const auto lines = lines_of(text);
	const auto known = [&topics](const std::string &number) {
		return std::any_of(topics.begin(), topics.end(),
				   [&](const Topic &t) { return t.number == number; });
	};
	for (std::size_t i = 0; i < lines.size(); i++) {
		const auto line = trim(lines[i]);
		if (line.empty() || line.front() == '#')
			continue;
		auto topic = parse_topic_row(line);
		if (!topic)
			return fail(Exit::mismatch,
				    fmt::format("topics:{}: {}", i + 1, topic.error().what));
		if (!topics.empty() && topics.back().number >= topic->number)
			return fail(Exit::mismatch,
				    fmt::format("topics:{}: {} is not above {}", i + 1,
						topic->number, topics.back().number));
		for (const auto &need : topic->needs)
			if (!known(need))
				return fail(Exit::mismatch,
					    fmt::format("topics:{}: {} needs {}, which does not "
							"come before it",
							i + 1, topic->number, need));
		topics.push_back(std::move(*topic));
	}
	return topics;
}

TopicSet needs_of(const std::vector<Topic> &topics, const std::string &number,
		  const TopicSet &present)
{
	TopicSet needed;
	const auto topic = std::find_if(topics.begin(), topics.end(),
					[&](const Topic &t) { return t.number == number; });
	if (topic == topics.end())
		return needed;
	if (topic->needs_all) {
		std::copy_if(present.begin(), present.end(), std::inserter(needed, needed.end()),
			     [&](const auto &other) { return other < number; });
		return needed;
	}
	for (const auto &need : topic->needs) {
		// A block that the series does not have yet cannot be missed.
		if (present.contains(need))
			needed.insert(need);
		needed.merge(needs_of(topics, need, present));
	}
	return needed;
}

Result<void> allow_subset(const std::vector<Topic> &topics, const TopicSet &wanted,
			  const TopicSet &present)
{
	TopicSet enough = wanted;
	std::string complaint;
	for (const auto &number : wanted) {
		if (!present.contains(number))
			return fail(Exit::usage,
				    fmt::format("the series has no topic '{}'", number),
				    fmt::format("it has: {}", fmt::join(present, " ")));
		for (const auto &need : needs_of(topics, number, present)) {
			if (!enough.insert(need).second)
				continue;
			complaint += fmt::format("{}topic {} needs topic {}",
						 complaint.empty() ? "" : ", ", number, need);
		}
	}
	if (complaint.empty())
		return {};
	return fail(Exit::usage, complaint,
		    fmt::format("TOPIC=\"{}\" has all that is needed", fmt::join(enough, " ")));
}

Result<std::vector<TopicSet>> allowed_subsets(const std::vector<Topic> &topics,
					      const TopicSet &present)
{
	if (present.size() > max_topics)
		return fail(Exit::usage,
			    fmt::format("{} topics have too many subsets to list", present.size()));
	const std::vector<std::string> numbers(present.begin(), present.end());
	std::vector<TopicSet> allowed;
	for (unsigned long mask = 1; mask < 1UL << numbers.size(); mask++) {
		TopicSet subset;
		for (std::size_t i = 0; i < numbers.size(); i++)
			if ((mask >> i & 1UL) != 0)
				subset.insert(numbers[i]);
		if (allow_subset(topics, subset, present))
			allowed.push_back(std::move(subset));
	}
	std::stable_sort(allowed.begin(), allowed.end(),
			 [](const auto &a, const auto &b) { return a.size() < b.size(); });
	return allowed;
}

} // namespace hm
