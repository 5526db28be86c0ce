// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// Gives every commit of a branch its place in the series: TTNN-slug.patch.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "result.hpp"

namespace hm
{

/// A commit to be exported.
struct NamedCommit {
	std::string id;
	std::string
		note; ///< what its note says: a topic ("04"), a name ("0403-slug.patch") or nothing
	std::string subject; ///< first line of its message
};

/// Names for @p commits, oldest first, one each.
///
/// A commit's own note comes first, then the name that a patch of the same
/// subject has in @p known (subject to file name). A commit that has only a
/// topic gets the number after its predecessor's in that block. A name once
/// given stays. Where there is no number left between two neighbours, or the
/// order has changed, the numbers of the block must change: that is an error
/// unless @p renumber is set.
Result<std::vector<std::string>> name_commits(const std::vector<NamedCommit> &commits,
					      const std::map<std::string, std::string> &known,
					      bool renumber);

/// Parses lines `id TAB note TAB subject`.
Result<std::vector<NamedCommit>> parse_commits(std::string_view text);

} // namespace hm
