// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// TAP and KTAP documents in a log, one behind the other, among other lines.
///
/// A result line is `ok N` or `not ok N`, indented by two blanks for each level of nesting (KTAP).
/// Results without a number count inside a document that began with a version or a plan line.
#pragma once

#include "count.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hm::steps
{

/// Takes a log line by line; close() after the last.
class Tap
{
public:
	void line(std::string_view text);
	void close();

	[[nodiscard]] bool any() const { return any_; }
	[[nodiscard]] const Counts &counts() const { return counts_; }
	[[nodiscard]] const std::vector<std::string> &failures() const { return failures_; }

private:
	/// The results of one depth since its last beginning.
	struct Block {
		std::optional<long> plan;
		bool begun = false; ///< a version or plan line was seen
		long results = 0;
		long last = 0;       ///< number of the last result
		bool failed = false; ///< one of them, or of those below
	};

	void version(std::size_t depth);
	void plan(std::size_t depth, long promised, bool skip);
	void result(std::size_t depth, bool ok, std::optional<long> number, std::string_view what);
	void close_from(std::size_t depth);
	void close_block(std::size_t depth);
	void failure(std::string what);

	std::vector<Block> blocks_; ///< one a depth
	Counts counts_;
	bool any_ = false;
	std::vector<std::string> failures_;
};

} // namespace hm::steps
