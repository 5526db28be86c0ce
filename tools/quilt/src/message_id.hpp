// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// Message-Ids that depend on name and content alone, so that two exports of
/// the same commits are the same bytes.
#pragma once

#include <string>
#include <string_view>

namespace hm
{

/// The Message-Id, angle brackets included, of the mail @p text called @p name
/// in the series of @p base. A Message-Id that @p text already has does not count.
std::string message_id(std::string_view base, std::string_view name, std::string_view text);

/// @p text as the repository keeps it: with its Message-Id in the mail header
/// and without empty lines at the end. Stamping twice changes nothing.
std::string stamped(std::string_view base, std::string_view name, std::string_view text);

} // namespace hm
