// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// One patch file as `git format-patch` writes it: mail header, commit message,
/// diffstat, diff. The parser keeps what the checks need and nothing else.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "result.hpp"

namespace hm
{

/// One `@@` block. `lines` keep their first character (' ', '+', '-' or '\').
struct Hunk {
	std::size_t line = 0;      ///< line in the patch file, from 1
	std::size_t old_start = 0; ///< first line in the old file, from 1; 0 if it is empty
	std::size_t old_count = 0;
	std::size_t new_start = 0;
	std::size_t new_count = 0;
	std::vector<std::string> lines;

	/// Unchanged lines before the first and after the last changed one.
	std::size_t leading_context() const;
	std::size_t trailing_context() const;
};

/// The change of one file.
struct FileDiff {
	std::size_t line = 0; ///< line of `diff --git` in the patch file, from 1
	std::string path;     ///< path in the tree, the same on both sides
	bool created = false;
	bool deleted = false;
	bool renamed = false; ///< a rename, a copy, or two different paths
	bool binary = false;
	std::string mode; ///< of a created file, e.g. 100644; else empty
	std::string
		old_index; ///< blob ids as the `index` line has them, may be abbreviated or empty
	std::string new_index;
	std::vector<Hunk> hunks;
};

/// A parsed patch file.
struct Patch {
	std::string name;     ///< file name without directory
	std::string envelope; ///< first line, `From 0000... Mon Sep 17 ...`
	std::vector<std::pair<std::string, std::string>> headers; ///< name, unfolded value
	std::vector<std::string> body;     ///< commit message without subject, trailers included
	bool separator = false;            ///< a line `---` follows the message
	std::vector<std::string> diffstat; ///< between `---` and the first diff
	std::vector<FileDiff> files;

	/// Value of the header @p name (case-insensitive), if there is one.
	std::optional<std::string> header(std::string_view name) const;
	/// Subject without its bracketed prefix; empty if there is none.
	std::string subject() const;
	/// Trailers `Token: value` of the last paragraph of the message.
	std::vector<std::pair<std::string, std::string>> trailers() const;
};

/// Parses @p text, the content of the patch file @p name.
/// Fails where the diff is malformed (line counts of a hunk do not add up, no
/// header end); grammar of the project is the business of check.hpp.
Result<Patch> parse_patch(std::string name, std::string_view text);

} // namespace hm
