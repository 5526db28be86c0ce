// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// A series: the file that gives the order, and the patches it names.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "patch.hpp"
#include "result.hpp"
#include "topic.hpp"

namespace hm
{

/// The parts of TTNN-slug.patch.
struct PatchName {
	std::string topic;   ///< TT
	unsigned number = 0; ///< NN, 0..99
	std::string slug;

	/// "0403-slug.patch"
	std::string file() const;
};

/// Takes a file name apart; nullopt if it is not of the form TTNN-slug.patch.
std::optional<PatchName> parse_patch_name(std::string_view file);

/// The slug of a subject: lower case, every run of other characters one '-', at
/// most 52 characters, cut between words.
std::string slug_of(std::string_view subject);

/// Entries of a series file, paths below patches/. Comments are dropped; an
/// entry with options (-p0, -R) is an error, for `git am` knows none.
Result<std::vector<std::string>> parse_series(std::string_view text);

/// The content of a series file for @p base that names @p files (file names in order).
std::string format_series(std::string_view base, const std::vector<std::string> &files,
			  const std::vector<Topic> &topics);

/// A series loaded from disk.
struct Series {
	std::vector<std::string> entries; ///< as the series file has them
	std::vector<Patch> patches;       ///< same order
	std::vector<std::string> raw;     ///< content of each patch file

	/// Topics that occur.
	TopicSet topics() const;
};

/// Loads @p file and every patch it names below @p patches.
Result<Series> load_series(const std::filesystem::path &file, const std::filesystem::path &patches);

} // namespace hm
