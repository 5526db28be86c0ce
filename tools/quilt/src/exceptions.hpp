// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// Messages of checkpatch that are accepted, each with its reason.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "result.hpp"

namespace hm
{

/// One row: `TYPE GLOB reason...`.
struct LintException {
	std::string type; ///< as checkpatch --show-types prints it
	std::string glob; ///< of patch names
	std::string reason;
	bool used = false;
};

/// Parses the content of tools/quilt/checkpatch-exceptions; a row without a reason is an error.
Result<std::vector<LintException>> parse_exceptions(std::string_view text);

/// Lines of @p messages (checkpatch --terse --show-types) that no row of
/// @p exceptions accepts; marks those rows that accept one as used.
std::vector<std::string> without_exceptions(std::vector<LintException> &exceptions,
					    std::string_view messages);

} // namespace hm
