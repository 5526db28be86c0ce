// SPDX-License-Identifier: GPL-2.0-only
/// @file
/// Counts test results in a log.
///
/// Understood, and in this order of trust, for the outputs nest (ctest prints the output of the
/// tests that fail, those of GoogleTest and TAP among them):
///   1. the summary of ctest;
///   2. GoogleTest summaries and TAP or KTAP documents, added up;
///   3. lines that are nothing but `N passed, N failed, N skipped`, added up.
/// Of nested KTAP only the leaves count. A TAP plan that promises more results than came, a
/// GoogleTest program that ended before its summary, `Bail out!` and a parent that failed although
/// all its children passed are failures of their own.
#pragma once

#include <istream>
#include <string>
#include <vector>

namespace hm::steps
{

/// How many tests ended how.
struct Counts {
	long passed = 0;
	long failed = 0;
	long skipped = 0;

	[[nodiscard]] long all() const { return passed + failed + skipped; }
	Counts &operator+=(const Counts &more);
	bool operator==(const Counts &) const = default;
};

/// `N passed, N failed, N skipped`, the line with which every test command closes.
std::string to_string(const Counts &counts);

/// What a log says.
struct LogCounts {
	Counts counts;
	bool any = false;                  ///< the log holds results at all, if only "0 tests"
	std::vector<std::string> failures; ///< lines that tell of failures, at most `max_failures`
	static constexpr std::size_t max_failures = 10;
};

/// Reads a log to its end.
LogCounts count_log(std::istream &log);

} // namespace hm::steps
