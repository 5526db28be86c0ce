// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// Which C files could notice a patch: those that it changes, and those that use
/// what it changes in headers and Kconfig files.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "patch.hpp"

namespace hm
{

/// Names that the lines @p lines of a header declare or define: functions, macros,
/// members, tags, enumerators, variables. Parameters and what stands inside functions
/// do not count: they concern nobody else, or everybody who includes the header, which
/// any one of them shows. Lines are as in a hunk; only those that begin with @p sign
/// ('+' or '-') are read. Where a hunk begins amid a function more names are found, not fewer.
std::set<std::string> declared_names(const std::vector<std::string> &lines, char sign);

/// All names in C source, comments and strings among them.
std::set<std::string> names_in(std::string_view source);

/// Of @p sources, paths of C files in the tree after the patch, those that could
/// notice @p patch; in their order. @p read gives the content of a path, empty if
/// there is none. A header that at most a few of them include itself concerns these whole.
std::vector<std::string> concerned(const Patch &patch, const std::vector<std::string> &sources,
				   const std::function<std::string(const std::string &)> &read);

} // namespace hm
