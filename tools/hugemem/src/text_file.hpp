// SPDX-License-Identifier: GPL-2.0-only
/// Small text files of /proc and /sys.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "error.hpp"

namespace hugemem
{

/// The whole of a small file. Errors: environment, with the path and errno's text; also
/// when it has more than `limit` bytes, so that nobody reads /dev/zero to its end.
Result<std::string> read_text(const std::string &path, std::size_t limit = 256U << 20);

/// A file that holds one decimal number and a newline.
Result<std::uint64_t> read_number(const std::string &path);

} // namespace hugemem
