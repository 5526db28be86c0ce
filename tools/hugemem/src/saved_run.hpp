// SPDX-License-Identifier: GPL-2.0-only
/// What `hugemem latency --json` has left in a file. The file is not trusted: whatever it
/// holds is either a run or an error that says in which line it stops being one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "error.hpp"

namespace hugemem
{

/// So many values in [lower, upper), in the unit of the run; upper is 0 where 2^64 is meant.
struct SavedBucket {
	std::uint64_t lower = 0;
	std::uint64_t upper = 0;
	std::uint64_t count = 0;
	friend bool operator==(const SavedBucket &, const SavedBucket &) = default;
};

/// Calls that are missing in the counts of an event, or may be.
struct SavedLosses {
	std::uint64_t in_flight = 0;
	std::uint64_t dropped = 0;
	std::uint64_t returned_unseen = 0;
	std::uint64_t missed = 0; ///< 0 also where the kernel does not count them
	[[nodiscard]] bool any() const { return in_flight || dropped || returned_unseen || missed; }
};

/// What one event did in the whole run.
struct SavedEvent {
	std::string name;   ///< "alloc", ...: letters, digits, '_', '-'
	std::string per;    ///< what one call stands for: "page" or "batch"
	std::string anchor; ///< the functions and how they were followed; "" if not said
	std::uint64_t count = 0;
	std::uint64_t failed = 0;
	std::uint64_t sum_ns = 0; ///< of the calls that are counted
	std::optional<std::uint64_t> min_ns;
	std::optional<std::uint64_t> max_ns;
	std::vector<SavedBucket> buckets; ///< lowest first, none empty; they add up to count
	std::optional<SavedLosses> losses;
};

struct SavedRun {
	std::string name;          ///< of the file
	std::string kernel;        ///< "5.10.262 x86_64", printable
	std::string unit;          ///< of the buckets: "ns", "us", "ms"
	std::uint64_t unit_ns = 1; ///< nanoseconds
	/// 0: the events are the run's own total. Else it ended without one, and they are the
	/// sum of so many intervals; what came after the last of these is lost.
	std::uint64_t intervals = 0;
	bool ended = false; ///< it has its last line, with what was missed
	std::vector<SavedEvent> events;

	[[nodiscard]] const SavedEvent *find(std::string_view event) const;
};

/// `text`: the whole file; `name`: for messages. Errors, with file and line: usage, when
/// that is no run of `hugemem latency --json`, or one of a schema that this program does
/// not know; cannot_tell, when it is one, but damaged, cut off or without counts.
Result<SavedRun> parse_saved_run(std::string_view text, const std::string &name);

/// Reads and parses. Further errors: environment, when the file cannot be read.
Result<SavedRun> read_saved_run(const std::string &path);

} // namespace hugemem
