// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// What a checker says of the patched tree and did not say of the stock tree.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hm
{

/// A message `path:line[:column]: text` without what an unrelated change moves:
/// line and column, and any "line N" in its text. Empty if @p line is no such message.
std::string warning_key(std::string_view line);

/// Messages of @p after, each as often as it is there more than in @p before.
/// Lines that are no messages (`path:line: text`) do not count.
std::vector<std::string> new_warnings(std::string_view before, std::string_view after);

} // namespace hm
