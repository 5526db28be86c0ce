// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// Finds kernel complaints in a console log.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "error.hpp"

namespace hm::vm::dmesg
{

/// One hole in the net. Every hole has a reason.
struct Allow {
	std::string pattern; ///< ECMAScript regular expression, searched in the line
	std::string reason;
};

/// Makes an entry; a bad expression or an empty reason is a usage error that names `where`.
Result<Allow> make_allow(const std::string &pattern, const std::string &reason,
			 const std::string &where);

/// Reads an allow-list: "REGEX   # reason" a line; blank lines and lines that begin with '#'
/// are ignored. A line without a reason is an error that names file and line.
Result<std::vector<Allow>> read_allow_list(const std::filesystem::path &path);

/// One complaint: what class it is of, and the lines that begin it (at most eight).
struct Splat {
	std::string kind;
	size_t line = 0; ///< from 1
	std::vector<std::string> text;
	std::string allowed_because; ///< empty: it counts as a failure
};

/// Scans the console log. The call trace of a report belongs to it; any other complaint within
/// it is an entry of its own, so that an allowed report hides nothing.
std::vector<Splat> scan(std::string_view log, const std::vector<Allow> &allowed);

} // namespace hm::vm::dmesg
