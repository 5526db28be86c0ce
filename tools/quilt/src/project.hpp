// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// Where the files of the project are, and loading them.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base.hpp"
#include "result.hpp"
#include "series.hpp"
#include "topic.hpp"

namespace hm
{

/// Paths, each of which the environment can move (tests do).
struct Project {
	std::filesystem::path root;    ///< top of the repository
	std::filesystem::path bases;   ///< HM_BASES, else root/bases
	std::filesystem::path topics;  ///< HM_TOPICS, else root/tools/quilt/topics
	std::filesystem::path patches; ///< HM_PATCHES, else root/patches
	std::filesystem::path series;  ///< HM_SERIES_FILE, else root/series or root/series-BASE
	std::string base;              ///< name of the base, 5.10.y by default

	/// Fills what is empty from the environment and the root.
	void complete();

	Result<std::vector<Base>> load_bases() const;
	Result<Base> load_base() const;
	Result<std::vector<Topic>> load_topics() const;
	/// Empty if there is no series file yet.
	Result<Series> load_series() const;
	/// Directory of the patches of the base.
	std::filesystem::path patch_dir() const { return patches / base; }
	/// Subject to file name of every patch of the series. A patch that is missing or
	/// damaged is left out: the export that is to mend it must not stumble over it.
	std::map<std::string, std::string> subjects() const;
};

} // namespace hm
