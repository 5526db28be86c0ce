// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// What `tools/quilt/check` looks at: everything that can be said of a series
/// without a kernel tree.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "patch.hpp"
#include "series.hpp"
#include "topic.hpp"

namespace hm
{

/// One thing that is wrong.
struct Finding {
	std::string where; ///< file, or file:line
	std::string what;
};
using Findings = std::vector<Finding>;

/// Grammar of one patch file: mail header, subject, message, trailers, diff.
/// @p raw is its content; @p base the name of the base, part of its Message-Id.
Findings check_patch(const Patch &patch, std::string_view raw, std::string_view base);

/// Order, names and topics of a series, and that each patch starts from the
/// blobs that those before it leave (the index lines say so).
/// @p present are the names of the files in the directory of the patches.
Findings check_series(const Series &series, const std::vector<Topic> &topics,
		      const std::string &base, const std::vector<std::string> &present);

/// Content of every file that the series creates, after all its patches; a file
/// created and deleted again is left out. Fails where a hunk does not fit.
Result<std::map<std::string, std::string>> created_files(const Series &series);

/// That @p created below tools/testing/selftests/ equals the files below @p folder, both ways.
/// Nothing is compared as long as no patch carries a selftest.
Findings check_selftests(const std::map<std::string, std::string> &created,
			 const std::filesystem::path &folder);

/// Format of MAINTAINERS.snippet (@p text), that each created file is covered by
/// one of its F: lines, and that it says what the series adds to MAINTAINERS.
Findings check_maintainers(std::string_view text, const Series &series,
			   const std::map<std::string, std::string> &created);

/// Grammar of patches/BASE/cover-letter: `Subject:` line, empty line, body; the
/// body names every topic block of @p series. @p text is the file's content.
Findings check_cover(std::string_view text, const Series &series, const std::vector<Topic> &topics);

} // namespace hm
