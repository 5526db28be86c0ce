// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// Topic blocks of a series and which of them can be taken without which.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "result.hpp"

namespace hm
{

/// One row of tools/quilt/topics.
struct Topic {
	std::string number; ///< two digits, the TT of TTNN-slug.patch
	std::vector<std::string> needs;
	bool needs_all =
		false; ///< `*`: spans topics, needs every block before it that the series has
	std::string title;
};

/// A set of topic numbers, in series order.
using TopicSet = std::set<std::string>;

/// Parses the content of tools/quilt/topics.
/// A topic may only need topics of lower number: the series is applied in that order.
Result<std::vector<Topic>> parse_topics(std::string_view text);

/// Topics that @p number needs, directly or not, out of @p present.
TopicSet needs_of(const std::vector<Topic> &topics, const std::string &number,
		  const TopicSet &present);

/// Checks that @p wanted can be applied without the rest of @p present.
/// The error names the first topic that lacks something and the set that would do.
Result<void> allow_subset(const std::vector<Topic> &topics, const TopicSet &wanted,
			  const TopicSet &present);

/// Every non-empty subset of @p present that allow_subset() allows, smallest first,
/// the whole included. Sixteen topics at most.
Result<std::vector<TopicSet>> allowed_subsets(const std::vector<Topic> &topics,
					      const TopicSet &present);

} // namespace hm
