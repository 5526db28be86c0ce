// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// Small text and file helpers that the standard library lacks.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "result.hpp"

namespace hm
{

/// Lines of @p text without their newline; a final newline adds no empty line.
/// The views point into @p text.
std::vector<std::string_view> lines_of(std::string_view text);

/// @p text without blanks and tabs at either end.
std::string_view trim(std::string_view text);

/// Non-empty words of @p text, separated by any character of @p separators.
std::vector<std::string> words_of(std::string_view text, std::string_view separators = " \t");

/// True if @p text has @p count characters, all of them lower-case hexadecimal digits.
bool is_hex(std::string_view text, std::size_t count);

/// Whole content of the file at @p path.
Result<std::string> read_file(const std::filesystem::path &path);

/// Replaces the file at @p path: written beside it, then renamed, so that a
/// reader sees the old or the new content and never a part.
Result<void> write_file(const std::filesystem::path &path, std::string_view content);

/// SHA-256 of @p data as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view data);

} // namespace hm
