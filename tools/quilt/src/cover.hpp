// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// The cover letter of a series and the mailbox it opens.
#pragma once

#include <string>
#include <string_view>

#include "result.hpp"
#include "series.hpp"

namespace hm
{

/// patches/BASE/cover-letter: a line `Subject: ...`, an empty line, the text.
struct Cover {
	std::string subject;
	std::string body; ///< ends with a newline
};

/// Parses @p text; the subject has 75 characters at most, lines of the body 75 unless indented.
Result<Cover> parse_cover(std::string_view text);

/// The whole series as a mailbox: `[PATCH 5.10.y 00/NN]` and its
/// replies, threaded, with Message-Ids and dates that depend on the content alone.
/// @p base is the name of the base, @p tag what the series applies to.
Result<std::string> make_mbox(const Series &series, const Cover &cover, std::string_view base,
			      std::string_view tag);

} // namespace hm
