// SPDX-License-Identifier: GPL-2.0-only
/// Files that others read while they are written anew.
#pragma once

#include <string>
#include <string_view>

#include "error.hpp"

namespace hugemem
{

/// Puts a file of that content, readable by all (mode 0644), in the place of `path`: whoever
/// opens it sees the old or the new one, whole, also after a crash of the machine. It is
/// written under another name in the same folder, hidden and not ending in what `path` ends
/// in, which is gone again if anything fails. Errors: environment.
Result<void> replace_file(const std::string &path, std::string_view content);

} // namespace hugemem
